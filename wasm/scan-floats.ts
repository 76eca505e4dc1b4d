// The quick road of src/vector/scan.ts once more, in AssemblyScript: WebAssembly has the 64-bit integers that
// JavaScript lacks, and vectors of sixteen bytes. What is not plain it leaves to its twin.
// Compiled by scripts/build.mjs into dist/scan-floats.wasm.

/** As in src/vector/float32.ts: one part in 2^47 either way must not change the rounded number. */
const lower: f64 = 1 - 7.105427357601002e-15;
const upper: f64 = 1 + 7.105427357601002e-15;
const largest: f32 = 3.4028234663852886e38;

const lowestPower: i32 = -60;
const highestPower: i32 = 60;

const tenTo: StaticArray<u64> = [
  1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000, 10000000000, 100000000000,
  1000000000000, 10000000000000,
];
/** Below this, so many digits more make no number over 10^19, which 64 bits hold. */
const roomFor: StaticArray<u64> = [
  10000000000000000000, 1000000000000000000, 100000000000000000, 10000000000000000, 1000000000000000,
  100000000000000, 10000000000000, 1000000000000, 100000000000,
];

/** Vectors as bytes: written as constants into the code, they would be put together anew at each use. */
const commas: i32 = 0;
const zeros: i32 = 16;
/** Added to a byte of 10 or more, it sets the highest bit. */
const overNine: i32 = 32;
const tens: i32 = 48;
const lowBytes: i32 = 64;
const hundreds: i32 = 80;
const tenThousands: i32 = 96;
const vectors: StaticArray<u8> = [
  0x2c, 0x2c, 0x2c, 0x2c, 0x2c, 0x2c, 0x2c, 0x2c, 0x2c, 0x2c, 0x2c, 0x2c, 0x2c, 0x2c, 0x2c, 0x2c,
  0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30,
  118, 118, 118, 118, 118, 118, 118, 118, 118, 118, 118, 118, 118, 118, 118, 118,
  10, 0, 10, 0, 10, 0, 10, 0, 10, 0, 10, 0, 10, 0, 10, 0,
  255, 0, 255, 0, 255, 0, 255, 0, 255, 0, 255, 0, 255, 0, 255, 0,
  100, 0, 1, 0, 100, 0, 1, 0, 100, 0, 1, 0, 100, 0, 1, 0,
  0x10, 0x27, 1, 0, 0x10, 0x27, 1, 0, 0x10, 0x27, 1, 0, 0x10, 0x27, 1, 0,
];
/** 16 bytes from byte n on are the places of the first n bytes, behind so many zeros (0x80) that they make 16. */
const toTheRight: StaticArray<u8> = [
  0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
];

/**
 * Reads `[-]d.ddd…,` of at most 16 bytes, which is what embeddings are made of as a rule: without a branch that depends
 * on the sign or on how many digits there are, as nobody can foresee those.
 * @param at address of the first byte; 32 may be read
 * @param negative 1 where that is a minus, else 0
 * @param out address that the float32 is written to
 * @returns how many bytes it took, the comma included; 0 where it is something else
 */
function shortFraction(at: i32, negative: i32, powers: i32, out: i32): i32 {
  const length = ctz(i8x16.bitmask(i8x16.eq(v128.load(at), vector(commas))));
  const first = at + negative;
  const digitCount = length - negative - 2;
  if (u32(digitCount - 1) > 12 || load<u8>(first + 1) != 0x2e) return 0;
  const whole: u32 = load<u8>(first) - 0x30;
  const values = v128.xor(v128.load(first + 2), vector(zeros));
  const digits = i8x16.swizzle(values, v128.load(changetype<i32>(toTheRight) + digitCount));
  if (whole > 9 || i8x16.bitmask(i8x16.add_sat_u(digits, vector(overNine)))) return 0;

  // Neighbours are joined, each time half as many: digits, twos, fours, eights.
  const firsts = i16x8.mul(v128.and(digits, vector(lowBytes)), vector(tens));
  const twos = i16x8.add(firsts, i16x8.shr_u(digits, 8));
  const fours = i32x4.dot_i16x8_s(twos, vector(hundreds));
  const eights = i32x4.dot_i16x8_s(i16x8.narrow_i32x4_s(fours, fours), vector(tenThousands));
  const both = i64x2.extract_lane(eights, 0);
  const fraction = i64(u32(both)) * 100000000 + (both >> 32);
  const number = i64(whole) * i64(unchecked(tenTo[digitCount])) + fraction;

  const value = f64(number) * load<f64>(powers + ((-digitCount - lowestPower) << 3));
  const rounded = f32(value * lower);
  if (rounded != f32(value * upper)) return 0;
  store<u32>(out, reinterpret<u32>(rounded) | (negative << 31));
  return length + 1;
}

function vector(offset: i32): v128 {
  return v128.load(changetype<i32>(vectors) + offset);
}

/**
 * Reads `number,number,…` and the byte `close`, which must be the last.
 * @param start address of the first byte
 * @param end address behind the last; 32 more may be read
 * @param powers address of the doubles 10^-60 to 10^60
 * @param out address that the float32s are written to
 * @param limit how many at most
 * @returns how many, or −1 where the twin must look
 */
export function scan(start: i32, end: i32, close: i32, powers: i32, out: i32, limit: i32): i32 {
  let at = start;
  let count = 0;
  while (true) {
    let byte: i32 = load<u8>(at);
    if (byte == 0x20) byte = load<u8>(++at);
    const negative = i32(byte == 0x2d);

    const taken = count < limit ? shortFraction(at, negative, powers, out + (count << 2)) : 0;
    if (taken > 0 && at + taken < end) {
      at += taken;
      count++;
      continue;
    }

    if (negative) byte = load<u8>(++at);

    let digit: u32 = byte - 0x30;
    if (digit > 9) return -1;
    let digits: u64 = 0;
    while (digit <= 9) {
      if (digits >= unchecked(roomFor[1])) return -1;
      digits = digits * 10 + digit;
      byte = load<u8>(++at);
      digit = byte - 0x30;
    }

    let power = 0;
    if (byte == 0x2e) {
      at++;
      let run = 8;
      do {
        // A digit's byte becomes its value; in any other byte the highest bit is set in `others`.
        let word = load<u64>(at) ^ 0x3030303030303030;
        const others = ((word + 0x7676767676767676) | word) & 0x8080808080808080;
        if (others != 0) {
          run = i32(ctz(others) >> 3);
          if (run == 0) break;
          word <<= 64 - 8 * run;
        }
        if (digits >= unchecked(roomFor[run])) return -1;
        digits = digits * unchecked(tenTo[run]) + eightDigits(word);
        at += run;
        power -= run;
      } while (run == 8);
      byte = load<u8>(at);
    }

    if ((byte | 0x20) == 0x65) {
      byte = load<u8>(++at);
      const below = byte == 0x2d;
      if (below || byte == 0x2b) byte = load<u8>(++at);
      let exponent: i32 = byte - 0x30;
      if (u32(exponent) > 9) return -1;
      byte = load<u8>(++at);
      while (u32(byte - 0x30) <= 9) {
        exponent = exponent * 10 + byte - 0x30;
        if (exponent > 1000) return -1;
        byte = load<u8>(++at);
      }
      power += below ? -exponent : exponent;
    }
    if (power < lowestPower || power > highestPower) return -1;

    const value = f64(digits) * load<f64>(powers + ((power - lowestPower) << 3));
    const rounded = f32(value * lower);
    if (rounded != f32(value * upper) || rounded > largest || count == limit) return -1;
    store<f32>(out + (count << 2), negative ? -rounded : rounded);
    count++;

    if (byte == 0x20) byte = load<u8>(++at);
    at++;
    if (byte == 0x2c) continue;
    return byte == close && at == end ? count : -1;
  }
}

/** The number that eight digits spell, the first in the lowest byte (D. Lemire, "Quickly parsing eight digits"). */
function eightDigits(word: u64): u64 {
  const pairs = word * 10 + (word >> 8);
  const high = (pairs & 0x000000ff000000ff) * 0x000f424000000064;
  const low = ((pairs >> 16) & 0x000000ff000000ff) * 0x0000271000000001;
  return (high + low) >> 32;
}
