import * as zlib from 'node:zlib';

type Crc32 = (bytes: Uint8Array, before?: number) => number;

/**
 * The CRC-32 of bytes (that of gzip, RFC 1952, section 8), or with `before` of what that is the CRC-32 of and them. Node has its own since 20.15, ten times
 * as fast.
 */
export const crc32: Crc32 = (zlib as { crc32?: Crc32 }).crc32 ?? plainCrc32;

/** @internal exported for the test that compares the two */
export function plainCrc32(bytes: Uint8Array, before = 0): number {
  let crc = ~before;
  for (let i = 0; i < bytes.length; i++) crc = table[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** The polynomial of CRC-32, whose highest power is implied, with the lowest power last. */
const polynomial = 0xedb88320;

/**
 * The CRC-32 of bytes and others behind them, from both sums: the first is multiplied by x to the power of the bits
 * behind, modulo the polynomial, as zlib's crc32_combine does it.
 * https://github.com/madler/zlib/blob/v1.3.1/crc32.c
 * @param length of the second, in bytes
 */
export function combinedCrc32(first: number, second: number, length: number): number {
  let power = 0x80000000; // x^0
  let square = 0x00800000; // x^8, a byte
  for (let rest = length; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) power = product(square, power);
    square = product(square, square);
  }
  return (product(power, first) ^ second) >>> 0;
}

/** a × b modulo the polynomial. */
function product(a: number, b: number): number {
  let sum = 0;
  let shifted = b;
  for (let bit = 0x80000000; bit !== 0; bit >>>= 1) {
    if ((a & bit) !== 0) sum ^= shifted;
    shifted = timesX(shifted);
  }
  return sum;
}

/** The remainder times x. */
function timesX(remainder: number): number {
  return (remainder & 1 ? polynomial : 0) ^ (remainder >>> 1);
}

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) remainder = timesX(remainder);
  return remainder;
});
