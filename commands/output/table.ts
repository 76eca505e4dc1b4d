import { type Fit, fitColumns } from './fit-columns.ts';
import type { Style } from './style.ts';
import { displayWidth, shorten } from './width.ts';

/**
 * A column of a table: what heads it, on which side its values stand (default: numbers right, others left), and what it
 * gives up on a narrow terminal (default: numbers nothing, others the ends of their values).
 */
export interface Column extends Fit {
  name: string;
  align?: 'left' | 'right';
}

interface Layout {
  /** Characters in a line of the terminal; Infinity where nothing is to be shortened. */
  width: number;
  style: Style;
}

const gap = '  ';

/**
 * Rows as the lines of a table without a grid: a heading, a thin line, the rows. Where the terminal is too narrow, columns
 * that can be spared are left out, which a last line says, and long values end in …; vectors keep their first values and say
 * their dimensions.
 */
export function* tableLines(
  columns: readonly Column[],
  rows: readonly (readonly unknown[])[],
  { width, style }: Layout,
): Generator<string> {
  const cells = rows.map((row) => columns.map((_, index) => cellText(row[index], width)));
  const natural = columns.map(({ name }, index) =>
    cells.reduce((width, row) => Math.max(width, displayWidth(row[index]!)), displayWidth(name)),
  );
  const numeric = columns.map((_, index) => isNumeric(rows, index));
  const fits = columns.map(({ whole, spare }, index) => ({ whole: whole ?? numeric[index]!, spare }));
  const shown = fitColumns(natural, fits, width, gap.length);
  const line = (texts: readonly string[], paint: (text: string, index: number) => string) =>
    `${shown
      .map(({ index, width }, place) => {
        const short = shorten(texts[index]!, width);
        const space = ' '.repeat(Math.max(0, width - displayWidth(short)));
        const painted = paint(short, index);
        const side = columns[index]!.align ?? (numeric[index] ? 'right' : 'left');
        if (side === 'right') return space + painted;
        // Nothing but a line's end follows the last column.
        return place === shown.length - 1 ? painted : painted + space;
      })
      .join(gap)}\n`;
  const headings = columns.map(({ name }) => name);
  yield line(headings, (text) => style.bold(text));
  yield `${shown.map(({ width }) => style.dim('─'.repeat(width))).join(gap)}\n`;
  for (const [number, row] of cells.entries()) {
    yield line(row, (text, index) => (rows[number]![index] == null ? style.dim(text) : text));
  }
  const missing = headings.filter((_, index) => shown.every((column) => column.index !== index));
  if (missing.length > 0) yield `${style.dim(`no room for: ${missing.join(', ')}`)}\n`;
}

/**
 * `[0.213,0.028,…]` with 64 values → `[0.213, 0.028, 0.1, … 64]`, `{1:0.5,…}/30522` with 12 → `{1:0.5, 7:1, 9:2, … 12}/30522`,
 * 768 bits → `0110100110010110… 768`; other text, and what is short, gives undefined.
 */
export function shortVector(text: string): string | undefined {
  if (/^[01]{41,}$/.test(text)) return `${text.slice(0, 16)}… ${text.length}`;
  const [, open, list, close] =
    /^(\[)([-+\d.eE,\s]*)(\])$/.exec(text) ?? /^(\{)([-+\d.eE,:\s]*)(\}\/\d+)$/.exec(text) ?? [];
  const values = list?.split(',') ?? [];
  if (values.length <= 4) return undefined;
  return `${open}${values.slice(0, 3).map(shortValue).join(', ')}, … ${values.length}${close}`;
}

/** Three digits of a number; of a sparse vector's element, behind its index. */
function shortValue(element: string): string {
  const [value, ...index] = element.split(':').reverse();
  return [...index, Number(Number(value).toPrecision(3))].join(':');
}

function cellText(value: unknown, width: number): string {
  if (value === null || value === undefined) return 'NULL';
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  const vector = Number.isFinite(width) ? shortVector(text) : undefined;
  // Control characters would break the lines, or command the terminal.
  return (vector ?? text).replace(/\r?\n/g, '↵').replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
}

/** Numbers, and the strings that stand for numbers too long for JavaScript's own. */
function isNumeric(rows: readonly (readonly unknown[])[], index: number): boolean {
  const values = rows.map((row) => row[index]).filter((value) => value != null);
  return (
    values.length > 0 &&
    values.every(
      (value) => typeof value === 'number' || (typeof value === 'string' && /^[+-]?\d+(\.\d+)?$/.test(value)),
    )
  );
}
