import { Decompressor } from '../columnar/compression.ts';
import type { PieceRows } from '../columnar/decoder.ts';
import { Damaged } from '../columnar/values.ts';
import { assemble, type LeafRows } from './assemble.ts';
import { ChunkScanner, type ReadInto } from './chunk-scanner.ts';
import { type LeafData, LeafReader } from './leaf-reader.ts';
import type { LeafNode, Node } from './nodes.ts';
import type { WantedRowGroup } from './pieces.ts';
import type { WantedChunk } from './row-group.ts';

/** Levels that are looked at of a leaf: several of the longest vectors. */
const mostLevels = 64 * 1024;
const mostRows = 1000;

/**
 * The first rows of the file, as many as the first pages of its columns show.
 * @returns undefined where there are no rows
 */
export async function firstRows(
  nodes: readonly Node[],
  groups: readonly WantedRowGroup[],
  readInto: ReadInto,
): Promise<PieceRows | undefined> {
  const group = groups.find(({ rows }) => rows > 0);
  if (group === undefined) return undefined;
  for (let most = mostLevels; most < 2 ** 32; most *= 16) {
    const read = new Map<number, LeafRows>();
    let count = Math.min(group.rows, mostRows);
    let more = false;
    for (const chunk of group.chunks) {
      const { data, all } = await readChunk(chunk, readInto, most);
      read.set(chunk.leaf.leaf, { data, skip: 0 });
      count = Math.min(count, wholeRows(data, all));
      more ||= !all;
    }
    const rowsOf = (leaf: LeafNode) => read.get(leaf.leaf)!;
    if (count > 0) return { count, field: (field) => assemble(nodes[field]!, count, rowsOf) };
    if (!more) break;
  }
  throw new Damaged('a column has fewer values than there are rows');
}

/** @returns `all`: there are no further levels */
async function readChunk(
  chunk: WantedChunk,
  readInto: ReadInto,
  most: number,
): Promise<{ data: LeafData; all: boolean }> {
  const scanner = new ChunkScanner(chunk.leaf, chunk, readInto);
  let more = await scanner.next();
  const enough = () => {
    const { firstRow, rows, end } = scanner.pages.at(-1)!;
    return firstRow + rows > mostRows || end - chunk.offset > most * 4;
  };
  while (more && !enough()) more = await scanner.next();
  const bytes = new Uint8Array((scanner.pages.at(-1)?.end ?? chunk.offset) - chunk.offset);
  await readInto(bytes, chunk.offset);
  const data = new LeafReader(chunk.leaf, new Decompressor()).read(bytes, chunk.compression, most);
  return { data, all: !more && data.levels < most };
}

/** Rows that are known to end within the levels. */
function wholeRows({ levels, repetition }: LeafData, all: boolean): number {
  if (repetition === undefined) return levels;
  let begun = 0;
  for (let i = 0; i < levels; i++) if (repetition[i] === 0) begun++;
  return all ? begun : begun - 1;
}
