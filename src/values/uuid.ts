import type { TextReader } from '../text-reader.ts';
import { fixedReader } from './fixed-reader.ts';
import { hexDigit } from './hex.ts';

const HYPHEN = 0x2d;

/** 8-4-4-4-12 hexadecimal digits, or 32 without hyphens; PostgreSQL's other spellings are left to it. */
export function uuidReader(): TextReader {
  return fixedReader<Uint8Array<ArrayBuffer>>({
    array: new Uint8Array(0),
    width: 16,
    store: storeUuid,
    column: (values, validity) => ({ kind: 'uuid', values, validity }),
  });
}

function storeUuid(bytes: Uint8Array, start: number, end: number, array: Uint8Array, at: number): boolean {
  const hyphens = end - start === 36;
  if (!hyphens && end - start !== 32) return false;
  let from = start;
  for (let i = 0; i < 16; i++) {
    if (hyphens && (i === 4 || i === 6 || i === 8 || i === 10) && bytes[from++] !== HYPHEN) return false;
    const high = hexDigit(bytes[from++]!);
    const low = hexDigit(bytes[from++]!);
    if (high < 0 || low < 0) return false;
    array[at + i] = (high << 4) | low;
  }
  return true;
}
