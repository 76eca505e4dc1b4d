import { exactFloat32, quickFloat32 } from './float32.ts';
import { scanByWasm } from './scan-wasm.ts';

/**
 * A list of float32 numbers read from text bytes, as pgvector's own input function reads `[1,2.5,-3e-2]`
 * (pgvector/src/vector.c, vector_in). Allocation-free for well-formed lists.
 */
export const OUT_OF_RANGE = -1;
export const NOT_A_NUMBER = -2;
export const INFINITE = -3;
export const SYNTAX = -4;
/** More elements than `limit`. */
export const TOO_MANY = -5;
/** What we do not read ourselves, such as C's hexadecimal floats: PostgreSQL shall judge. */
export const UNSURE = -6;

/** Where the last scan stopped: just behind its last byte, or at the element it could not take. */
export let stoppedAt = 0;

const [COMMA, MINUS, PLUS, DOT, ZERO, LETTER_E] = [0x2c, 0x2d, 0x2b, 0x2e, 0x30, 0x65];

/** C's isspace: space, and tab to carriage return. */
export function isSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}

/** Digits before the point that quickFloat32 can do with; of those behind it, any number that is read quickly. */
const mostWholeDigits = 18;
const tenTo = Float64Array.from({ length: 10 }, (_, i) => 10 ** i);

/**
 * Reads `number, number, …` behind an opening bracket, up to and including the byte `close`.
 * @param bytes text; [start, end) is looked at
 * @param out takes the values from index `at` on
 * @param limit how many at most
 * @returns how many were read, or one of the negative codes above
 */
export function scanFloats(
  bytes: Uint8Array,
  start: number,
  end: number,
  close: number,
  out: Float32Array,
  at: number,
  limit: number,
): number {
  if (end - start >= worthCopying) {
    const count = scanByWasm(bytes, start, end, close, out, at, limit);
    if (count > 0) {
      stoppedAt = end;
      return count;
    }
  }
  return scanPlainly(bytes, start, end, close, out, at, limit);
}

/** Bytes of text from which on WebAssembly is faster, the copy into its memory included. */
const worthCopying = 256;

/** scanFloats in JavaScript alone: the twin that reads everything. */
export function scanPlainly(
  bytes: Uint8Array,
  start: number,
  end: number,
  close: number,
  out: Float32Array,
  at: number,
  limit: number,
): number {
  // Only a list without its closing bracket is read past its end: what is found there is no list either.
  const text = wordsOf(bytes);
  let position = start;
  for (let count = 0; ; ) {
    let byte = bytes[position]!;
    while (isSpace(byte)) byte = bytes[++position]!;
    const elementStart = position;
    const negative = byte === MINUS;
    if (negative || byte === PLUS) byte = bytes[++position]!;

    const digitsStart = position;
    let digits = 0;
    let digit = byte - ZERO;
    while (digit >= 0 && digit <= 9) {
      digits = digits * 10 + digit;
      digit = bytes[++position]! - ZERO;
    }
    let digitCount = position - digitsStart;
    if (digitCount > mostWholeDigits) digits = Number.NaN;
    let power = 0;
    if (digit === DOT - ZERO) {
      const fractionStart = ++position;
      // Four digits at a time, sixteen at most: what a double prints as, zeros in front included.
      for (let words = 0; words < 4 && position + 4 <= bytes.length; words++) {
        const four = fourDigits(text.getInt32(position, true));
        if (four < 0) break;
        digits = digits * 1e4 + four;
        position += 4;
      }
      const restStart = position;
      let rest = 0;
      digit = bytes[position]! - ZERO;
      while (digit >= 0 && digit <= 9) {
        rest = rest * 10 + digit;
        digit = bytes[++position]! - ZERO;
      }
      if (position > restStart) digits = digits * (tenTo[position - restStart] ?? Number.NaN) + rest;
      power = fractionStart - position;
      digitCount -= power;
    }
    byte = digit + ZERO;
    if ((byte | 0x20) === LETTER_E) {
      position = skipExponent(bytes, position);
      power += exponentValue;
      byte = bytes[position]!;
    }
    let number = Number.NaN;
    const ended = byte === COMMA || byte === close || isSpace(byte);
    if (ended && digitCount > 0) number = quickFloat32(digits, power);
    if (Number.isNaN(number)) {
      number = slowElement(bytes, elementStart, end, close);
      if (elementProblem !== 0) {
        stoppedAt = elementStart;
        return elementProblem;
      }
      position = stoppedAt;
      byte = bytes[position]!;
    } else if (negative) number = -number;

    if (count === limit) {
      stoppedAt = elementStart;
      return TOO_MANY;
    }
    out[at + count++] = number;

    while (isSpace(byte)) byte = bytes[++position]!;
    if (position >= end || (byte !== COMMA && byte !== close)) {
      stoppedAt = position;
      return SYNTAX;
    }
    position++;
    if (byte === COMMA) continue;
    stoppedAt = position;
    return count;
  }
}

let lastBytes: Uint8Array | undefined;
let lastWords: DataView = new DataView(new ArrayBuffer(0));

/** The array's bytes as words; kept from call to call, as a piece has thousands of vectors. */
function wordsOf(bytes: Uint8Array): DataView {
  if (bytes !== lastBytes) {
    lastBytes = bytes;
    lastWords = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }
  return lastWords;
}

/**
 * The number that four ASCII digits spell, the first in the lowest byte; −1 where they are not all digits.
 * Each step joins neighbours: digits to pairs, pairs to the whole (after D. Lemire, "Quickly parsing eight digits").
 */
function fourDigits(word: number): number {
  const allDigits = (word & 0xf0f0f0f0) | (((word + 0x06060606) & 0xf0f0f0f0) >>> 4);
  if (allDigits !== 0x33333333) return -1;
  const digits = word & 0x0f0f0f0f;
  const pairs = (Math.imul(digits, 10) + (digits >>> 8)) & 0x00ff00ff;
  return (Math.imul(pairs, 100) + (pairs >>> 16)) & 0xffff;
}

let exponentValue = 0;

/** Reads `e[+-]digits` at `position`; returns where it ends and sets exponentValue, NaN if there is no number. */
function skipExponent(bytes: Uint8Array, position: number): number {
  let at = position + 1;
  const negative = bytes[at] === MINUS;
  if (negative || bytes[at] === PLUS) at++;
  const digitsStart = at;
  let value = 0;
  for (let digit = bytes[at]! - ZERO; digit >= 0 && digit <= 9; digit = bytes[++at]! - ZERO) {
    if (value < 100_000) value = value * 10 + digit;
  }
  exponentValue = at === digitsStart ? Number.NaN : negative ? -value : value;
  return at;
}

let elementProblem = 0;

const numberText = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const specialText = /^[+-]?(?:(nan(?:\(\w*\))?)|inf(?:inity)?)$/i;
const hexadecimalText = /^[+-]?0x/i;

/** One element by the exact road. Sets stoppedAt behind it; or elementProblem, and returns −1. */
function slowElement(bytes: Uint8Array, start: number, end: number, close: number): number {
  let stop = start;
  while (stop < end && bytes[stop] !== COMMA && bytes[stop] !== close && !isSpace(bytes[stop]!)) stop++;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, stop - start).toString('latin1');
  stoppedAt = stop;
  elementProblem = 0;
  if (numberText.test(text)) {
    const value = exactFloat32(text);
    if (Number.isFinite(value)) return value;
    elementProblem = OUT_OF_RANGE;
  } else {
    const special = specialText.exec(text);
    if (special !== null) elementProblem = special[1] === undefined ? INFINITE : NOT_A_NUMBER;
    else elementProblem = hexadecimalText.test(text) ? UNSURE : SYNTAX;
  }
  return -1;
}
