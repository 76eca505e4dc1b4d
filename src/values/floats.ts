import type { TextReader } from '../text-reader.ts';
import { exactFloat32 } from '../vector/float32.ts';
import { fixedReader } from './fixed-reader.ts';

export function float32Reader(): TextReader {
  return fixedReader<Float32Array<ArrayBuffer>>({
    array: new Float32Array(0),
    width: 1,
    store: store(exactFloat32),
    column: (values, validity) => ({ kind: 'float32', values, validity }),
  });
}

export interface FloatOptions {
  /** Takes only what may lose digits at most: not `007`, `+1` or a whole number beyond 2^53, which are rather names. */
  canonical?: boolean;
}

export function float64Reader(options: FloatOptions = {}): TextReader {
  return fixedReader<Float64Array<ArrayBuffer>>({
    array: new Float64Array(0),
    width: 1,
    store: store(Number, options),
    column: (values, validity) => ({ kind: 'float64', values, validity }),
  });
}

const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const amount = /^-?(?:0|[1-9]\d*)?(?:\.\d*)?(?:[eE][+-]?\d+)?$/;
const nonZeroDigit = /^[^eE]*[1-9]/;

/** What under- or overflows, and NaN and Infinity by name, is left to PostgreSQL. */
function store(convert: (text: string) => number, options: FloatOptions = {}) {
  return (
    bytes: Uint8Array,
    start: number,
    end: number,
    array: Float32Array | Float64Array,
    at: number,
  ): boolean => {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
    if (!decimal.test(text)) return false;
    const value = convert(text);
    if (!Number.isFinite(value) || (value === 0 && nonZeroDigit.test(text))) return false;
    if (options.canonical && !isAmount(text, value)) return false;
    array[at] = value;
    return true;
  };
}

function isAmount(text: string, value: number): boolean {
  return amount.test(text) && (/[.eE]/.test(text) || Number.isSafeInteger(value));
}
