import type { Piece } from '../../../batch.ts';

/** A message as a piece holds it. */
export interface PackedMessage {
  metadata: Uint8Array;
  body: Uint8Array<ArrayBuffer>;
}

/** Room for messages in a piece's bytes, bodies at a multiple of 8; their lengths as JSON in front of them. */
export function packMessages(messages: readonly { metadata: Uint8Array; bodyLength: number }[]): {
  bytes: Uint8Array<ArrayBuffer>;
  bodies: Uint8Array<ArrayBuffer>[];
} {
  const head = Buffer.from(
    JSON.stringify(messages.map(({ metadata, bodyLength }) => [metadata.length, bodyLength])),
  );
  const start = roundUp(4 + head.length);
  const total = messages.reduce(
    (sum, each) => sum + roundUp(each.metadata.length) + roundUp(each.bodyLength),
    start,
  );
  const bytes = new Uint8Array(total);
  new DataView(bytes.buffer).setUint32(0, head.length, true);
  bytes.set(head, 4);
  let at = start;
  const bodies = messages.map(({ metadata, bodyLength }) => {
    bytes.set(metadata, at);
    at += roundUp(metadata.length);
    const body = bytes.subarray(at, at + bodyLength);
    at += roundUp(bodyLength);
    return body;
  });
  return { bytes, bodies };
}

/** What `packMessages` has laid out. */
export function unpackMessages({ bytes }: Piece): PackedMessage[] {
  const length = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  const head = Buffer.from(bytes.buffer, bytes.byteOffset + 4, length).toString();
  let at = roundUp(4 + length);
  return (JSON.parse(head) as [number, number][]).map(([metadataLength, bodyLength]) => {
    const metadata = bytes.subarray(at, at + metadataLength);
    at += roundUp(metadataLength);
    const body = bytes.subarray(at, at + bodyLength);
    at += roundUp(bodyLength);
    return { metadata, body };
  });
}

function roundUp(length: number): number {
  return Math.ceil(length / 8) * 8;
}
