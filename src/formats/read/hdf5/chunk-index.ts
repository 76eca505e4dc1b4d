import { DataError } from '../../../errors.ts';
import { Cursor, damaged, type FileBytes } from './bytes.ts';
import { type ChunkIndex, type DataLayout, maskOf } from './layout.ts';
import type { Superblock } from './superblock.ts';

/** How an array of rows is laid out in chunks, which are all of one size, also at the array's edges. */
export interface ChunkGrid {
  /** The array's axes: rows, and mostly columns. */
  rank: 1 | 2;
  rows: number;
  columns: number;
  chunkRows: number;
  chunkColumns: number;
  /** Chunks side by side. */
  across: number;
  count: number;
  /** Bytes of one, without filters. */
  chunkLength: number;
}

/** Where each chunk lies, by its number: along the rows first. */
export interface ChunkTable {
  /** −1: never written. */
  addresses: Float64Array;
  lengths: Float64Array;
  /** Filters that were left out. */
  masks: Uint32Array;
}

export function chunkGrid(
  shape: readonly number[],
  chunkShape: readonly number[],
  elementSize: number,
  file: string,
): ChunkGrid {
  const [rows, columns = 1] = shape as [number, number?];
  const [chunkRows, chunkColumns = 1] = chunkShape;
  if (!chunkRows || !chunkColumns || chunkShape.length !== shape.length) throw damaged(file);
  const across = Math.ceil(columns / chunkColumns);
  const count = Math.ceil(rows / chunkRows) * across;
  const chunkLength = chunkRows * chunkColumns * elementSize;
  // A chunk's length is 32 bits in the file.
  if (chunkLength >= 2 ** 32) throw damaged(file);
  return { rank: shape.length as 1 | 2, rows, columns, chunkRows, chunkColumns, across, count, chunkLength };
}

/** Chunks that a table is kept of; more would be terabytes, or damage. */
const mostChunks = 2 ** 25;

/** @throws DataError where a chunk was never written */
export async function readChunkTable(
  file: FileBytes,
  superblock: Superblock,
  { index, address }: Extract<DataLayout, { kind: 'chunked' }>,
  grid: ChunkGrid,
  filtered: boolean,
): Promise<ChunkTable> {
  if (address === undefined) throw unwritten(grid, 0, file.name);
  // Each takes a byte at least.
  if (grid.count > Math.min(mostChunks, file.byteLength)) throw damaged(file.name);
  const table: ChunkTable = {
    addresses: new Float64Array(grid.count).fill(-1),
    lengths: new Float64Array(grid.count).fill(grid.chunkLength),
    masks: new Uint32Array(grid.count),
  };
  await fillers[index.kind]({ file, superblock, grid, filtered, index, address, table });
  const missing = table.addresses.indexOf(-1);
  if (missing >= 0) throw unwritten(grid, missing, file.name);
  return table;
}

interface Filling {
  file: FileBytes;
  superblock: Superblock;
  grid: ChunkGrid;
  filtered: boolean;
  index: ChunkIndex;
  address: number;
  table: ChunkTable;
}

const fillers: Record<ChunkIndex['kind'], (filling: Filling) => Promise<void>> = {
  tree: fillFromTree,
  fixed: fillFromFixedArray,
  single: async ({ index, address, table, grid, file }) => {
    const { filtered } = index as Extract<ChunkIndex, { kind: 'single' }>;
    if (grid.count !== 1) throw damaged(file.name);
    table.addresses[0] = address;
    if (filtered !== undefined) [table.lengths[0], table.masks[0]] = [filtered.length, filtered.mask];
  },
  implicit: async ({ address, table: { addresses }, grid }) => {
    for (let i = 0; i < grid.count; i++) addresses[i] = address + i * grid.chunkLength;
  },
};

/** A tree of nodes whose keys say which chunk it is (III.A.1). */
async function fillFromTree({ file, superblock, grid, table, address }: Filling): Promise<void> {
  const { offsets } = superblock;
  // Its bytes, the filters left out, and where it begins along each axis, the last of which is an element's bytes.
  const keyLength = 8 + 8 * (grid.rank + 1);
  const nodes = [{ address, level: -1 }];
  let found = 0;
  for (let next = nodes.pop(); next !== undefined; next = nodes.pop()) {
    const head = new Cursor(await file.part(next.address, 8), file.name);
    const [type, level, entries] = [head.expect('TREE').uint(1), head.uint(1), head.uint(2)];
    // Only the root may be empty, and none may lead back up.
    const isRoot = next.level < 0;
    if (type !== 1 || !(isRoot || (level === next.level && entries > 0))) throw damaged(file.name);
    const length = 8 + 2 * offsets + entries * (keyLength + offsets);
    const node = new Cursor(await file.part(next.address, length), file.name).skip(8 + 2 * offsets);
    for (let i = 0; i < entries; i++) {
      const [bytes, mask] = [node.uint(4), maskOf(node)];
      const row = node.uint(8);
      const column = grid.rank === 1 ? 0 : node.uint(8);
      const child = node.skip(8).uint(offsets);
      if (level > 0) nodes.push({ address: child, level: level - 1 });
      else if (++found > grid.count) throw damaged(file.name);
      else setChunk(table, chunkNumber(grid, row, column, file.name), child, bytes, mask);
    }
    if (nodes.length > grid.count) throw damaged(file.name);
  }
}

function setChunk(table: ChunkTable, chunk: number, address: number, length: number, mask: number): void {
  table.addresses[chunk] = address;
  table.lengths[chunk] = length;
  table.masks[chunk] = mask;
}

function chunkNumber(grid: ChunkGrid, row: number, column: number, file: string): number {
  const [down, right] = [row / grid.chunkRows, column / grid.chunkColumns];
  const number = down * grid.across + right;
  if (!Number.isInteger(number) || right >= grid.across || number >= grid.count) throw damaged(file);
  return number;
}

/** A list by the chunks' number (VII.C), in pages, each with a checksum, where it is long. */
async function fillFromFixedArray(filling: Filling): Promise<void> {
  const { file, superblock, grid, filtered, table } = filling;
  const { offsets, lengths } = superblock;
  const header = new Cursor(await file.part(filling.address, 8 + lengths + offsets), file.name);
  const entryLength = header.expect('FAHD').skip(2).uint(1);
  const pageEntries = 2 ** header.uint(1);
  if (header.uint(lengths) !== grid.count) throw damaged(file.name);
  const data = header.address(offsets);
  if (data === undefined) return;
  const paged = grid.count > pageEntries;
  const bitmapLength = paged ? Math.ceil(grid.count / pageEntries / 8) : 0;
  const headLength = 6 + offsets + bitmapLength;
  const head = new Cursor(await file.part(data, headLength), file.name).expect('FADB');
  const written = head.skip(2 + offsets).take(bitmapLength);
  for (let first = 0, page = 0; first < grid.count; first += pageEntries, page++) {
    // A page that no chunk was written of is not there.
    if (paged && (written[page >> 3]! & (0x80 >> (page & 7))) === 0) continue;
    const entries = Math.min(pageEntries, grid.count - first);
    const skipped = headLength + (paged ? 4 + page * (pageEntries * entryLength + 4) : 0);
    const list = new Cursor(await file.part(data + skipped, entries * entryLength), file.name);
    for (let chunk = first; chunk < first + entries; chunk++) {
      const address = list.address(offsets);
      const length = filtered ? list.uint(entryLength - offsets - 4) : grid.chunkLength;
      const mask = filtered ? maskOf(list) : 0;
      if (address !== undefined) setChunk(table, chunk, address, length, mask);
    }
  }
}

function unwritten(grid: ChunkGrid, chunk: number, file: string): DataError {
  const row = Math.floor(chunk / grid.across) * grid.chunkRows + 1;
  return new DataError('the row was never written: is the file whole?', { code: 'unwritten', file, row });
}
