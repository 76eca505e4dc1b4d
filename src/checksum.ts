import * as zlib from 'node:zlib';

/**
 * What tells whether a piece's bytes are the same again: their CRC-32 (that of gzip, RFC 1952, section 8), as 8 hex
 * digits. It guards against a file that changed by itself, not against one that was forged.
 */
export function checksum(bytes: Uint8Array): string {
  return (crc32(bytes) >>> 0).toString(16).padStart(8, '0');
}

type Crc32 = (bytes: Uint8Array, before?: number) => number;

/**
 * The CRC-32 of bytes, or with `before` of what that is the CRC-32 of and them. Node has its own since 20.15, ten times
 * as fast.
 */
export const crc32: Crc32 = (zlib as { crc32?: Crc32 }).crc32 ?? plainCrc32;

/** @internal exported for the test that compares the two */
export function plainCrc32(bytes: Uint8Array, before = 0): number {
  let crc = ~before;
  for (let i = 0; i < bytes.length; i++) crc = table[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) remainder = (remainder & 1 ? 0xedb88320 : 0) ^ (remainder >>> 1);
  return remainder;
});
