import { encodeFlatbuffer, type Table } from './flatbuffer.ts';

/** All that is written begins and ends at multiples of this, so that a file in memory can be worked with as it lies. */
const alignment = 64;

export function aligned(length: number): number {
  return Math.ceil(length / alignment) * alignment;
}

/** MetadataVersion V5, of version 1.0 of the format. */
export const metadataVersion = { int16: 4 } as const;

/** Which of the union MessageHeader. */
export const [SCHEMA, RECORD_BATCH] = [1, 3] as const;

/**
 * A message (https://arrow.apache.org/docs/format/Columnar.html#encapsulated-message-format) up to its body: −1, its
 * length, and the table of Message.fbs.
 * @param before bytes that stand in front of it, for it to end at a multiple of the alignment
 */
export function encodeMessage(
  kind: typeof SCHEMA | typeof RECORD_BATCH,
  header: Table,
  bodyLength: number,
  before = 0,
): Uint8Array<ArrayBuffer> {
  const metadata = encodeFlatbuffer([
    metadataVersion,
    { int8: kind },
    { table: header },
    { int64: bodyLength },
  ]);
  const bytes = new Uint8Array(aligned(before + 8 + metadata.length) - before);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, -1, true);
  view.setInt32(4, bytes.length - 8, true);
  bytes.set(metadata, 8);
  return bytes;
}
