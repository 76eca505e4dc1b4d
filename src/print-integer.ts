const [MINUS, ZERO] = [0x2d, 0x30];

/** Bytes of the longest int64: `-9223372036854775808`. */
export const longestInteger = 20;

/** Prints a whole number up to 2^53 either way in decimal; returns where it ends. */
export function printInteger(value: number, out: Uint8Array, at: number): number {
  if (value < 0) {
    out[at++] = MINUS;
    value = -value;
  }
  let end = at + 1;
  for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) end++;
  for (let i = end - 1; i >= at; i--) {
    const rest = Math.floor(value / 10);
    // In this order: with the zero added first, the largest would not be whole any more.
    out[i] = ZERO + (value - rest * 10);
    value = rest;
  }
  return end;
}

const wordSize = 2 ** 32;
/** High words from here on, either way, are of numbers that a double does not hold. */
const unsafeHigh = 2 ** 21;

/** Prints the int64 of these two words; returns where it ends. */
export function printInt64(high: number, low: number, out: Uint8Array, at: number): number {
  const unsigned = low >>> 0;
  if (high >= -unsafeHigh && high < unsafeHigh) return printInteger(high * wordSize + unsigned, out, at);
  const text = ((BigInt(high) << 32n) | BigInt(unsigned)).toString();
  for (let i = 0; i < text.length; i++) out[at + i] = text.charCodeAt(i);
  return at + text.length;
}
