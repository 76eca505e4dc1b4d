import { type Batch, type BytesColumn, isValid } from '../batch.ts';

const [TAB, NEWLINE, RETURN, BACKSLASH] = [0x09, 0x0a, 0x0d, 0x5c];
const escapes = new Uint8Array(256);
escapes[TAB] = 0x74; // t
escapes[NEWLINE] = 0x6e; // n
escapes[RETURN] = 0x72; // r
escapes[BACKSLASH] = BACKSLASH;

/**
 * Encodes a batch of text columns in COPY's text format (manual: COPY, Text Format): for values whose binary
 * form we do not know, so that PostgreSQL reads the text itself.
 */
export function encodeText(batch: Batch): Uint8Array<ArrayBuffer> {
  const columns = batch.columns as readonly BytesColumn[];
  let size = 0;
  for (const { bytes } of columns) size += 2 * bytes.length + 3 * batch.rows;
  const out = new Uint8Array(size);
  let at = 0;
  for (let row = 0; row < batch.rows; row++) {
    for (let i = 0; i < columns.length; i++) {
      if (i > 0) out[at++] = TAB;
      at = writeValue(columns[i]!, row, out, at);
    }
    out[at++] = NEWLINE;
  }
  return out.subarray(0, at);
}

function writeValue(column: BytesColumn, row: number, out: Uint8Array, at: number): number {
  if (!isValid(column.validity, row)) {
    out[at] = BACKSLASH;
    out[at + 1] = 0x4e; // N
    return at + 2;
  }
  const end = column.offsets[row + 1]!;
  for (let i = column.offsets[row]!; i < end; i++) {
    const byte = column.bytes[i]!;
    const letter = escapes[byte]!;
    if (letter !== 0) out[at++] = BACKSLASH;
    out[at++] = letter === 0 ? byte : letter;
  }
  return at;
}
