/**
 * The shortest decimal that reads as a float32, and of several the nearest: what PostgreSQL prints (by Ryu, in
 * src/common/f2s.c), found by Schubfach (R. Giulietti, "The Schubfach way to render doubles", 2020).
 *
 * A float32 is c × 2^q. What lies between the points half way to its neighbours reads as it; the points themselves are
 * left out, as PostgreSQL leaves them. They are 2^q apart: with 10^k the greatest power of ten up to that, at least one
 * multiple of 10^k lies between them, and at most one of 10^(k + 1). That one is the shortest; where there is none, the
 * nearest multiple of 10^k.
 */

/** What came of the last call of shortestDecimal: decimal × 10^power. */
export let decimal = 0;
export let power = 0;

/**
 * Finds the decimal of a finite number other than 0, and sets `decimal` (1 ≤ decimal < 10^9, its last digits may be
 * zeros) and `power`. The twin of printFloat in wasm/print-floats.ts.
 * @param pattern the float32's bits; the sign does not matter
 */
export function shortestDecimal(pattern: number): void {
  const exponentBits = (pattern >>> 23) & 0xff;
  const fraction = pattern & 0x7fffff;
  // Below a power of two the neighbour is half as far away.
  const closer = fraction === 0 && exponentBits > 1 ? 1 : 0;
  const center = (exponentBits === 0 ? fraction : fraction | 0x800000) << 2;
  const table = scales();
  const at = scaleWords * (exponentBits + closer * exponentCount);
  const low = table[at]! >>> 0;
  const high = table[at + 1]! >>> 0;
  // In fourths of 10^k. An odd one lies between whole fourths, so that these are compared without a doubt.
  const value = scaled(low, high, center);
  const lower = scaled(low, high, center - 2 + closer) + 1;
  const upper = scaled(low, high, center + 2) - 1;

  const ones = value >>> 2;
  const tens = Math.floor(ones / 10);
  const nextTen = tens * 40 + 40 <= upper;
  if (lower <= tens * 40 || nextTen) {
    decimal = tens + (nextTen ? 1 : 0);
    power = table[at + 2]! + 1;
    return;
  }
  const here = ones * 4;
  const oneFits = lower <= here;
  const nextOne = here + 4 <= upper;
  const nearer = value > here + 2 || (value === here + 2 && (ones & 1) === 1);
  decimal = ones + ((oneFits === nextOne ? nearer : nextOne) ? 1 : 0);
  power = table[at + 2]!;
}

/** value × (high × 2^32 + low) / 2^60, rounded to odd: the last bit tells of what was cut off. */
function scaled(low: number, high: number, value: number): number {
  const valueHigh = value >>> 12;
  const valueLow = (value << 4) & 0xffff;
  // Products of 32 and 16 bits, which a double holds.
  const carry = Math.floor((Math.floor((low * valueLow) / 0x10000) + low * valueHigh) / 0x10000);
  const lower = carry + high * valueLow;
  const upper = Math.floor(lower / 0x10000) + high * valueHigh;
  const rest = (upper % 0x10000) * 0x10000 + (lower % 0x10000);
  return Math.floor(upper / 0x10000) | (rest === 0 ? 0 : 1);
}

/** Of a scale: the factor's low and high word, k, and one that makes them sixteen bytes. */
const scaleWords = 4;
const exponentCount = 256;

/** In bytes. */
export const scalesLength = 2 * exponentCount * scaleWords * 4;

let made: Int32Array<ArrayBuffer> | undefined;

/**
 * A scale for each value of the exponent's bits, then one for each where the fraction is 0. The factor is
 * 2^q / 10^k × 2^60, rounded up.
 */
export function scales(): Int32Array<ArrayBuffer> {
  made ??= makeScales();
  return made;
}

function makeScales(): Int32Array<ArrayBuffer> {
  const words = new Int32Array(scalesLength / 4);
  const factors = new BigUint64Array(words.buffer);
  for (let index = 0; index < 2 * exponentCount; index++) {
    const q = Math.max(index % exponentCount, 1) - 150;
    // Where the lower neighbour is half as far away, the points are so much nearer to each other.
    const k = Math.floor(Math.log10((index < exponentCount ? 1 : 0.75) * 2 ** q));
    const at = index * scaleWords;
    factors[at / 2] = factorOf(q, k);
    words[at + 2] = k;
  }
  return words;
}

function factorOf(q: number, k: number): bigint {
  const positive = (exponent: number) => BigInt(Math.max(exponent, 0));
  const numerator = 2n ** positive(q + 60) * 10n ** positive(-k);
  const denominator = 2n ** positive(-q - 60) * 10n ** positive(k);
  return (numerator + denominator - 1n) / denominator;
}
