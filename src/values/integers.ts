import type { TextReader } from '../text-reader.ts';
import { fixedReader } from './fixed-reader.ts';

export interface IntegerOptions {
  /** Takes only what prints as it was written: not `007`, `+1` or `-0`. */
  canonical?: boolean;
}

export function int16Reader(options: IntegerOptions = {}): TextReader {
  return fixedReader<Int16Array<ArrayBuffer>>({
    array: new Int16Array(0),
    width: 1,
    store: storeSmall(-(2 ** 15), 2 ** 15 - 1, options),
    column: (values, validity) => ({ kind: 'int16', values, validity }),
  });
}

export function int32Reader(options: IntegerOptions = {}): TextReader {
  return fixedReader<Int32Array<ArrayBuffer>>({
    array: new Int32Array(0),
    width: 1,
    store: storeSmall(-(2 ** 31), 2 ** 31 - 1, options),
    column: (values, validity) => ({ kind: 'int32', values, validity }),
  });
}

export function int64Reader(options: IntegerOptions = {}): TextReader {
  return fixedReader<BigInt64Array<ArrayBuffer>>({
    array: new BigInt64Array(0),
    width: 1,
    store: (bytes, start, end, array, at) => {
      const value = end - start <= 15 ? smallInteger(bytes, start, end, options) : Number.NaN;
      if (Number.isNaN(value)) return storeLarge(bytes, start, end, array, at, options);
      array[at] = BigInt(value);
      return true;
    },
    column: (values, validity) => ({ kind: 'int64', values, validity }),
  });
}

function storeSmall(lowest: number, highest: number, options: IntegerOptions) {
  return (
    bytes: Uint8Array,
    start: number,
    end: number,
    array: Int16Array | Int32Array,
    at: number,
  ): boolean => {
    const value = smallInteger(bytes, start, end, options);
    if (!(value >= lowest && value <= highest)) return false;
    array[at] = value;
    return true;
  };
}

/** Up to 15 characters `[+-]digits` as a number; NaN for anything else. */
function smallInteger(bytes: Uint8Array, start: number, end: number, options: IntegerOptions): number {
  const negative = bytes[start] === 0x2d;
  const first = negative || bytes[start] === 0x2b ? start + 1 : start;
  if (first >= end || end - start > 15) return Number.NaN;
  let value = 0;
  for (let i = first; i < end; i++) {
    const digit = bytes[i]! - 0x30;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  if (options.canonical && !isCanonical(bytes, start, first, end)) return Number.NaN;
  return negative ? -value : value;
}

function isCanonical(bytes: Uint8Array, start: number, first: number, end: number): boolean {
  if (bytes[start] === 0x2b) return false;
  return bytes[first] !== 0x30 || (end - first === 1 && first === start);
}

const plainInteger = /^-?\d{1,19}$/;
const canonicalInteger = /^(?:0|-?[1-9]\d{0,18})$/;

function storeLarge(
  bytes: Uint8Array,
  start: number,
  end: number,
  array: BigInt64Array,
  at: number,
  options: IntegerOptions,
): boolean {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
  if (!(options.canonical ? canonicalInteger : plainInteger).test(text)) return false;
  const value = BigInt(text);
  if (BigInt.asIntN(64, value) !== value) return false;
  array[at] = value;
  return true;
}
