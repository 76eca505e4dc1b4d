import { literal, repeat } from './snappy.ts';
import { Damaged } from './values.ts';

/**
 * Decompresses one block of LZ4 (https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md).
 * @param out bytes [0, from) are there already, and may be repeated
 * @returns where the result ends in `out`
 * @throws Damaged
 */
export function readLz4(input: Uint8Array, out: Uint8Array, from = 0): number {
  let at = 0;
  let filled = from;
  while (filled < out.length && at < input.length) {
    const token = input[at++]!;
    let length = token >> 4;
    if (length === 15) {
      for (let byte = 255; byte === 255; length += byte) byte = byteAt(input, at++);
    }
    filled = literal(input, at, length, out, filled);
    at += length;
    // The last sequence ends with its literals.
    if (at >= input.length || filled === out.length) break;
    const distance = byteAt(input, at) | (byteAt(input, at + 1) << 8);
    at += 2;
    length = (token & 15) + 4;
    if (length === 19) {
      for (let byte = 255; byte === 255; length += byte) byte = byteAt(input, at++);
    }
    filled = repeat(out, filled, distance, length);
  }
  return filled;
}

/**
 * Decompresses a frame of LZ4 (https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md); its checksums are not
 * looked at.
 * @param out of the length that the result has
 */
export function readLz4Frame(input: Uint8Array, out: Uint8Array): void {
  const view = new DataView(input.buffer, input.byteOffset, input.length);
  if (view.getUint32(0, true) !== 0x184d2204)
    throw new Damaged('its LZ4 data does not begin as a frame does');
  const flags = view.getUint8(4);
  const [blockChecksums, hasSize, hasDictionary] = [flags & 0x10, flags & 0x08, flags & 0x01];
  let at = 7 + (hasSize ? 8 : 0) + (hasDictionary ? 4 : 0);
  let filled = 0;
  while (filled < out.length) {
    const head = view.getUint32(at, true);
    const length = head & 0x7fffffff;
    if (length === 0 || at + 4 + length > input.length) throw new Damaged('its LZ4 data is cut short');
    const block = input.subarray(at + 4, at + 4 + length);
    filled = head >>> 31 ? literal(block, 0, length, out, filled) : readLz4(block, out, filled);
    at += 4 + length + (blockChecksums ? 4 : 0);
  }
}

function byteAt(input: Uint8Array, at: number): number {
  if (at >= input.length) throw new Damaged('its LZ4 data is cut short');
  return input[at]!;
}
