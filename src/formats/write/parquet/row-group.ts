import { type Batch, isValid } from '../../../batch.ts';
import { packFlags } from '../columnar/bits.ts';
import { since1970 } from '../columnar/since-1970.ts';
import type { Compress } from '../compress.ts';
import type { Part, Take, WritePlan } from '../format.ts';
import { type LeafData, leavesOf } from './leaf-data.ts';
import { splitFloats } from './leaf-values.ts';
import { writeDefinition, writeRepetition } from './levels.ts';
import { PageBuffer } from './page-buffer.ts';
import { type Leaf, parquetField } from './schema.ts';
import { type Statistics, statisticsOf } from './statistics.ts';
import { encodeStruct } from './thrift.ts';

/** What the footer must know of one row group: its columns' pages, one behind the other. */
export type RowGroupNote = readonly ChunkNote[];

export interface ChunkNote {
  /** NULLs included. */
  values: number;
  /** Bytes, page headers included. */
  uncompressed: number;
  compressed: number;
  statistics: Statistics | undefined;
}

/** Encodings of parquet.thrift. */
export const [PLAIN, RLE, BYTE_STREAM_SPLIT] = [0, 3, 9] as const;

/** Bytes of values a page, about; a reader takes whole pages. */
const pageLength = 2 ** 20;

/** Writes each batch as a row group. */
export class RowGroupEncoder {
  private readonly names: readonly string[];
  private readonly leaves: readonly (readonly Leaf[])[];
  private readonly compress: Compress;
  private readonly take: Take;
  private readonly page = new PageBuffer();

  constructor({ columns }: WritePlan, compress: Compress, take: Take) {
    this.names = columns.map(({ name }) => name);
    this.leaves = columns.map((column) => parquetField(column).leaves);
    this.compress = compress;
    this.take = take;
  }

  /** @throws DataError for a value that Parquet has none for */
  encode({ rows, columns }: Batch): Part {
    const pages: Uint8Array[] = [];
    const note = columns.flatMap((column, i) => {
      const counted = since1970(column, rows, this.names[i]!);
      const statistics = statisticsOf(counted, rows);
      const leaves = this.leaves[i]!;
      return leavesOf(counted, rows).map((data, k): ChunkNote => {
        return { ...this.writeChunk(data, leaves[k]!, pages), statistics };
      });
    });
    return { rows, streams: [this.gather(pages)], note: note satisfies RowGroupNote };
  }

  private writeChunk(data: LeafData, leaf: Leaf, pages: Uint8Array[]): Omit<ChunkNote, 'statistics'> {
    const sum = { values: 0, uncompressed: 0, compressed: 0 };
    const perPage = rowsPerPage(data);
    for (let from = 0; from < data.rows; from += perPage) {
      const values = this.fillPage(data, leaf, from, Math.min(from + perPage, data.rows));
      const body = this.compress(this.page.content);
      const header = pageHeader(leaf, values, this.page.length, body.length);
      pages.push(header, body);
      sum.values += values;
      sum.uncompressed += header.length + this.page.length;
      sum.compressed += header.length + body.length;
    }
    return sum;
  }

  /** Levels and values of rows [from, to). @returns how many values they are, NULLs included */
  private fillPage(data: LeafData, { repeated, highest, layout }: Leaf, from: number, to: number): number {
    const { page } = this;
    page.clear();
    if (repeated) writeRepetition(data, from, to, page);
    writeDefinition(data, from, to, highest, page);
    const start = page.length;
    writeValues(data, from, to, page);
    if (layout === 'flags') page.length = packFlags(page.content.subarray(start), page.bytes, start);
    else if (layout === 'split') splitFloats(page, start);
    return levelsOf(data, from, to);
  }

  private gather(pages: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
    const length = pages.reduce((sum, page) => sum + page.length, 0);
    const bytes = this.take(length).subarray(0, length);
    let at = 0;
    for (const page of pages) {
      bytes.set(page, at);
      at += page.length;
    }
    return bytes;
  }
}

/** A multiple of 8, so that a page's part of a bitmap begins with a byte. */
function rowsPerPage({ values, lists, rows }: LeafData): number {
  const size = values.size(lists?.starts[0] ?? 0, lists?.ends[rows - 1] ?? rows);
  return Math.max(8, Math.floor((rows * pageLength) / Math.max(1, size)) & ~7);
}

/** Each value has a level, and each list without any. */
function levelsOf({ lists }: LeafData, from: number, to: number): number {
  if (lists === undefined) return to - from;
  let levels = 0;
  for (let row = from; row < to; row++) levels += Math.max(1, lists.ends[row]! - lists.starts[row]!);
  return levels;
}

/** The values of rows [from, to) that are not NULL, as many as lie together at once. */
function writeValues(
  { validity, lists, elementValidity, values }: LeafData,
  from: number,
  to: number,
  page: PageBuffer,
): void {
  let [start, end] = [0, 0];
  const add = (first: number, behind: number): void => {
    if (first !== end) {
      if (end > start) values.write(start, end, page);
      start = first;
    }
    end = behind;
  };
  const addValid = (first: number, behind: number, valid: Uint8Array | undefined): void => {
    if (valid === undefined) add(first, behind);
    else for (let i = first; i < behind; i++) if (isValid(valid, i)) add(i, i + 1);
  };
  if (lists === undefined) addValid(from, to, validity);
  else for (let row = from; row < to; row++) addValid(lists.starts[row]!, lists.ends[row]!, elementValidity);
  if (end > start) values.write(start, end, page);
}

/** PageHeader of parquet.thrift, for a data page of the first version, which every reader knows. */
function pageHeader({ layout }: Leaf, values: number, uncompressed: number, compressed: number): Uint8Array {
  const dataPage = {
    1: { i32: values },
    2: { i32: layout === 'split' ? BYTE_STREAM_SPLIT : PLAIN },
    3: { i32: RLE },
    4: { i32: RLE },
  };
  return encodeStruct({
    1: { i32: 0 },
    2: { i32: uncompressed },
    3: { i32: compressed },
    5: { struct: dataPage },
  });
}
