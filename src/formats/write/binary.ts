import { DatabaseError } from '../../errors.ts';
import type { WriteFormat } from './format.ts';

/** One PGCOPY file, as `COPY … TO 'file' (FORMAT binary)` writes it and `COPY … FROM` reads it. */
export const binaryFormat: WriteFormat = {
  name: 'binary',
  endings: ['bin', 'binary', 'pgcopy'],
  binary: true,
  wire: () => ({ format: 'binary' }),
  encode: async function* (wire, _options, onRows) {
    const tuples = new TupleCounter();
    for await (const chunk of wire) {
      tuples.count(chunk);
      yield chunk;
      onRows(tuples.total);
    }
    if (!tuples.complete)
      throw new DatabaseError('COPY ended before its trailer, the file would be cut short');
  },
};

/** Signature (11), flags (4) and the length of a header extension (4), which PostgreSQL always leaves empty. */
const headerLength = 19;

/**
 * Counts the tuples of a PGCOPY stream: an int16 number of fields, then for each an int32 length (−1: NULL) and
 * that many bytes; −1 instead of a number of fields is the trailer.
 * https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.4
 */
export class TupleCounter {
  /** Whole tuples so far. */
  total = 0;
  /** The trailer has been seen. */
  complete = false;
  #skip = headerLength;
  #fields = 0;
  #number = 0;
  #digits = 0;

  /** Takes the next bytes, cut anywhere. */
  count(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length && !this.complete) {
      const skipped = Math.min(this.#skip, chunk.length - at);
      this.#skip -= skipped;
      at += skipped;
      if (this.#skip > 0 || at === chunk.length) return;
      this.#number = (this.#number << 8) | chunk[at++]!;
      this.#digits++;
      if (this.#digits === (this.#fields === 0 ? 2 : 4)) this.#take();
    }
  }

  #take(): void {
    const number = this.#number;
    this.#number = 0;
    this.#digits = 0;
    if (this.#fields === 0) {
      this.complete = number === 0xffff;
      if (number === 0) this.total++;
      else if (!this.complete) this.#fields = number;
    } else {
      this.#skip = Math.max(number, 0);
      this.#fields--;
      if (this.#fields === 0) this.total++;
    }
  }
}
