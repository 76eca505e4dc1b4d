import { halfFloats } from './half.ts';
import { printByWasm } from './print-wasm.ts';
import { decimal, power, shortestDecimal } from './shortest.ts';

/**
 * float32 as PostgreSQL prints it (float_to_shortest_decimal_buf, src/common/f2s.c), and so pgvector: the shortest
 * decimal that reads as the same number, with an exponent of two digits below 0.0001 and from 1e+06 on.
 */

/** Bytes of the longest: `-1.23456789e-38`. */
export const longestFloat = 15;

const [COMMA, MINUS, PLUS, POINT, ZERO, LETTER_E] = [0x2c, 0x2d, 0x2b, 0x2e, 0x30, 0x65];

/** So many numbers from which on WebAssembly is faster, the copying included. */
const worthCopying = 8;

/**
 * Prints values [from, to) with commas between them. One byte behind the text may be written over.
 * @param values float32s, or IEEE 754 binary16 patterns; finite, as all elements of vectors are
 * @param out has room for longestFloat + 1 bytes a value from `at` on
 * @returns where the text ends
 */
export function printFloats(
  values: Float32Array | Uint16Array,
  from: number,
  to: number,
  out: Uint8Array,
  at: number,
): number {
  const end = to - from < worthCopying ? -1 : printByWasm(values, from, to, out, at);
  return end < 0 ? printPlainly(values, from, to, out, at) : end;
}

/** printFloats in JavaScript alone: the twin. */
export function printPlainly(
  values: Float32Array | Uint16Array,
  from: number,
  to: number,
  out: Uint8Array,
  at: number,
): number {
  if (from === to) return at;
  const halves = values instanceof Uint16Array ? halfFloats() : undefined;
  for (let i = from; i < to; i++) {
    at = printFloat(halves === undefined ? values[i]! : halves[values[i]!]!, out, at);
    out[at++] = COMMA;
  }
  return at - 1;
}

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** Prints a finite one; returns where it ends. */
export function printFloat(value: number, out: Uint8Array, at: number): number {
  float[0] = value;
  const pattern = bits[0]!;
  const magnitude = pattern & 0x7fffffff;
  if (pattern !== magnitude) out[at++] = MINUS;
  if (magnitude === 0) {
    out[at] = ZERO;
    return at + 1;
  }
  shortestDecimal(magnitude);
  return printDecimal(decimal, power, out, at);
}

const tenTo = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000];

/** digits × 10^power. */
function printDecimal(digits: number, power: number, out: Uint8Array, at: number): number {
  while (digits % 10 === 0) {
    digits /= 10;
    power++;
  }
  let length = 1;
  while (digits >= tenTo[length]!) length++;
  const exponent = power + length - 1;
  const isPlain = exponent >= -4 && exponent < 6;
  if (!isPlain) power = 1 - length;
  if (power > 0) digits *= tenTo[power]!;

  const fraction = Math.max(-power, 0);
  const whole = Math.max(length + power, 1);
  const end = at + whole + (fraction > 0 ? fraction + 1 : 0);
  // From the last digit to the first; behind those there are zeros.
  for (let i = end - 1; i >= at; i--) {
    if (fraction > 0 && i === at + whole) out[i] = POINT;
    else {
      const rest = Math.floor(digits / 10);
      out[i] = ZERO + digits - rest * 10;
      digits = rest;
    }
  }
  if (isPlain) return end;
  const size = Math.abs(exponent);
  out[end] = LETTER_E;
  out[end + 1] = exponent < 0 ? MINUS : PLUS;
  out[end + 2] = ZERO + Math.floor(size / 10);
  out[end + 3] = ZERO + (size % 10);
  return end + 4;
}
