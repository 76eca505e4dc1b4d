import { Damaged } from '../columnar/values.ts';

/** Booleans, a byte each, from their bits. */
export function unpackedBits(bits: Uint8Array, length: number): Uint8Array {
  if (bits.length * 8 < length) throw new Damaged('a buffer is shorter than its column');
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = (bits[i >> 3]! >> (i & 7)) & 1;
  return bytes;
}

/**
 * Where values of any length begin and end, checked.
 * @param wide int64, else int32
 * @param most what they point into has so many bytes or elements
 */
export function narrowOffsets(bytes: Uint8Array, wide: boolean, length: number, most: number): Int32Array {
  const size = wide ? 8 : 4;
  if (length === 0) return new Int32Array(1);
  if (bytes.length < (length + 1) * size) throw new Damaged('a buffer is shorter than its column');
  const offsets = wide
    ? Int32Array.from(new BigInt64Array(bytes.buffer, bytes.byteOffset, length + 1), Number)
    : new Int32Array(bytes.buffer, bytes.byteOffset, length + 1);
  let before = 0;
  for (let i = 0; i <= length; i++) {
    if (offsets[i]! < before) throw new Damaged('a value ends before it begins');
    before = offsets[i]!;
  }
  if (before > most) throw new Damaged('a value lies outside of its buffer');
  return offsets;
}

/**
 * Values of any length from their views: of 16 bytes each, which begin with the length as int32 and hold up to 12
 * bytes themselves; else four of them, the buffer's number and the place in it.
 */
export function copyViews(
  views: Uint8Array,
  buffers: readonly Uint8Array[],
  length: number,
): { kind: 'bytes'; offsets: Int32Array; bytes: Uint8Array } {
  const view = new DataView(views.buffer, views.byteOffset, views.length);
  const offsets = new Int32Array(length + 1);
  let total = 0;
  for (let i = 0; i < length; i++) {
    const size = view.getInt32(16 * i, true);
    total += size;
    if (size < 0 || total > 2 ** 31 - 1) throw new Damaged('a value lies outside of its buffer');
    offsets[i + 1] = total;
  }
  const bytes = new Uint8Array(total);
  for (let i = 0; i < length; i++) {
    const size = view.getInt32(16 * i, true);
    const inside = size <= 12;
    const source = inside ? views : buffers[view.getInt32(16 * i + 8, true)];
    const start = inside ? 16 * i + 4 : view.getInt32(16 * i + 12, true);
    if (source === undefined || start < 0 || start + size > source.length) {
      throw new Damaged('a value lies outside of its buffer');
    }
    bytes.set(source.subarray(start, start + size), offsets[i]!);
  }
  return { kind: 'bytes', offsets, bytes };
}
