/** Blocks of a table. */
export interface Blocks {
  from: number;
  /** Exclusive; undefined: to the table's end, wherever it is by then. */
  to: number | undefined;
}

/** Comparisons of a row with a query that one statement makes, about: a second's worth. */
const atOnce = 8e6;

/**
 * A table in runs of blocks, each for one statement.
 * @param comparisons that the whole takes
 * @param bounded whether it is known for every query how near rows must be; where it is not, the first runs are short, as
 *   all their rows come back, and tell it for the others
 */
export function blockRanges(blocks: number, comparisons: number, bounded: boolean): Blocks[] {
  const usual = Math.max(1, Math.ceil(blocks / Math.max(1, comparisons / atOnce)));
  const ranges: Blocks[] = [];
  let length = bounded ? usual : Math.min(usual, 8);
  for (let from = 0; ; from += length, length = Math.min(usual, 2 * length)) {
    if (from + length >= blocks) return [...ranges, { from, to: undefined }];
    ranges.push({ from, to: from + length });
  }
}
