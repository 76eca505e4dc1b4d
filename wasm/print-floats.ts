// src/vector/shortest.ts and the digits' printing once more, in AssemblyScript: WebAssembly has the 64-bit integers that
// JavaScript lacks, and vectors of sixteen bytes. Without a branch that depends on a number's sign or on how many digits
// it has, as nobody can foresee those. Compiled by scripts/build.mjs into dist/print-floats.wasm.

const tenTo: StaticArray<u32> = [1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000];

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
 * Prints float32s, a comma behind each.
 * @param at address of the first
 * @param scales address of the table that src/vector/scales.ts makes
 * @param out address of the text; 16 bytes behind its end are written over
 * @returns where the text ends
 */
export function printFloats(at: i32, count: i32, scales: i32, out: i32): i32 {
  for (const end = at + (count << 2); at < end; at += 4) out = printFloat(load<u32>(at), scales, out);
  return out;
}

/** The same for IEEE 754 binary16 patterns, finite ones: each is a float32 too. */
export function printHalves(at: i32, count: i32, scales: i32, out: i32): i32 {
  for (const end = at + (count << 1); at < end; at += 2) {
    const half: u32 = load<u16>(at);
    // The exponent's bias is 112 more; a multiplication adds it, and is exact for subnormals too.
    const magnitude = reinterpret<f32>((half & 0x7fff) << 13) * reinterpret<f32>(0x77800000);
    out = printFloat(reinterpret<u32>(magnitude) | ((half & 0x8000) << 16), scales, out);
  }
  return out;
}

function printFloat(pattern: u32, scales: i32, out: i32): i32 {
  store<u8>(out, 0x2d); // -
  out += pattern >>> 31;
  const exponentBits = (pattern >> 23) & 0xff;
  const fraction = pattern & 0x7fffff;
  if ((pattern << 1) == 0 || exponentBits == 0xff) return printSpecial(pattern, out);

  // The shortest decimal strictly between the neighbours' halfway points, as src/vector/shortest.ts explains.
  const closer = i32(fraction == 0) & i32(exponentBits > 1);
  const significand = fraction | (u32(exponentBits != 0) << 23);
  const scale = scales + ((exponentBits | (closer << 8)) << 4);
  const factor = load<u64>(scale);
  const shift = load<u32>(scale, 12);
  const center = significand << 2;
  const value = scaled(factor, center << shift);
  const lower = scaled(factor, (center - 2 + closer) << shift) + 1;
  const upper = scaled(factor, (center + 2) << shift) - 1;

  const ones = value >> 2;
  const tens = u32((u64(ones) * 0xcccccccd) >> 35);
  const tensAt = tens * 40;
  const nextTen = i32(tensAt + 40 <= upper);
  const tenFits = i32(lower <= tensAt) | nextTen;
  const onesAt = ones << 2;
  const oneFits = i32(lower <= onesAt);
  const nextOne = i32(onesAt + 4 <= upper);
  const nearer = i32(value > onesAt + 2) | (i32(value == onesAt + 2) & (ones & 1));
  const decimal = tenFits ? tens + nextTen : ones + (oneFits != nextOne ? nextOne : nearer);
  return printDecimal(decimal, load<i32>(scale, 8) + tenFits, out);
}

/** value · factor / 2^64, rounded to odd: the last bit says whether anything was cut off. */
function scaled(factor: u64, value: u32): u32 {
  const product = (factor >> 32) * value + ((u64(u32(factor)) * value) >> 32);
  return u32(product >> 32) | u32(u32(product) > 1);
}

/** Zero, or, though no vector holds such, infinity or NaN, which has no sign. */
function printSpecial(pattern: u32, out: i32): i32 {
  if ((pattern << 1) == 0) {
    store<u16>(out, 0x2c30); // 0,
    return out + 2;
  }
  if ((pattern << 1) == 0xff000000) {
    store<u64>(out, 0x7974696e69666e49); // Infinity
    store<u8>(out, 0x2c, 8);
    return out + 9;
  }
  out -= pattern >>> 31;
  store<u32>(out, 0x2c4e614e); // NaN,
  return out + 4;
}

/** Prints decimal · 10^power, 1 ≤ decimal < 10^9, and a comma. */
function printDecimal(decimal: u32, power: i32, out: i32): i32 {
  let missing = i32(decimal < 100000000) + i32(decimal < 10000000) + i32(decimal < 1000000);
  if (decimal < 100000) while (decimal * unchecked(tenTo[missing]) < 100000000) missing++;
  const nine = decimal * unchecked(tenTo[missing]);
  let exponent = power + 8 - missing;

  // Nine digits: one, and eight that are halved again and again, the first ending up in the lowest byte.
  const first = nine / 100000000;
  const rest = nine - first * 100000000;
  const fours = u64(rest / 10000) | (u64(rest % 10000) << 32);
  const hundreds = ((fours * 10486) >> 20) & 0x0000007f0000007f;
  const twos = hundreds + ((fours - hundreds * 100) << 16);
  const tens = ((twos * 103) >> 10) & 0x000f000f000f000f;
  const digits = tens + ((twos - tens * 10) << 8);
  const length = 9 - (i32(clz(digits)) >> 3);

  const isPlain = u32(exponent - lowestExponent) <= u32(highestExponent - lowestExponent);
  const point = isPlain ? exponent : 0;
  const text = i64x2(digits | 0x3030303030303030, 0x00302e30 | first);
  const place = v128.load(changetype<i32>(places) + ((point - lowestExponent) << 4));
  v128.store(out, i8x16.swizzle(text, place));
  const whole = point + 1;
  out += length > whole ? length + 1 - min(point, 0) : whole;
  if (!isPlain) {
    store<u8>(out, 0x65); // e
    store<u8>(out, exponent < 0 ? 0x2d : 0x2b, 1);
    exponent = abs(exponent);
    store<u8>(out, 0x30 + exponent / 10, 2);
    store<u8>(out, 0x30 + exponent % 10, 3);
    out += 4;
  }
  store<u8>(out, 0x2c);
  return out + 1;
}
