// What is done to every float32 on its way into a COPY and out of one, sixteen bytes at a time, in AssemblyScript.
// Compiled by scripts/build.mjs into dist/floats.wasm; src/vector/floats-wasm.ts uses it and has the plain twins;
// that of swapRows is to decode tuples (src/copy/decode).

const exponent: i32 = 0x7f800000;

/**
 * Reverses the bytes of each float32 of some rows, and puts them elsewhere.
 * @param from address of the first row's, which need not be aligned; the next one's are `fromStride` bytes behind
 * @param to where they go, with `toStride` bytes a row
 */
export function swapRows(from: i32, fromStride: i32, to: i32, toStride: i32, count: i32, rows: i32): void {
  for (; rows > 0; rows--) {
    swapTo(from, to, count);
    from += fromStride;
    to += toStride;
  }
}

function swapTo(from: i32, to: i32, count: i32): void {
  const end = from + (count << 2);
  for (; from + 16 <= end; from += 16) {
    const four = v128.load(from);
    v128.store(to, i8x16.shuffle(four, four, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12));
    to += 16;
  }
  for (; from < end; from += 4) {
    store<u32>(to, bswap(load<u32>(from)));
    to += 4;
  }
}

/** Whether none of so many float32s is NaN or infinite: all bits of the exponent are set in those alone. */
export function allFinite(at: i32, count: i32): bool {
  const end = at + (count << 2);
  const exponents = i32x4.splat(exponent);
  let found = i32x4.splat(0);
  for (; at + 16 <= end; at += 16) {
    found = v128.or(found, i32x4.eq(v128.and(v128.load(at), exponents), exponents));
  }
  let one = v128.any_true(found);
  for (; at < end; at += 4) one = one || (load<i32>(at) & exponent) == exponent;
  return !one;
}

/**
 * Writes rows of float32s as COPY's tuples.
 * @param from address of the first row's floats; the next one's are `stride` bytes behind
 * @param to where the tuples go; 32 bytes behind the last are written over
 * @param frame address of what stands before the floats of a tuple, `before` of 32 bytes, and behind them, `behind` of 32
 * @param numberAt where in the tuple the row's number goes, which is `number` for the first; negative: nowhere
 * @returns whether no float is NaN or infinite
 */
export function writeTuples(
  from: i32,
  stride: i32,
  to: i32,
  count: i32,
  rows: i32,
  frame: i32,
  before: i32,
  behind: i32,
  numberAt: i32,
  number: f64,
): bool {
  const exponents = i32x4.splat(exponent);
  let found = i32x4.splat(0);
  let next = i64(number);
  for (; rows > 0; rows--, from += stride, next++) {
    const tuple = to;
    // More than there is: what comes next is written over it.
    v128.store(to, v128.load(frame));
    v128.store(to, v128.load(frame, 16), 16);
    to += before;
    let at = from;
    const end = from + (count << 2);
    for (; at + 16 <= end; at += 16, to += 16) {
      const four = v128.load(at);
      found = v128.or(found, i32x4.eq(v128.and(four, exponents), exponents));
      v128.store(to, i8x16.shuffle(four, four, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12));
    }
    for (; at < end; at += 4, to += 4) {
      const one = load<u32>(at);
      found = v128.or(found, i32x4.eq(v128.and(i32x4.splat(one), exponents), exponents));
      store<u32>(to, bswap(one));
    }
    v128.store(to, v128.load(frame, 32));
    v128.store(to, v128.load(frame, 48), 16);
    to += behind;
    if (numberAt >= 0) store<u64>(tuple + numberAt, bswap(u64(next)));
  }
  return !v128.any_true(found);
}
