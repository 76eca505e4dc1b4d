/** Colours a text, or leaves it as it is. */
export type Paint = (text: string) => string;

/** From 0 to 1: from left to right, from bottom to top. */
export type Place = readonly [x: number, y: number];

/** A drawing in the cells of a terminal; what is drawn later covers what was there. */
export interface Grid {
  /** The column and the line, counted from the top left, of the cell that holds a place. */
  cellOf(place: Place): { column: number; row: number };
  line(from: Place, to: Place, paint: Paint): void;
  /** The glyph in every cell of a row. */
  across(y: number, glyph: string, paint: Paint): void;
  put(place: Place, glyph: string, paint: Paint): void;
  /** A string a line. */
  rows(): string[];
}

interface Cell {
  text: string;
  paint: Paint | undefined;
  /** The dots that a line has set in it. */
  dots: number;
}

/**
 * Lines are drawn in Braille patterns, 2 dots wide and 4 high, or with a full stop a cell where there is ASCII alone.
 * The bits of the dots: https://www.unicode.org/charts/PDF/U2800.pdf
 */
export function createGrid(columns: number, height: number, unicode: boolean): Grid {
  const dotsOfColumn = unicode
    ? [
        [0x01, 0x02, 0x04, 0x40],
        [0x08, 0x10, 0x20, 0x80],
      ]
    : [[1]];
  const [wide, high] = [dotsOfColumn.length, dotsOfColumn[0]!.length];
  const cells = Array.from({ length: height }, () =>
    Array.from({ length: columns }, (): Cell => ({ text: ' ', paint: undefined, dots: 0 })),
  );

  const dotOf = ([x, y]: Place): [number, number] => [
    Math.round(x * (columns * wide - 1)),
    Math.round((1 - y) * (height * high - 1)),
  ];
  const cellOf = (place: Place) => {
    const [x, y] = dotOf(place);
    return { column: Math.floor(x / wide), row: Math.floor(y / high) };
  };
  const set = (column: number, row: number, text: string, paint: Paint) => {
    Object.assign(cells[row]![column]!, { text, paint, dots: 0 });
  };
  const dot = (x: number, y: number, paint: Paint) => {
    const cell = cells[Math.floor(y / high)]![Math.floor(x / wide)]!;
    cell.dots |= dotsOfColumn[x % wide]![y % high]!;
    cell.text = unicode ? String.fromCodePoint(0x2800 + cell.dots) : '.';
    cell.paint = paint;
  };

  return {
    cellOf,
    line: (from, to, paint) => {
      const [[x1, y1], [x2, y2]] = [dotOf(from), dotOf(to)];
      const steps = Math.max(1, Math.abs(x2 - x1), Math.abs(y2 - y1));
      for (let step = 0; step <= steps; step++) {
        const along = step / steps;
        dot(Math.round(x1 + (x2 - x1) * along), Math.round(y1 + (y2 - y1) * along), paint);
      }
    },
    across: (y, glyph, paint) => {
      const { row } = cellOf([0, y]);
      for (let column = 0; column < columns; column++) set(column, row, glyph, paint);
    },
    put: (place, glyph, paint) => {
      const { column, row } = cellOf(place);
      set(column, row, glyph, paint);
    },
    rows: () => cells.map(rowText),
  };
}

/** The cells' texts, with one colouring for neighbours of one colour, and nothing behind the last. */
function rowText(cells: readonly Cell[]): string {
  const runs: { text: string; paint: Paint | undefined }[] = [];
  for (const { text, paint } of cells) {
    const last = runs.at(-1);
    if (last && last.paint === paint) last.text += text;
    else runs.push({ text, paint });
  }
  if (runs.at(-1)?.paint === undefined) runs.pop();
  return runs.map(({ text, paint }) => (paint ? paint(text) : text)).join('');
}
