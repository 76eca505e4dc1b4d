import type { DescribedLoad } from '../../src/operations/ledger/describe-loads.ts';

const shortest = 8;

/** The beginnings of the loads' ids, as many characters as tell them apart: eight as a rule. */
export function shortIds(loads: readonly { loadId: string }[]): string[] {
  const cut = (length: number) => loads.map(({ loadId }) => loadId.slice(0, length));
  let length = shortest;
  while (new Set(cut(length)).size < new Set(loads.map(({ loadId }) => loadId)).size) length++;
  return cut(length);
}

/** `docs.csv`, `docs.csv and 2 more`, `stdin (nightly)`. */
export function filesOf({ files, name }: Pick<DescribedLoad, 'files' | 'name'>): string {
  const [first = '', ...more] = files.map(lastPart);
  const others = more.length === 0 ? '' : ` and ${more.length} more`;
  return `${first}${others}${name === null ? '' : ` (${name})`}`;
}

/** Of a path or a URL; all of it where it ends in a separator. */
function lastPart(file: string): string {
  return /[^/\\]+$/.exec(file)?.[0] ?? file;
}
