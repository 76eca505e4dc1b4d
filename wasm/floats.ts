// What is done to every float32 on its way into a COPY, sixteen bytes at a time, in AssemblyScript.
// Compiled by scripts/build.mjs into dist/floats.wasm; src/vector/floats-wasm.ts uses it and has the plain twins.

const exponent: i32 = 0x7f800000;

/**
 * Reverses the bytes of each float32.
 * @param at address of the first, which need not be aligned
 */
export function swap(at: i32, count: i32): void {
  const end = at + (count << 2);
  for (; at + 16 <= end; at += 16) {
    const four = v128.load(at);
    v128.store(at, i8x16.shuffle(four, four, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12));
  }
  for (; at < end; at += 4) store<u32>(at, bswap(load<u32>(at)));
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
