import { grown } from '../../../growing.ts';
import { Damaged } from '../columnar/values.ts';
import type { Storage } from './nodes.ts';

/** More than this of one column in one piece is no file's but a bomb's. */
const mostBytes = 2 ** 30;

/** The values of a leaf that are no NULLs, one behind the other; used again for the next piece. */
export class LeafBuffer {
  count = 0;
  /** Of values of any length, all their bytes; of booleans, a byte each; else the values as they lie. */
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  /** Of values of any length: value i is bytes[offsets[i], offsets[i + 1]). */
  offsets = new Int32Array(1);
  readonly storage: Storage;

  constructor(storage: Storage) {
    this.storage = storage;
  }

  /** Bytes a value; undefined where they are of any length. */
  get width(): number | undefined {
    if (this.storage.kind === 'bytes') return undefined;
    return this.storage.kind === 'bits' ? 1 : this.storage.width;
  }

  clear(): void {
    this.count = 0;
  }

  /** Makes room for as many values of one width as there will be, and no more than that, in an empty buffer. */
  expect(count: number): void {
    if (this.width !== undefined) this.enlarge(count * this.width);
  }

  /** Makes room for `count` more values of one width; returns where the first begins. */
  reserve(count: number): number {
    const width = this.width!;
    const at = this.count * width;
    this.enlarge(at + count * width);
    this.count += count;
    return at;
  }

  /** Makes room for `count` more values of any length, of `length` bytes in all; returns where the first begins. */
  reserveBytes(count: number, length: number): number {
    const at = this.offsets[this.count]!;
    this.offsets = grown(this.offsets, this.count + count + 1);
    this.enlarge(at + length);
    return at;
  }

  /** Ends the next value of any length at `end`, for which there is room. */
  endValue(end: number): void {
    this.offsets[++this.count] = end;
  }

  private enlarge(length: number): void {
    if (length > mostBytes) throw new Damaged('a column takes more than 1 GB in one piece');
    // Whole words, as numbers are seen through.
    this.bytes = grown(this.bytes, (length + 7) & ~7);
  }
}
