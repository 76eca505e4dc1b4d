import type { StoredPieces } from '../../../batch.ts';
import { DataError, UsageError } from '../../../errors.ts';
import type { Source } from '../../../source.ts';
import type { Compression } from '../columnar/compression.ts';
import type { Metadata } from '../columnar/declared-types.ts';
import { ColumnarDecoder, type ColumnarLayout, damagedFile } from '../columnar/decoder.ts';
import { columnarFile } from '../columnar/opened.ts';
import { Damaged } from '../columnar/values.ts';
import { prepareZstd } from '../columnar/zstd.ts';
import { refuseCsvFlags } from '../csv-flags.ts';
import type { OpenedFile, OpenOptions, ReadFormat } from '../format.ts';
import { defaultPieceLength } from '../piece-cutter.ts';
import type { ReadInto } from './chunk-scanner.ts';
import { type ColumnChunk, readMetadata } from './metadata.ts';
import { type LeafNode, leavesOf, type Node } from './nodes.ts';
import { pieceReader } from './piece-reader.ts';
import { rowGroupPieces, type WantedRowGroup } from './pieces.ts';
import type { WantedChunk } from './row-group.ts';
import { firstRows } from './sample.ts';
import { readSchema } from './schema.ts';

/** What a decoder must know: how each field is put together. */
interface ParquetLayout extends ColumnarLayout {
  nodes: readonly Node[];
  /** Some column is compressed with zstd. */
  zstd: boolean;
}

const magic = [0x50, 0x41, 0x52, 0x31]; // PAR1

/** Apache Parquet (https://parquet.apache.org/docs/file-format/). */
export const parquet: ReadFormat = {
  name: 'parquet',
  extensions: ['.parquet', '.pq'],
  magic,
  seeks: true,
  open,
  prepare: async (layout) => {
    if ((layout as ParquetLayout).zstd) await prepareZstd();
  },
  decoder: (layout, columns, road, session) => {
    const known = layout as ParquetLayout;
    return new ColumnarDecoder(known, columns, road, session, pieceReader(known.nodes));
  },
};

async function open(source: Source, options: OpenOptions): Promise<OpenedFile> {
  refuseCsvFlags(options, parquet.name);
  const { readAt, byteLength, name: file } = source;
  if (readAt === undefined || byteLength === undefined) {
    throw new UsageError(`${file} is Parquet, which begins at its end`, {
      code: 'needs-file',
      file,
      hint: 'that takes an uncompressed file, not a stream; Parquet compresses its columns itself',
    });
  }
  const readInto: ReadInto = async (target, offset) => {
    if ((await readAt(target, offset)) < target.length) {
      throw new DataError('the file became shorter while it was read', { code: 'truncated', file });
    }
  };
  const known = await readFile(readInto, byteLength, file, options.columns);
  const { layout, groups, keyValues } = known;
  if (layout.zstd) await prepareZstd();
  const held = groups.reduce(
    (sum, { chunks }) => sum + chunks.reduce((all, { length }) => all + length, 0),
    0,
  );
  async function* pieces(stored?: StoredPieces) {
    try {
      yield* rowGroupPieces(groups, readInto, options.pieceLength ?? defaultPieceLength, stored);
    } catch (error) {
      throw damagedFile(error, file);
    }
  }
  try {
    return {
      ...columnarFile(layout, await firstRows(layout.nodes, groups, readInto), keyValues),
      headLength: byteLength - held,
      pieces,
      recycle: () => {},
    };
  } catch (error) {
    throw damagedFile(error, file);
  }
}

async function readFile(
  readInto: ReadInto,
  byteLength: number,
  file: string,
  columns: readonly string[] | undefined,
): Promise<{ layout: ParquetLayout; groups: readonly WantedRowGroup[]; keyValues: Metadata }> {
  const footer = await readFooter(readInto, byteLength, file);
  try {
    const metadata = readMetadata(footer);
    const fields = readSchema(metadata.schema);
    if (fields.length === 0) throw new Damaged('it has no columns');
    const names = fields.map(({ name }) => name);
    const held = heldFields(names, columns);
    const leaves = held.flatMap((field) => leavesOf(fields[field]!.node));
    const groups = metadata.rowGroups.map(({ rows, chunks }) => ({
      rows,
      chunks: leaves.map((leaf) => wantedChunk(leaf, chunks[leaf.leaf], byteLength, file)),
    }));
    const zstd = groups.some(({ chunks }) => chunks.some(({ compression }) => compression === 'zstd'));
    const nodes = fields.map(({ node }) => node);
    const types = fields.map(({ type }) => type);
    const { keyValues } = metadata;
    return { layout: { format: parquet.name, file, names, types, held, nodes, zstd }, groups, keyValues };
  } catch (error) {
    throw damagedFile(error, file);
  }
}

/** The fields of --columns; all where it names something else, too. */
function heldFields(names: readonly string[], columns: readonly string[] | undefined): number[] {
  const wanted = columns?.every((name) => names.includes(name)) ? columns : names;
  return names.flatMap((name, field) => (wanted.includes(name) ? [field] : []));
}

/** Behind all else: the metadata, its length as uint32, and the magic bytes again. */
async function readFooter(readInto: ReadInto, byteLength: number, file: string): Promise<Uint8Array> {
  if (byteLength === 0) throw new DataError('the file is empty', { code: 'empty-file', file });
  const head = new Uint8Array(Math.min(4, byteLength));
  await readInto(head, 0);
  if (!beginsWith(head, magic)) {
    throw new DataError('the file does not begin as a Parquet file does', { code: 'not-parquet', file });
  }
  const tail = new Uint8Array(8);
  if (byteLength >= 12) await readInto(tail, byteLength - 8);
  const length = new DataView(tail.buffer).getUint32(0, true);
  if (!beginsWith(tail.subarray(4), magic) || length > byteLength - 12) {
    throw new DataError('the file is cut short: it does not end as a Parquet file does', {
      code: 'truncated',
      sqlstate: '22P04',
      file,
    });
  }
  const footer = new Uint8Array(length);
  await readInto(footer, byteLength - 8 - length);
  return footer;
}

function beginsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, i) => bytes[i] === byte);
}

/** CompressionCodec of parquet.thrift. */
const compressions: Record<number, Compression> = {
  0: 'none',
  1: 'snappy',
  2: 'gzip',
  4: 'brotli',
  6: 'zstd',
  7: 'lz4',
};
const unknownCompressions: Record<number, string> = { 3: 'LZO', 5: 'the old LZ4' };

function wantedChunk(
  leaf: LeafNode,
  chunk: ColumnChunk | undefined,
  byteLength: number,
  file: string,
): WantedChunk {
  if (chunk === undefined) throw new Damaged('a row group lacks a column');
  const { codec, offset, length, uncompressedLength } = chunk;
  if (offset + length > byteLength) throw new Damaged('a column lies behind its end');
  const compression = compressions[codec];
  if (compression === undefined) {
    const name = unknownCompressions[codec] ?? `number ${codec}`;
    throw new DataError(`the file is compressed with ${name}, which pgv does not read`, {
      code: 'no-decompression',
      file,
      hint: 'write it again with zstd or snappy',
    });
  }
  return { leaf, compression, offset, length, uncompressedLength };
}
