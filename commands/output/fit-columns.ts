/** What a column gives up where not all fit. */
export interface Fit {
  /** Never cut: a name, a setting, a state, a number. */
  whole?: boolean;
  /** Never cut either, but left out where there is no room for it beside those that have a lower number. */
  spare?: number | undefined;
}

interface FittedColumn {
  /** Which of the columns it is. */
  index: number;
  width: number;
}

/** A column is never cut to less. */
const narrowest = 8;

/** What is left of a column that may be cut, as long as others can be left out. */
const readable = 24;

/**
 * The columns that fit between the terminal's edges, and how wide they are. Where names alone need more, they have it: a
 * line that the terminal breaks can be read, half a name cannot be used.
 * @param natural how wide each column is by itself
 * @param gap characters between two columns
 */
export function fitColumns(
  natural: readonly number[],
  fits: readonly Fit[],
  available: number,
  gap: number,
): FittedColumn[] {
  const all = natural.map((width, index) => ({ index, width, ...fits[index] }));
  const room = (columns: readonly NaturalColumn[]) => available - gap * (columns.length - 1);
  let columns = all.filter(({ spare }) => spare === undefined);
  const spares = all.filter(({ spare }) => spare !== undefined).sort((a, b) => a.spare! - b.spare!);
  for (const spare of spares) {
    const more = all.filter((column) => column === spare || columns.includes(column));
    if (sum(more.map((column) => leastOf(column, readable))) <= room(more)) columns = more;
  }
  const widths = cutWidest(
    columns.map(({ width }) => width),
    columns.map((column) => leastOf(column, narrowest)),
    room(columns),
  );
  return columns.map(({ index }, at) => ({ index, width: widths[at]! }));
}

type NaturalColumn = Fit & { width: number };

function leastOf({ width, whole = false, spare }: NaturalColumn, cut: number): number {
  return whole || spare !== undefined ? width : Math.min(width, cut);
}

/** Takes from the widest until all fit, from none more than it can give. */
function cutWidest(natural: readonly number[], least: readonly number[], available: number): number[] {
  const widths = [...natural];
  let excess = sum(widths) - available;
  while (excess > 0) {
    const givers = widths.flatMap((width, at) => (width > least[at]! ? [at] : []));
    if (givers.length === 0) break;
    const widest = Math.max(...givers.map((at) => widths[at]!));
    const among = givers.filter((at) => widths[at] === widest);
    const next = Math.max(0, ...givers.map((at) => widths[at]!).filter((width) => width < widest));
    const cut = Math.max(1, Math.min(widest - next, Math.floor(excess / among.length)));
    for (const at of among) {
      const taken = Math.min(cut, widths[at]! - least[at]!, excess);
      widths[at]! -= taken;
      excess -= taken;
    }
  }
  return widths;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
