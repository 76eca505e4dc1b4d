/** Reads `count` numbers of `width` bits each (32 at most), least significant bit first, into `out` from `from` on. */
export function unpackBits(
  bytes: Uint8Array,
  at: number,
  width: number,
  out: Uint8Array | Int32Array,
  from: number,
  count: number,
): void {
  if (width === 1) {
    for (let i = 0; i < count; i++) out[from + i] = (bytes[at + (i >> 3)]! >> (i & 7)) & 1;
    return;
  }
  if (width > 24) {
    unpackWide(bytes, at, width, out, from, count);
    return;
  }
  const mask = (1 << width) - 1;
  let [buffer, bits] = [0, 0];
  for (let i = 0; i < count; i++) {
    for (; bits < width; bits += 8) buffer |= bytes[at++]! << bits;
    out[from + i] = buffer & mask;
    buffer >>>= width;
    bits -= width;
  }
}

/** The same where a value and a byte do not fit into 32 bits together. */
function unpackWide(
  bytes: Uint8Array,
  at: number,
  width: number,
  out: Uint8Array | Int32Array,
  from: number,
  count: number,
): void {
  let [buffer, bits] = [0, 0];
  for (let i = 0; i < count; i++) {
    for (; bits < width; bits += 8) buffer += bytes[at++]! * 2 ** bits;
    out[from + i] = buffer % 2 ** width;
    buffer = Math.floor(buffer / 2 ** width);
    bits -= width;
  }
}

/** One number of up to 64 bits, `index` of them after byte `at`. */
export function wideBits(bytes: Uint8Array, at: number, width: number, index: number): bigint {
  let value = 0n;
  const first = index * width;
  for (let bit = first; bit < first + width; ) {
    const within = bit & 7;
    const taken = Math.min(8 - within, first + width - bit);
    const part = (bytes[at + (bit >> 3)]! >> within) & ((1 << taken) - 1);
    value |= BigInt(part) << BigInt(bit - first);
    bit += taken;
  }
  return value;
}
