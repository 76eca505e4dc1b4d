import { Damaged } from './values.ts';

/**
 * Decompresses one block of Snappy (https://github.com/google/snappy/blob/main/format_description.txt).
 * @param out of the length that the result has, or shorter where its beginning alone is asked for
 * @throws Damaged
 */
export function readSnappy(input: Uint8Array, out: Uint8Array): void {
  let at = 1;
  while (input[at - 1]! >= 0x80) at++; // the length of the result, which is known
  let filled = 0;
  while (filled < out.length) {
    if (at >= input.length) throw new Damaged('its Snappy data is cut short');
    const tag = input[at++]!;
    const kind = tag & 3;
    let length = (tag >> 2) + 1;
    if (kind === 0) {
      if (length > 60) {
        const bytes = length - 60;
        length = 1;
        for (let i = 0; i < bytes; i++) length += input[at++]! * 2 ** (8 * i);
      }
      filled = literal(input, at, length, out, filled);
      at += length;
      continue;
    }
    let distance: number;
    if (kind === 1) {
      length = ((tag >> 2) & 7) + 4;
      distance = ((tag & 0xe0) << 3) | input[at++]!;
    } else if (kind === 2) {
      distance = input[at]! | (input[at + 1]! << 8);
      at += 2;
    } else {
      distance = (input[at]! | (input[at + 1]! << 8) | (input[at + 2]! << 16) | (input[at + 3]! << 24)) >>> 0;
      at += 4;
    }
    filled = repeat(out, filled, distance, length);
  }
}

/** Copies `length` bytes as they are, as far as there is room; returns where they end. */
export function literal(
  input: Uint8Array,
  at: number,
  length: number,
  out: Uint8Array,
  filled: number,
): number {
  // NaN, of a length that was cut short, is refused too.
  if (!(at + length <= input.length)) throw new Damaged('its compressed data is cut short');
  const end = Math.min(filled + length, out.length);
  if (end - filled > 64) {
    out.set(input.subarray(at, at + end - filled), filled);
    return end;
  }
  while (filled < end) out[filled++] = input[at++]!;
  return end;
}

/** Copies `length` bytes from `distance` before the end so far, as far as there is room; returns where they end. */
export function repeat(out: Uint8Array, filled: number, distance: number, length: number): number {
  if (!(distance > 0 && distance <= filled))
    throw new Damaged('its compressed data points before its beginning');
  const end = Math.min(filled + length, out.length);
  if (distance >= end - filled && end - filled > 64) {
    out.copyWithin(filled, filled - distance, end - distance);
    return end;
  }
  for (let from = filled - distance; filled < end; ) out[filled++] = out[from++]!;
  return end;
}
