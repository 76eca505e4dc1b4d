import type { PageBuffer } from './page-buffer.ts';

/** A leaf's values, as they lie in a batch. */
export interface LeafValues {
  /** Writes values [from, to) one behind the other: PLAIN, but for booleans, which are a byte each. */
  write: (from: number, to: number, page: PageBuffer) => void;
  /** Bytes that values [from, to) take. */
  size: (from: number, to: number) => number;
}

/** Values of one width. @param elements array elements a value */
export function fixedValues(
  { buffer, byteOffset, byteLength, BYTES_PER_ELEMENT }: ArrayBufferView & { BYTES_PER_ELEMENT: number },
  elements = 1,
): LeafValues {
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  const width = BYTES_PER_ELEMENT * elements;
  return {
    write: (from, to, page) => page.append(bytes.subarray(from * width, to * width)),
    size: (from, to) => (to - from) * width,
  };
}

/** Bytes of any length, each behind its length as uint32. */
export function bytesValues(offsets: Int32Array, bytes: Uint8Array): LeafValues {
  return {
    write: (from, to, page) => {
      for (let i = from; i < to; i++) {
        const [start, end] = [offsets[i]!, offsets[i + 1]!];
        page.uint32(end - start);
        page.append(bytes.subarray(start, end));
      }
    },
    size: (from, to) => offsets[to]! - offsets[from]! + (to - from) * 4,
  };
}

export function flagValues(flags: Uint8Array): LeafValues {
  return fixedValues(flags);
}

/**
 * Lays out the float32 from `from` on as BYTE_STREAM_SPLIT: all first bytes, all second bytes, … Those that say how large
 * a number is are alike, and now shrink.
 */
export function splitFloats(page: PageBuffer, from: number): void {
  const length = page.length - from;
  const words = new Uint32Array(page.bytes.slice(from, page.length).buffer);
  const { bytes } = page;
  const count = length / 4;
  let [first, second, third, fourth] = [from, from + count, from + 2 * count, from + 3 * count];
  for (let i = 0; i < count; i++) {
    const word = words[i]!;
    bytes[first++] = word;
    bytes[second++] = word >>> 8;
    bytes[third++] = word >>> 16;
    bytes[fourth++] = word >>> 24;
  }
}
