import type { Batch } from '../../../batch.ts';
import { since1970 } from '../columnar/since-1970.ts';
import type { Compress } from '../compress.ts';
import type { Part, Take, WriteColumn } from '../format.ts';
import { addColumn, type ColumnBuffers } from './column-buffers.ts';
import type { Table } from './flatbuffer.ts';
import { aligned, encodeMessage, RECORD_BATCH } from './message.ts';

/** What the footer must know of a record batch. */
export interface RecordBatchNote {
  /** Bytes of the message up to its body, and of that. */
  metadataLength: number;
  bodyLength: number;
}

/** BodyCompression: zstd, each buffer by itself. */
const byZstd: Table = [{ int8: 1 }, { int8: 0 }];

/**
 * Writes a batch as one record batch, its buffers by zstd where there is a compressor.
 * @throws DataError for a value that Arrow has none for
 */
export function encodeRecordBatch(
  { rows, columns }: Batch,
  written: readonly WriteColumn[],
  compress: Compress | undefined,
  take: Take,
): Part {
  const { nodes, buffers } = buffersOf(columns, written, rows);
  const stored = compress === undefined ? buffers : buffers.map((bytes) => compressed(bytes, compress));
  const places: number[] = [];
  let bodyLength = 0;
  for (const { length } of stored) {
    places.push(bodyLength, length);
    bodyLength += aligned(length);
  }
  const header: Table = [
    { int64: rows },
    { structs: nodes, parts: 2 },
    { structs: places, parts: 2 },
    compress && { table: byZstd },
  ];
  const message = encodeMessage(RECORD_BATCH, header, bodyLength);
  const length = message.length + bodyLength;
  const bytes = take(length).subarray(0, length);
  bytes.set(message);
  stored.forEach((buffer, i) => {
    const at = message.length + places[2 * i]!;
    bytes.set(buffer, at);
    bytes.fill(0, at + buffer.length, at + aligned(buffer.length));
  });
  const note: RecordBatchNote = { metadataLength: message.length, bodyLength };
  return { rows, streams: [bytes], note };
}

function buffersOf(columns: Batch['columns'], written: readonly WriteColumn[], rows: number): ColumnBuffers {
  const out: ColumnBuffers = { nodes: [], buffers: [] };
  columns.forEach((column, i) => {
    addColumn(since1970(column, rows, written[i]!.name), rows, out);
  });
  return out;
}

/** Behind its own length as int64; −1: as it is, where it would not shrink. Nothing stays nothing. */
function compressed(bytes: Uint8Array, compress: Compress): Uint8Array {
  if (bytes.length === 0) return bytes;
  const shrunk = compress(bytes);
  const smaller = shrunk.length < bytes.length;
  const content = smaller ? shrunk : bytes;
  const out = new Uint8Array(8 + content.length);
  new DataView(out.buffer).setBigInt64(0, BigInt(smaller ? bytes.length : -1), true);
  out.set(content, 8);
  return out;
}
