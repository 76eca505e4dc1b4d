/** Arrays and bitmaps that grow with the rows of a batch and are used again for the next one. */

/** Of a column's values. */
export type NumberArray =
  | Uint8Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Int16Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Float32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>
  | BigInt64Array<ArrayBuffer>;

/** `array` itself where it holds `length` elements, else a copy at least twice as long. */
export function grown<A extends NumberArray>(array: A, length: number): A {
  if (length <= array.length) return array;
  const larger = new (array.constructor as new (length: number) => A)(
    Math.max(length, array.length * 2, 256),
  );
  (larger as Uint8Array).set(array as Uint8Array);
  return larger;
}

/** Which rows hold a value; no bitmap until a NULL comes. */
export class Validity {
  private bits = new Uint8Array(128);
  private count = 0;
  private nulls = 0;

  get rows(): number {
    return this.count;
  }

  addValue(): void {
    if (this.nulls > 0) this.mark(this.count, true);
    this.count++;
  }

  addNull(): void {
    if (this.nulls++ === 0) {
      this.bits = grown(this.bits, (this.count >> 3) + 1);
      this.bits.fill(0xff, 0, (this.count >> 3) + 1);
    }
    this.mark(this.count++, false);
  }

  /** The bitmap of the rows so far, undefined where none is NULL; counts from 0 again. */
  take(): Uint8Array | undefined {
    const bitmap = this.nulls > 0 ? this.bits.subarray(0, (this.count + 7) >> 3) : undefined;
    this.count = 0;
    this.nulls = 0;
    return bitmap;
  }

  private mark(row: number, valid: boolean): void {
    const byte = row >> 3;
    if (byte >= this.bits.length) this.bits = grown(this.bits, byte + 1);
    if (valid) this.bits[byte]! |= 1 << (row & 7);
    else this.bits[byte]! &= ~(1 << (row & 7));
  }
}

/** Where the rows of a column of variable length begin and end: row i is [offsets[i], offsets[i + 1]). */
export class Offsets {
  private offsets = new Int32Array(256);
  private rows = 0;

  /** Ends the next row at `end`. */
  add(end: number): void {
    this.offsets = grown(this.offsets, ++this.rows + 1);
    this.offsets[this.rows] = end;
  }

  /** The offsets of the rows so far, one more than there are rows; counts from 0 again. */
  take(): Int32Array {
    const offsets = this.offsets.subarray(0, this.rows + 1);
    this.rows = 0;
    return offsets;
  }
}
