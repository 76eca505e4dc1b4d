import { typesKey, typesMetadata } from '../columnar/sql-types.ts';
import type { Assembler, Compression, WritePlan } from '../format.ts';
import { BYTE_STREAM_SPLIT, type ChunkNote, PLAIN, RLE, type RowGroupNote } from './row-group.ts';
import { type Leaf, parquetField, rootElement } from './schema.ts';
import { encodeStruct, type Thrift, text } from './thrift.ts';

const magic = Buffer.from('PAR1');

/** CompressionCodec of parquet.thrift. */
const codecs: Record<Compression, number> = { gzip: 2, zstd: 6 };

/** Every reader knows zstd, and it is many times as fast as gzip. */
export function compressionOf({ compression }: WritePlan): Compression {
  return compression ?? 'zstd';
}

/** Puts the row groups of one file together, and says behind them where each of them is. */
export class ParquetAssembler implements Assembler {
  private readonly plan: WritePlan;
  private readonly leaves: readonly Leaf[];
  private readonly codec: number;
  /** Kept as they are written in the end. */
  private readonly groups: Thrift[] = [];
  private rows = 0;

  constructor(plan: WritePlan) {
    this.plan = plan;
    this.leaves = plan.columns.flatMap((column) => parquetField(column).leaves);
    this.codec = codecs[compressionOf(plan)];
  }

  head(): Uint8Array {
    return magic;
  }

  add({ rows, note }: { rows: number; note?: unknown }, offset: number): void {
    const chunks = note as RowGroupNote;
    let at = offset;
    const columns = chunks.map((chunk, i): Thrift => {
      const column = columnChunk(this.leaves[i]!, chunk, this.codec, at);
      at += chunk.compressed;
      return column;
    });
    const group = {
      1: { list: columns },
      2: { i64: chunks.reduce((sum, { uncompressed }) => sum + uncompressed, 0) },
      3: { i64: rows },
      5: { i64: offset },
      6: { i64: at - offset },
    };
    this.groups.push({ encoded: encodeStruct(group) });
    this.rows += rows;
  }

  /** The metadata, its length as uint32, and the magic bytes again. */
  end(): Uint8Array[] {
    const { columns } = this.plan;
    const metadata = encodeStruct({
      1: { i32: 2 },
      2: { list: [rootElement(columns.length), ...columns.flatMap((each) => parquetField(each).elements)] },
      3: { i64: this.rows },
      4: { list: this.groups },
      5: { list: [{ struct: { 1: text(typesKey), 2: text(typesMetadata(columns)) } }] },
      6: text('pgv'),
      // The order that the least and greatest values are of: that of their types.
      7: { list: this.leaves.map(() => ({ struct: { 1: { struct: {} } } })) },
    });
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, metadata.length, true);
    return [metadata, length, magic];
  }
}

function columnChunk(leaf: Leaf, chunk: ChunkNote, codec: number, offset: number): Thrift {
  const { statistics } = chunk;
  const bytes = (value: Uint8Array | undefined) => value && { bytes: value };
  const metadata = {
    1: { i32: leaf.type },
    2: { list: [{ i32: leaf.layout === 'split' ? BYTE_STREAM_SPLIT : PLAIN }, { i32: RLE }] },
    3: { list: leaf.path.map(text) },
    4: { i32: codec },
    5: { i64: chunk.values },
    6: { i64: chunk.uncompressed },
    7: { i64: chunk.compressed },
    9: { i64: offset },
    12: statistics && {
      struct: {
        3: { i64: statistics.nulls },
        5: bytes(statistics.greatest),
        6: bytes(statistics.least),
      },
    },
  };
  return { struct: { 2: { i64: 0 }, 3: { struct: metadata } } };
}
