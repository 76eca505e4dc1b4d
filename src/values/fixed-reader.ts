import type { Column } from '../batch.ts';
import { grown, type NumberArray, Validity } from '../growing.ts';
import { TAKEN, type TextReader, UNSURE, type Verdict } from '../text-reader.ts';

/** A column of values of one size, and how one of them is read. */
export interface FixedType<A extends NumberArray> {
  /** An empty array of the column's kind. */
  array: A;
  /** Array elements a value: 1, and 16 for a uuid's bytes. */
  width: number;
  /** Stores the text's value from index `at` on; false where PostgreSQL should read the text itself. */
  store: (bytes: Uint8Array, start: number, end: number, array: A, at: number) => boolean;
  column: (values: A, validity: Uint8Array | undefined) => Column;
}

/** A reader of values of one size. */
export function fixedReader<A extends NumberArray>(type: FixedType<A>): TextReader {
  return new FixedReader(type);
}

class FixedReader<A extends NumberArray> implements TextReader {
  readonly problem = undefined;
  private readonly type: FixedType<A>;
  private values: A;
  private readonly validity = new Validity();

  constructor(type: FixedType<A>) {
    this.type = type;
    this.values = type.array;
  }

  read(bytes: Uint8Array, start: number, end: number): Verdict {
    const at = this.validity.rows * this.type.width;
    this.values = grown(this.values, at + this.type.width);
    if (!this.type.store(bytes, start, end, this.values, at)) return UNSURE;
    this.validity.addValue();
    return TAKEN;
  }

  readNull(): void {
    this.validity.addNull();
    this.values = grown(this.values, this.validity.rows * this.type.width);
  }

  take(): Column {
    const values = this.values.subarray(0, this.validity.rows * this.type.width) as A;
    return this.type.column(values, this.validity.take());
  }
}
