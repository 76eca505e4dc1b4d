import { exactFloat32, highestPower, lowestPower, quickFloat32 } from './float32.ts';

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

const [COMMA, MINUS, PLUS, DOT, ZERO] = [0x2c, 0x2d, 0x2b, 0x2e, 0x30];

/** C's isspace: space, and tab to carriage return. */
export function isSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}

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
  let position = start;
  let count = 0;
  for (;;) {
    let byte = position < end ? bytes[position]! : 0;
    while (isSpace(byte)) byte = ++position < end ? bytes[position]! : 0;
    const elementStart = position;
    const negative = byte === MINUS;
    if (negative || byte === PLUS) byte = ++position < end ? bytes[position]! : 0;

    // Up to nine digits go into each of two integers; together they are exact below 2^53 and never off by more
    // than a unit in the last place.
    const digitsStart = position;
    let head = 0;
    let stop = position + 9 < end ? position + 9 : end;
    let digit = byte - ZERO;
    while (position < stop && digit >= 0 && digit <= 9) {
      head = head * 10 + digit;
      digit = (++position < end ? bytes[position]! : 0) - ZERO;
    }
    let digitCount = position - digitsStart;
    let power = 0;
    let value = head;
    if (digit === DOT - ZERO) {
      const fractionStart = ++position;
      stop = fractionStart + 9 - digitCount;
      if (stop > end) stop = end;
      digit = (position < end ? bytes[position]! : 0) - ZERO;
      while (position < stop && digit >= 0 && digit <= 9) {
        head = head * 10 + digit;
        digit = (++position < end ? bytes[position]! : 0) - ZERO;
      }
      value = head;
      if (digit >= 0 && digit <= 9) {
        const tailStart = position;
        let tail = 0;
        stop = tailStart + 9 < end ? tailStart + 9 : end;
        while (position < stop && digit >= 0 && digit <= 9) {
          tail = tail * 10 + digit;
          digit = (++position < end ? bytes[position]! : 0) - ZERO;
        }
        value = head * tenTo[position - tailStart]! + tail;
      }
      power = fractionStart - position;
      digitCount -= power;
    }
    byte = digit + ZERO;
    let quick = digitCount > 0;
    if (byte === 0x65 || byte === 0x45) {
      position = skipExponent(bytes, position, end);
      if (position < 0) quick = false;
      else {
        power += exponentValue;
        byte = position < end ? bytes[position]! : 0;
      }
    }
    let number = Number.NaN;
    if (quick && !(byte >= ZERO && byte <= 0x39)) {
      // `0x` is how C's hexadecimal floats begin.
      if (value === 0) number = (byte | 0x20) === 0x78 ? Number.NaN : 0;
      else if (power >= lowestPower && power <= highestPower) number = quickFloat32(value, power);
    }
    if (Number.isNaN(number)) {
      number = slowElement(bytes, elementStart, end, close);
      if (number < 0 && elementProblem !== 0) {
        stoppedAt = elementStart;
        return elementProblem;
      }
      position = stoppedAt;
      byte = position < end ? bytes[position]! : 0;
    } else if (negative) number = -number;

    if (count === limit) {
      stoppedAt = elementStart;
      return TOO_MANY;
    }
    out[at + count++] = number;

    while (isSpace(byte)) byte = ++position < end ? bytes[position]! : 0;
    position++;
    if (byte === COMMA) continue;
    stoppedAt = position;
    if (byte === close && position <= end) return count;
    stoppedAt = position - 1;
    return SYNTAX;
  }
}

const tenTo = Float64Array.from({ length: 10 }, (_, i) => 10 ** i);

let exponentValue = 0;

/** Reads `e[+-]digits` at `position`; returns where it ends and sets exponentValue, or −1 if it is none. */
function skipExponent(bytes: Uint8Array, position: number, end: number): number {
  let at = position + 1;
  const negative = bytes[at] === MINUS;
  if (negative || bytes[at] === PLUS) at++;
  const digitsStart = at;
  let value = 0;
  while (at < end && bytes[at]! >= ZERO && bytes[at]! <= 0x39) {
    if (value < 100_000) value = value * 10 + bytes[at]! - ZERO;
    at++;
  }
  exponentValue = negative ? -value : value;
  return at === digitsStart ? -1 : at;
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
