import type { Batch } from '../batch.ts';
import { fieldOf, writeField } from './field.ts';

/**
 * PostgreSQL's binary COPY format (manual: COPY, Binary Format): a header, then for each row an int16 count of
 * fields and for each field its length as int32 (−1: NULL) and its bytes, big-endian; −1 ends the data.
 */
export const binaryHeader = Uint8Array.from([
  ...Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'),
  ...[0, 0, 0, 0], // flags
  ...[0, 0, 0, 0], // length of the header's extension
]);

export const binaryTrailer = Uint8Array.of(0xff, 0xff);

/** Encodes the rows of a batch as COPY's tuples, in an array of their own. */
export function encodeBinary({ rows, columns }: Batch): Uint8Array<ArrayBuffer> {
  const fields = columns.map(fieldOf);
  let size = rows * (2 + 4 * fields.length);
  for (const field of fields) size += field.totalSize(rows);
  // Not filled with zeros first, as every byte that is handed on is written.
  const bytes = new Uint8Array(Buffer.allocUnsafeSlow(size).buffer);
  const view = new DataView(bytes.buffer);
  const out = { bytes, view };
  let at = 0;
  for (let row = 0; row < rows; row++) {
    view.setInt16(at, fields.length);
    at += 2;
    for (let i = 0; i < fields.length; i++) at = writeField(fields[i]!, row, out, at);
  }
  return bytes.subarray(0, at);
}
