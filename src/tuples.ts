/** Larger than any field that PostgreSQL sends or takes: its values are below 1 GB. */
const longestField = 2 ** 30 - 1;

/** There is no end of a tuple here: it lies behind the bytes at hand. */
export const UNFINISHED = -1;
/** The trailer stands here, −1 instead of a number of fields. */
export const TRAILER = -2;
/** What stands here is no tuple. */
export const BROKEN = -3;

/**
 * Walks over the tuples of a binary COPY: an int16 number of fields, then for each its length as int32 (−1: NULL) and
 * its bytes, big-endian.
 */
export class TupleWalker {
  /** Where each field's bytes begin in the tuple walked over last, and where they end; both −1 for NULL. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** What is wrong with the tuple walked over last, where it is BROKEN. */
  problem = '';
  /** Of one that is UNFINISHED: where it ends, at the least. */
  least = 0;

  constructor(fields: number) {
    this.starts = new Int32Array(fields);
    this.ends = new Int32Array(fields);
  }

  /** @returns where the tuple at `at` ends, no further than `length`; or UNFINISHED, TRAILER or BROKEN */
  next(bytes: Uint8Array, at: number, length: number): number {
    const { starts, ends } = this;
    if (at + 2 > length) return this.unfinished(at + 2);
    const fields = (bytes[at]! << 8) | bytes[at + 1]!;
    if (fields === 0xffff) return TRAILER;
    if (fields !== starts.length) {
      this.problem = `the row has ${(fields << 16) >> 16} fields, row 1 has ${starts.length}`;
      return BROKEN;
    }
    at += 2;
    for (let i = 0; i < fields; i++) {
      if (at + 4 > length) return this.unfinished(at + 4);
      const size = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
      at += 4;
      if (size < 0) {
        starts[i] = ends[i] = -1;
        if (size === -1) continue;
      }
      if (size < 0 || size > longestField) {
        this.problem = `field ${i + 1} would have ${size} bytes`;
        return BROKEN;
      }
      starts[i] = at;
      at += size;
      ends[i] = at;
      if (at > length) return this.unfinished(at);
    }
    return at;
  }

  private unfinished(least: number): typeof UNFINISHED {
    this.least = least;
    return UNFINISHED;
  }
}
