import type { Batch } from '../../batch.ts';
import { DatabaseError, DataError, PgvError } from '../../errors.ts';
import { TupleWalker } from '../../tuples.ts';
import type { ValueType } from '../../values/types.ts';
import { arrayValues } from './arrays.ts';
import { bitsValues, bytesValues } from './bytes.ts';
import {
  booleanValues,
  float32Values,
  float64Values,
  int16Values,
  int32Values,
  int64Values,
  uuidValues,
} from './fixed.ts';
import type { ValueReader, Wire } from './value-reader.ts';
import { denseValues, raggedValues, sparseValues } from './vectors.ts';

const dense =
  (kind: 'vector' | 'halfvec') =>
  ({ length }: ValueType): ValueReader =>
    length === undefined ? raggedValues(kind) : denseValues(kind, length);
const text = () => bytesValues('utf8');

/** Every type whose binary values become a column of their own kind; any other's are passed through `raw`. */
const readers: Record<string, (type: ValueType) => ValueReader> = {
  vector: dense('vector'),
  halfvec: dense('halfvec'),
  sparsevec: sparseValues,
  bit: bitsValues,
  varbit: bitsValues,
  text,
  varchar: text,
  bpchar: text,
  name: text,
  citext: text,
  enum: text,
  json: text,
  jsonb: () => bytesValues('json'),
  bool: booleanValues,
  int2: int16Values,
  int4: () => int32Values('int32'),
  int8: () => int64Values('int64'),
  float4: float32Values,
  float8: float64Values,
  uuid: uuidValues,
  date: () => int32Values('date'),
  time: () => int64Values('time'),
  timestamp: () => int64Values('timestamp'),
  timestamptz: () => int64Values('timestamp'),
  array: ({ element }) =>
    element === undefined ? bytesValues('raw') : arrayValues(element.oid, valueReader(element.type)),
};

function valueReader(type: ValueType): ValueReader {
  return Object.hasOwn(readers, type.name) ? readers[type.name]!(type) : bytesValues('raw');
}

/** A column of the tuples. */
export interface WireColumn {
  name: string;
  type: ValueType;
}

/**
 * Takes the tuples of a binary COPY apart into columns, the reverse of encodeBinary (manual: COPY, Binary Format).
 * One decoder serves batch after batch, and writes over the arrays of the one before.
 */
export class TupleDecoder {
  private readonly columns: readonly WireColumn[];
  private readonly readers: readonly ValueReader[];
  private readonly walker: TupleWalker;

  constructor(columns: readonly WireColumn[]) {
    this.columns = columns;
    this.readers = columns.map(({ type }) => valueReader(type));
    this.walker = new TupleWalker(columns.length);
  }

  /**
   * @param bytes whole tuples, without header and trailer
   * @throws DataError with the column, for a value that no column holds
   */
  decode(bytes: Uint8Array, rows: number): Batch {
    const wire = { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length) };
    let at = 0;
    for (let row = 0; row < rows; row++) {
      at = this.walker.next(bytes, at, bytes.length);
      if (at < 0) throw new DatabaseError('what the database sent is no binary COPY', { code: 'protocol' });
      this.readRow(wire);
    }
    return { rows, columns: this.readers.map((reader) => reader.take()) };
  }

  private readRow(wire: Wire): void {
    const { starts, ends } = this.walker;
    for (let i = 0; i < this.readers.length; i++) {
      const start = starts[i]!;
      if (start < 0) this.readers[i]!.readNull();
      else this.read(i, wire, start, ends[i]!);
    }
  }

  private read(i: number, wire: Wire, start: number, end: number): void {
    try {
      this.readers[i]!.read(wire, start, end);
    } catch (error) {
      if (!(error instanceof PgvError)) throw error;
      throw new DataError(error.message, {
        code: error.code,
        hint: error.hint,
        column: this.columns[i]!.name,
        cause: error,
      });
    }
  }
}
