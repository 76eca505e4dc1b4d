// src/vector/shortest.ts and print-floats.ts once more, in AssemblyScript: WebAssembly has vectors of sixteen bytes, so
// four numbers are printed at a time, without a branch that depends on a number's sign or on how many digits it has, as
// nobody can foresee those. Compiled by scripts/build.mjs into dist/print-floats.wasm.

/**
 * Where each byte of a number comes from, for the decimal exponents −4 to 5: 0 to 7 are the digits behind the first,
 * 8 is the first, 9 the point, 10 a zero.
 */
const places: StaticArray<u8> = [
  10, 9, 10, 10, 10, 8, 0, 1, 2, 3, 4, 5, 6, 7, 10, 10,
  10, 9, 10, 10, 8, 0, 1, 2, 3, 4, 5, 6, 7, 10, 10, 10,
  10, 9, 10, 8, 0, 1, 2, 3, 4, 5, 6, 7, 10, 10, 10, 10,
  10, 9, 8, 0, 1, 2, 3, 4, 5, 6, 7, 10, 10, 10, 10, 10,
  8, 9, 0, 1, 2, 3, 4, 5, 6, 7, 10, 10, 10, 10, 10, 10,
  8, 0, 9, 1, 2, 3, 4, 5, 6, 7, 10, 10, 10, 10, 10, 10,
  8, 0, 1, 9, 2, 3, 4, 5, 6, 7, 10, 10, 10, 10, 10, 10,
  8, 0, 1, 2, 9, 3, 4, 5, 6, 7, 10, 10, 10, 10, 10, 10,
  8, 0, 1, 2, 3, 9, 4, 5, 6, 7, 10, 10, 10, 10, 10, 10,
  8, 0, 1, 2, 3, 4, 9, 5, 6, 7, 10, 10, 10, 10, 10, 10,
];
const lowestExponent: i32 = -4;
const highestExponent: i32 = 5;

/**
 * Prints finite float32s, a comma behind each.
 * @param at address of the first; what lies behind the last, up to 16 bytes, is read too
 * @param scales address of the table that src/vector/shortest.ts makes
 * @param out address of the text; 16 bytes behind its end are written over
 * @returns where the text ends
 */
export function printFloats(at: i32, count: i32, scales: i32, out: i32): i32 {
  for (; count > 0; count -= 4, at += 16) out = printFour(v128.load(at), count, scales, out);
  return out;
}

/** The same for finite IEEE 754 binary16 patterns: each is a float32 too. */
export function printHalves(at: i32, count: i32, scales: i32, out: i32): i32 {
  for (; count > 0; count -= 4, at += 8) {
    const halves = v128.load16x4_u(at);
    const sign = i32x4.shl(i32x4.shr_u(halves, 15), 31);
    // The exponent's bias is 112 more; a multiplication adds it, and is exact for subnormals too.
    const magnitude = i32x4.shl(v128.and(halves, i32x4.splat(0x7fff)), 13);
    const floats = f32x4.mul(magnitude, i32x4.splat(0x77800000));
    out = printFour(v128.or(floats, sign), count, scales, out);
  }
  return out;
}

@inline function printFour(patterns: v128, count: i32, scales: i32, out: i32): i32 {
  // The shortest decimal strictly between the neighbours' halfway points, as src/vector/shortest.ts explains.
  const zero = i32x4.splat(0);
  const exponents = v128.and(i32x4.shr_u(patterns, 23), i32x4.splat(0xff));
  const fractions = v128.and(patterns, i32x4.splat(0x7fffff));
  const noFraction = i32x4.eq(fractions, zero);
  const closer = v128.and(noFraction, i32x4.gt_u(exponents, i32x4.splat(1)));
  const noExponent = i32x4.eq(exponents, zero);
  const hiddenBits = v128.andnot(i32x4.splat(0x800000), noExponent);
  const isZero = v128.and(noFraction, noExponent);

  const entries = i32x4.shl(v128.or(exponents, v128.and(closer, i32x4.splat(256))), 4);
  const scale0 = v128.load(scales + i32x4.extract_lane(entries, 0));
  const scale1 = v128.load(scales + i32x4.extract_lane(entries, 1));
  const scale2 = v128.load(scales + i32x4.extract_lane(entries, 2));
  const scale3 = v128.load(scales + i32x4.extract_lane(entries, 3));
  const factors01 = v128.shuffle<i32>(scale0, scale1, 0, 4, 1, 5);
  const factors23 = v128.shuffle<i32>(scale2, scale3, 0, 4, 1, 5);
  const low = v128.shuffle<i64>(factors01, factors23, 0, 2);
  const high = v128.shuffle<i64>(factors01, factors23, 1, 3);
  const powers01 = v128.shuffle<i32>(scale0, scale1, 2, 6, 3, 7);
  const powers23 = v128.shuffle<i32>(scale2, scale3, 2, 6, 3, 7);
  let power = v128.shuffle<i64>(powers01, powers23, 0, 2);

  const center = i32x4.shl(v128.or(fractions, hiddenBits), 6);
  const value = scaled(center, low, high);
  const below = i32x4.sub(center, i32x4.splat(32));
  const lower = i32x4.add(scaled(i32x4.sub(below, i32x4.shl(closer, 4)), low, high), i32x4.splat(1));
  const upper = i32x4.sub(scaled(i32x4.add(center, i32x4.splat(32)), low, high), i32x4.splat(1));

  // Comparisons give −1 where they hold.
  const ones = i32x4.shr_u(value, 2);
  const tens = divide(ones, 0xcccccccd, 35);
  const tensAt = i32x4.add(i32x4.shl(tens, 5), i32x4.shl(tens, 3));
  const nextTen = i32x4.le_s(i32x4.add(tensAt, i32x4.splat(40)), upper);
  const tenFits = v128.or(i32x4.le_s(lower, tensAt), nextTen);
  const onesAt = i32x4.shl(ones, 2);
  const oneFits = i32x4.le_s(lower, onesAt);
  const nextOne = i32x4.le_s(i32x4.add(onesAt, i32x4.splat(4)), upper);
  const halfway = i32x4.add(onesAt, i32x4.splat(2));
  const odd = i32x4.sub(zero, v128.and(ones, i32x4.splat(1)));
  const nearer = v128.or(i32x4.gt_s(value, halfway), v128.and(i32x4.eq(value, halfway), odd));
  const up = v128.bitselect(nextOne, nearer, v128.xor(oneFits, nextOne));
  let decimal = v128.bitselect(i32x4.sub(tens, nextTen), i32x4.sub(ones, up), tenFits);
  power = i32x4.sub(power, tenFits);

  // Nine digits, where there are fewer: only subnormal numbers lack more than three. Of zero, none.
  const lacks1 = i32x4.lt_s(decimal, i32x4.splat(100000000));
  const lacks2 = i32x4.lt_s(decimal, i32x4.splat(10000000));
  const lacks3 = i32x4.lt_s(decimal, i32x4.splat(1000000));
  const hundreds = v128.bitselect(i32x4.splat(1000), i32x4.splat(100), lacks3);
  const tenfold = v128.bitselect(hundreds, i32x4.splat(10), lacks2);
  decimal = i32x4.mul(decimal, v128.bitselect(tenfold, i32x4.splat(1), lacks1));
  power = i32x4.add(power, i32x4.add(lacks1, i32x4.add(lacks2, lacks3)));
  decimal = v128.andnot(decimal, isZero);
  let lacking = v128.andnot(i32x4.lt_s(decimal, i32x4.splat(100000000)), isZero);
  while (v128.any_true(lacking)) {
    decimal = v128.bitselect(i32x4.mul(decimal, i32x4.splat(10)), decimal, lacking);
    power = i32x4.add(power, lacking);
    lacking = v128.andnot(i32x4.lt_s(decimal, i32x4.splat(100000000)), isZero);
  }
  const exponent = v128.andnot(i32x4.add(power, i32x4.splat(8)), isZero);

  // One, four and four of them; those are halved twice, the first ending up in the lowest byte.
  const firstFive = divide(decimal, 0xd1b71759, 45);
  const lastFour = i32x4.sub(decimal, i32x4.mul(firstFive, i32x4.splat(10000)));
  const first = i32x4.shr_u(i32x4.mul(i32x4.shr_u(firstFive, 4), i32x4.splat(6711)), 22);
  const nextFour = i32x4.sub(firstFive, i32x4.mul(first, i32x4.splat(10000)));
  const digits01 = eightDigits(v128.shuffle<i32>(nextFour, lastFour, 0, 4, 1, 5));
  const digits23 = eightDigits(v128.shuffle<i32>(nextFour, lastFour, 2, 6, 3, 7));
  // Where `places` looks for them: eight digits, the first, a point, a zero.
  const text01 = v128.or(digits01, i32x4.splat(0x30303030));
  const text23 = v128.or(digits23, i32x4.splat(0x30303030));
  const rest = v128.or(first, i32x4.splat(0x00302e30));
  const rest01 = i64x2.extend_low_i32x4_u(rest);
  const rest23 = i64x2.extend_high_i32x4_u(rest);

  const text0 = v128.shuffle<i64>(text01, rest01, 0, 2);
  out = printOne(text0, i64x2.extract_lane(digits01, 0), i32x4.extract_lane(exponent, 0), i32x4.extract_lane(patterns, 0), out);
  if (count == 1) return out;
  const text1 = v128.shuffle<i64>(text01, rest01, 1, 3);
  out = printOne(text1, i64x2.extract_lane(digits01, 1), i32x4.extract_lane(exponent, 1), i32x4.extract_lane(patterns, 1), out);
  if (count == 2) return out;
  const text2 = v128.shuffle<i64>(text23, rest23, 0, 2);
  out = printOne(text2, i64x2.extract_lane(digits23, 0), i32x4.extract_lane(exponent, 2), i32x4.extract_lane(patterns, 2), out);
  if (count == 3) return out;
  const text3 = v128.shuffle<i64>(text23, rest23, 1, 3);
  return printOne(text3, i64x2.extract_lane(digits23, 1), i32x4.extract_lane(exponent, 3), i32x4.extract_lane(patterns, 3), out);
}

/** value × (high × 2^32 + low) / 2^64, rounded to odd: the last bit tells of what was cut off. */
@inline function scaled(value: v128, low: v128, high: v128): v128 {
  const carry01 = i64x2.shr_u(i64x2.extmul_low_i32x4_u(value, low), 32);
  const carry23 = i64x2.shr_u(i64x2.extmul_high_i32x4_u(value, low), 32);
  const product01 = i64x2.add(i64x2.extmul_low_i32x4_u(value, high), carry01);
  const product23 = i64x2.add(i64x2.extmul_high_i32x4_u(value, high), carry23);
  const rest = v128.shuffle<i32>(product01, product23, 0, 2, 4, 6);
  const cutOff = i32x4.shr_u(i32x4.ne(rest, i32x4.splat(0)), 31);
  return v128.or(v128.shuffle<i32>(product01, product23, 1, 3, 5, 7), cutOff);
}

/** value × factor / 2^shift */
@inline function divide(value: v128, factor: i32, shift: i32): v128 {
  const factors = i32x4.splat(factor);
  return v128.shuffle<i32>(
    i64x2.shr_u(i64x2.extmul_low_i32x4_u(value, factors), shift),
    i64x2.shr_u(i64x2.extmul_high_i32x4_u(value, factors), shift),
    0, 2, 4, 6,
  );
}

/** Numbers of four digits in 32 bits as a digit a byte, the first in the lowest. */
@inline function eightDigits(fours: v128): v128 {
  // x / 100 + (x % 100 << 16), and the same for ten.
  const hundreds = i32x4.shr_u(i32x4.mul(fours, i32x4.splat(10486)), 20);
  const twos = i32x4.sub(i32x4.shl(fours, 16), i32x4.mul(hundreds, i32x4.splat(100 * 65536 - 1)));
  const tens = i16x8.shr_u(i16x8.mul(twos, i16x8.splat(103)), 10);
  return i16x8.sub(i16x8.shl(twos, 8), i16x8.mul(tens, i16x8.splat(10 * 256 - 1)));
}

/**
 * Prints one number and a comma.
 * @param text its nine digits, a point and a zero, where `places` looks for them
 * @param digits those behind the first, a byte each
 */
@inline function printOne(text: v128, digits: i64, exponent: i32, pattern: i32, out: i32): i32 {
  store<u8>(out, 0x2d); // -
  out += u32(pattern) >>> 31;
  const length = 9 - (i32(clz(digits)) >> 3);
  const isPlain = u32(exponent - lowestExponent) <= u32(highestExponent - lowestExponent);
  const point = isPlain ? exponent : 0;
  const place = v128.load(changetype<i32>(places) + ((point - lowestExponent) << 4));
  v128.store(out, i8x16.swizzle(text, place));
  out += length > point + 1 ? length + 1 - min(point, 0) : point + 1;
  if (!isPlain) {
    const size = abs(exponent);
    store<u8>(out, 0x65); // e
    store<u8>(out, exponent < 0 ? 0x2d : 0x2b, 1);
    store<u8>(out, 0x30 + size / 10, 2);
    store<u8>(out, 0x30 + size % 10, 3);
    out += 4;
  }
  store<u8>(out, 0x2c);
  return out + 1;
}
