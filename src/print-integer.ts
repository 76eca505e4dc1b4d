const [MINUS, ZERO] = [0x2d, 0x30];

/** Bytes of the longest int64: `-9223372036854775808`. */
export const longestInteger = 20;

/** Nine digits fit into a machine's 32-bit integer, which is divided much faster. */
const [nineDigits, tenTo9] = [9, 1e9];

/** Prints a whole number up to 2^53 either way in decimal; returns where it ends. */
export function printInteger(value: number, out: Uint8Array, at: number): number {
  if (value < 0) {
    out[at++] = MINUS;
    value = -value;
  }
  if (value < tenTo9) return printDigits(value, digitsOf(value), out, at);
  const high = Math.floor(value / tenTo9);
  return printDigits(value - high * tenTo9, nineDigits, out, printInteger(high, out, at));
}

function digitsOf(value: number): number {
  let digits = 1;
  for (let power = 10; value >= power; power *= 10) digits++;
  return digits;
}

/** Prints so many digits, zeros in front where there are fewer. */
function printDigits(value: number, digits: number, out: Uint8Array, at: number): number {
  for (let i = at + digits - 1; i >= at; i--) {
    const rest = (value / 10) | 0;
    out[i] = ZERO + value - rest * 10;
    value = rest;
  }
  return at + digits;
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
