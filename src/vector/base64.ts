/** Bytes that are no base64 (RFC 4648, plain or URL-safe, padded or not), or not whole float32s. */
const NO_BASE64 = -1;
/** More than `out` has room for. */
export const NO_ROOM = -2;

const EQUALS = 0x3d;
const noDigit = 0xff;
const digits = new Uint8Array(256).fill(noDigit);
for (const alphabet of ['+/', '-_']) {
  const all = `ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789${alphabet}`;
  for (let value = 0; value < 64; value++) digits[all.charCodeAt(value)] = value;
}

/**
 * Reads base64 of little-endian float32, as embedding APIs answer with where `encoding_format` is `base64`.
 * @param out takes the values from index `at` on, as bit patterns: NaN and infinity too
 * @returns how many, or one of the negative codes above
 */
export function base64Floats(
  text: Uint8Array,
  start: number,
  end: number,
  out: Float32Array,
  at: number,
): number {
  let stop = end;
  if (stop > start && text[stop - 1] === EQUALS) stop--;
  if (stop > start && text[stop - 1] === EQUALS) stop--;
  const padded = stop < end;
  if (padded && (end - start) % 4 !== 0) return NO_BASE64;
  const length = Math.floor(((stop - start) * 3) / 4);
  if ((stop - start) % 4 === 1 || length === 0 || length % 4 !== 0) return NO_BASE64;
  if (at + length / 4 > out.length) return NO_ROOM;
  const bytes = new Uint8Array(out.buffer, out.byteOffset + at * 4, length);
  let position = start;
  let filled = 0;
  for (; position + 4 <= stop; position += 4, filled += 3) {
    const a = digits[text[position]!]!;
    const b = digits[text[position + 1]!]!;
    const c = digits[text[position + 2]!]!;
    const d = digits[text[position + 3]!]!;
    if ((a | b | c | d) > 63) return NO_BASE64;
    bytes[filled] = (a << 2) | (b >> 4);
    bytes[filled + 1] = (b << 4) | (c >> 2);
    bytes[filled + 2] = (c << 6) | d;
  }
  return readRest(text, position, stop, bytes, filled) ? length / 4 : NO_BASE64;
}

/** The last two or three digits, of one or two bytes; their spare bits are zero. */
function readRest(text: Uint8Array, start: number, stop: number, bytes: Uint8Array, filled: number): boolean {
  if (start === stop) return true;
  const a = digits[text[start]!]!;
  const b = digits[text[start + 1]!]!;
  const c = start + 2 < stop ? digits[text[start + 2]!]! : 0;
  if ((a | b | c) > 63) return false;
  bytes[filled] = (a << 2) | (b >> 4);
  if (start + 2 === stop) return (b & 15) === 0;
  bytes[filled + 1] = (b << 4) | (c >> 2);
  return (c & 3) === 0;
}
