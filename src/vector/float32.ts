/**
 * Decimal text to float32, rounded to nearest, ties to even: what `strtof` gives, which pgvector reads with.
 *
 * Reading the text as a double and rounding that to float32 rounds twice, which goes wrong where the double lies
 * (nearly) half way between two float32s. So: a quick double whose relative error is known to be small; where
 * either end of that error rounds to the same float32, it is right; elsewhere the digits decide.
 */

/** Powers of ten that the quick road multiplies with; entry i is 10^(i − 60), each the nearest double. */
export const powersOfTen = Float64Array.from({ length: 121 }, (_, i) => Number(`1e${i - 60}`));

/**
 * The quick product carries some roundings (of the digits' groups, the power, the product), each of half a unit in
 * the last place at most: a dozen are one part in 2^50. One number in some four million lies so near to a
 * half-way point that one part in 2^47 makes a difference, and goes the exact road.
 */
const lower = 1 - 2 ** -47;
const upper = 1 + 2 ** -47;

const largest = 2 ** 128 - 2 ** 104;
/** Below this a float32 is subnormal, and half-way points lie elsewhere. */
const smallestNormal = 2 ** -126;
/** From here on (2^128 − 2^103, the half-way point above the largest float32) rounding overflows. */
const overflow = 2 ** 128 - 2 ** 103;

/**
 * `digits × 10^power` as float32, for digits ≥ 0 that were put together with a dozen roundings at most; NaN where
 * only the text itself can tell.
 */
export function quickFloat32(digits: number, power: number): number {
  const value = digits * powersOfTen[power + 60]!;
  const rounded = Math.fround(value * lower);
  return rounded === Math.fround(value * upper) && rounded <= largest ? rounded : Number.NaN;
}

/**
 * The exact road: any decimal number `[+-]digits[.digits][e[+-]digits]`, Infinity where it overflows.
 * @param text one number, nothing else
 */
export function exactFloat32(text: string): number {
  const value = Number(text);
  const magnitude = Math.abs(value);
  if (magnitude === 0 || magnitude > overflow) return Math.fround(value);
  if (!isHalfWay(magnitude)) return Math.fround(value);
  const order = compareDecimal(text, magnitude);
  if (order === 0) return Math.fround(value);
  if (order < 0) return Math.sign(value) * below(magnitude);
  return Math.sign(value) * above(magnitude);
}

const double = new Float64Array(1);
const doubleWords = new Uint32Array(double.buffer);
/** The bits of a double that float32 has no room for, and their pattern at a half-way point. */
const lostBits = 0x1fffffff;
const halfWay = 0x10000000;

function isHalfWay(magnitude: number): boolean {
  if (magnitude < smallestNormal) return (magnitude * 2 ** 150) % 2 === 1;
  double[0] = magnitude;
  return (doubleWords[0]! & lostBits) === halfWay;
}

/** The float32 next below, and above, a half-way point: the half-way point less and plus a little, rounded. */
function below(halfWayPoint: number): number {
  return Math.fround(halfWayPoint * (1 - Number.EPSILON));
}

function above(halfWayPoint: number): number {
  return Math.fround(halfWayPoint * (1 + Number.EPSILON));
}

/** The sign of |text| − magnitude, in whole numbers: both sides are brought to integers. */
function compareDecimal(text: string, magnitude: number): number {
  const match = /^[+-]?(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(text.trim());
  if (match === null) throw new RangeError(`not a decimal number: ${text}`);
  const power = Number(match[3] ?? 0) - match[2]!.length;
  let [left, right] = [BigInt(match[1]! + match[2]!), 1n];
  if (power >= 0) left *= 10n ** BigInt(power);
  else right *= 10n ** BigInt(-power);
  // Every half-way point is a whole multiple of 2^-150.
  let exponent = 0;
  let whole = magnitude;
  while (!Number.isInteger(whole)) {
    whole *= 2;
    exponent++;
  }
  left *= 2n ** BigInt(exponent);
  right *= BigInt(whole);
  return left < right ? -1 : left > right ? 1 : 0;
}
