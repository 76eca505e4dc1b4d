import type { Style } from './style.ts';
import { displayWidth, shorten } from './width.ts';

/** A column of a table: what heads it, and on which side its values stand (default: numbers right, others left). */
export interface Column {
  name: string;
  align?: 'left' | 'right';
}

interface Layout {
  /** Characters in a line of the terminal; Infinity where nothing is to be shortened. */
  width: number;
  style: Style;
}

const gap = '  ';
const narrowest = 8;

/**
 * Rows as the lines of a table without a grid: a heading, a thin line, the rows. Values too long for the terminal's width end
 * in …, vectors keep their first values and say their dimensions.
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
  const widths = fitWidths(natural, width - gap.length * (columns.length - 1));
  const sides = columns.map(({ align }, index) => align ?? (isNumeric(rows, index) ? 'right' : 'left'));
  const line = (texts: readonly string[], paint: (text: string, index: number) => string) =>
    `${texts
      .map((text, index) => {
        const short = shorten(text, widths[index]!);
        const space = ' '.repeat(Math.max(0, widths[index]! - displayWidth(short)));
        const painted = paint(short, index);
        if (sides[index] === 'right') return space + painted;
        // Nothing but a line's end follows the last column.
        return index === texts.length - 1 ? painted : painted + space;
      })
      .join(gap)}\n`;
  yield line(
    columns.map(({ name }) => name),
    (text) => style.bold(text),
  );
  yield line(
    widths.map((each) => '─'.repeat(each)),
    (text) => style.dim(text),
  );
  for (const [number, row] of cells.entries()) {
    yield line(row, (text, index) => (rows[number]![index] == null ? style.dim(text) : text));
  }
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

/** Takes from the widest columns until all fit; a column is never narrower than eight characters for that. */
function fitWidths(natural: readonly number[], available: number): number[] {
  const widths = [...natural];
  let excess = widths.reduce((sum, each) => sum + each, 0) - available;
  while (excess > 0) {
    const widest = Math.max(...widths);
    if (widest <= narrowest) break;
    const next = Math.max(narrowest, ...widths.filter((each) => each < widest));
    const among = widths.filter((each) => each === widest).length;
    const cut = Math.max(1, Math.min(widest - next, Math.floor(excess / among)));
    for (const [index, each] of widths.entries()) {
      if (each !== widest || excess <= 0) continue;
      widths[index] = each - cut;
      excess -= cut;
    }
  }
  return widths;
}
