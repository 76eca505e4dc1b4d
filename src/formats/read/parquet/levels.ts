import { Damaged } from '../columnar/values.ts';
import { unpackBits } from './bits.ts';

/**
 * Reads `count` numbers of `width` bits in the hybrid of run lengths and bit packing (Parquet's Encodings.md: RLE)
 * into out[from, from + count).
 * @returns where the last run read ends
 * @throws Damaged where bytes[at, end) holds fewer
 */
export function readHybrid(
  bytes: Uint8Array,
  at: number,
  end: number,
  width: number,
  out: Uint8Array | Int32Array,
  from: number,
  count: number,
): number {
  const stop = from + count;
  while (from < stop) {
    let header = 0;
    for (let shift = 0; ; shift += 7) {
      if (at >= end || shift > 28) throw new Damaged('a run of levels or indices is cut short');
      const byte = bytes[at++]!;
      header |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    const length = header >>> 1;
    if ((header & 1) === 0) {
      const valueBytes = (width + 7) >> 3;
      if (at + valueBytes > end) throw new Damaged('a run of levels or indices is cut short');
      let value = 0;
      for (let i = 0; i < valueBytes; i++) value |= bytes[at++]! << (8 * i);
      const to = Math.min(stop, from + length);
      out.fill(value, from, to);
      from = to;
    } else {
      const packed = Math.min(length * width, end - at);
      const values = Math.min(stop - from, length * 8);
      if (Math.ceil((values * width) / 8) > packed)
        throw new Damaged('a run of levels or indices is cut short');
      unpackBits(bytes, at, width, out, from, values);
      at += packed;
      from += values;
    }
  }
  return at;
}

/** Bits that levels up to `most` take. */
export function levelWidth(most: number): number {
  return 32 - Math.clz32(most);
}
