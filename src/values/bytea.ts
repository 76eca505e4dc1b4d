import type { TextReader } from '../text-reader.ts';
import { rawReader } from './bytes-reader.ts';
import { hexDigit } from './hex.ts';

/** bytea, in hexadecimal (`\x01ff`) or as plain ASCII; its escape form with backslashes is left to PostgreSQL. */
export function byteaReader(): TextReader {
  return rawReader(writeBytea, (length) => length);
}

const BACKSLASH = 0x5c;

function writeBytea(bytes: Uint8Array, start: number, end: number, out: Uint8Array, at: number): number {
  if (bytes[start] === BACKSLASH && start < end) return writeHex(bytes, start, end, out, at);
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    // The file is text: whether what is not ASCII is well-formed is for PostgreSQL to say.
    if (byte === BACKSLASH || byte === 0 || byte > 0x7f) return -1;
    out[at++] = byte;
  }
  return at;
}

function writeHex(bytes: Uint8Array, start: number, end: number, out: Uint8Array, at: number): number {
  if (bytes[start + 1] !== 0x78 || (end - start) % 2 !== 0) return -1;
  for (let i = start + 2; i < end; i += 2) {
    const high = hexDigit(bytes[i]!);
    const low = hexDigit(bytes[i + 1]!);
    if (high < 0 || low < 0) return -1;
    out[at++] = (high << 4) | low;
  }
  return at;
}
