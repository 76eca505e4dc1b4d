import type { TextReader } from '../text-reader.ts';
import { rawReader } from './bytes-reader.ts';

/** numeric in plain decimal notation; exponents, NaN and Infinity are left to PostgreSQL. */
export function numericReader(): TextReader {
  return rawReader(writeNumeric, (length) => 8 + 2 * (Math.ceil(length / 4) + 2));
}

const [PLUS, MINUS, DOT, ZERO] = [0x2b, 0x2d, 0x2e, 0x30];
const longest = 1000;

/**
 * The wire form (src/backend/utils/adt/numeric.c, numeric_recv), all int16: number of digits, weight of the
 * first, sign, digits shown after the point; then the digits to base 10,000. PostgreSQL trims zeros and rounds
 * to the column's scale itself.
 */
function writeNumeric(bytes: Uint8Array, start: number, end: number, out: Uint8Array, at: number): number {
  if (end - start > longest) return -1;
  const negative = bytes[start] === MINUS;
  const digitsStart = negative || bytes[start] === PLUS ? start + 1 : start;
  let dot = end;
  for (let i = digitsStart; i < end; i++) {
    const byte = bytes[i]!;
    if (byte === DOT && dot === end) dot = i;
    else if (byte < ZERO || byte > 0x39) return -1;
  }
  const whole = dot - digitsStart;
  const scale = Math.max(0, end - dot - 1);
  if (whole + scale === 0) return -1;
  const groupsBefore = Math.ceil(whole / 4);
  const groups = groupsBefore + Math.ceil(scale / 4);
  let position = writeInt16(out, at, groups);
  position = writeInt16(out, position, groupsBefore - 1);
  position = writeInt16(out, position, negative ? 0x4000 : 0);
  position = writeInt16(out, position, scale);
  for (let group = 0; group < groups; group++) {
    let value = 0;
    for (let i = 0; i < 4; i++) {
      // The decimal digit's place, counted from the point: −1 is the last before it.
      const place = (group - groupsBefore) * 4 + i;
      const from = place < 0 ? dot + place : dot + 1 + place;
      const inside = place < 0 ? from >= digitsStart : from < end;
      value = value * 10 + (inside ? bytes[from]! - ZERO : 0);
    }
    position = writeInt16(out, position, value);
  }
  return position;
}

function writeInt16(out: Uint8Array, at: number, value: number): number {
  out[at] = (value >> 8) & 0xff;
  out[at + 1] = value & 0xff;
  return at + 2;
}
