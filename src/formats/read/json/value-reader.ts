import { TAKEN } from '../../../text-reader.ts';
import { type ReadColumn, refusal } from '../text-columns.ts';
import { writeArrayLiteral } from './array-literal.ts';
import { Scratch } from './scratch.ts';
import {
  BrokenJson,
  CLOSE_LIST,
  escaped,
  LETTER_N,
  OPEN_LIST,
  OPEN_OBJECT,
  QUOTE,
  scanScalar,
  scanString,
  scanValue,
} from './syntax.ts';

/** What a JSON value must become for a column's reader. */
type Form =
  /** A list of numbers is a vector's own text. */
  | 'vector'
  /** The value as it is written, whatever it is. */
  | 'document'
  /** A list becomes an array literal; `documents`: of json. */
  | 'array'
  | 'documents'
  | 'text';

/** Reads JSON values into one column: a string's meaning, a number's and a word's text, null as NULL. */
export class ValueReader {
  private readonly column: ReadColumn;
  private readonly form: Form;
  private readonly scratch = new Scratch();

  constructor(column: ReadColumn) {
    this.column = column;
    this.form = formOf(column);
  }

  /**
   * Reads the value at `at`; returns where it ends.
   * @throws BrokenJson; DataError or NeedsText where it is no value of the column's type
   */
  read(bytes: Buffer, at: number, end: number, place: { file: string; row: number }): number {
    switch (at < end ? bytes[at] : -1) {
      case QUOTE:
        return this.readString(bytes, at, end, place);
      case OPEN_LIST:
        return this.form === 'vector'
          ? this.readVector(bytes, at, end, place)
          : this.readList(bytes, at, end, place);
      case OPEN_OBJECT: {
        if (this.form === 'array' || this.form === 'documents') {
          throw new BrokenJson('an object is no array', '22P02');
        }
        const stop = scanValue(bytes, at, end);
        this.give(bytes, at, stop, place);
        return stop;
      }
      default: {
        const stop = scanScalar(bytes, at, end);
        if (bytes[at] === LETTER_N) this.column.reader.readNull();
        else this.give(bytes, at, stop, place);
        return stop;
      }
    }
  }

  private readString(bytes: Buffer, at: number, end: number, place: { file: string; row: number }): number {
    const close = scanString(bytes, at, end);
    if (this.form === 'document') this.give(bytes, at, close + 1, place);
    else if (escaped) {
      const { scratch } = this;
      scratch.clear();
      scratch.addUnescaped(bytes, at + 1, close);
      this.give(scratch.bytes, 0, scratch.length, place);
    } else this.give(bytes, at + 1, close, place);
    return close + 1;
  }

  /** The vector's own reader judges what stands between the brackets. */
  private readVector(bytes: Buffer, at: number, end: number, place: { file: string; row: number }): number {
    const close = bytes.indexOf(CLOSE_LIST, at);
    if (close < 0 || close >= end) throw new BrokenJson('a list is never closed');
    this.give(bytes, at, close + 1, place);
    return close + 1;
  }

  private readList(bytes: Buffer, at: number, end: number, place: { file: string; row: number }): number {
    const stop = scanValue(bytes, at, end);
    if (this.form === 'array' || this.form === 'documents') {
      const { scratch } = this;
      scratch.clear();
      writeArrayLiteral(bytes, at, stop, this.form === 'documents', scratch);
      this.give(scratch.bytes, 0, scratch.length, place);
    } else this.give(bytes, at, stop, place);
    return stop;
  }

  private give(bytes: Uint8Array, start: number, end: number, place: { file: string; row: number }): void {
    const verdict = this.column.reader.read(bytes, start, end);
    if (verdict !== TAKEN) throw refusal(this.column, verdict, { bytes, start, end }, place);
  }
}

const isDocument = (name: string | undefined) => name === 'json' || name === 'jsonb';

function formOf({ type }: ReadColumn): Form {
  if (type.name === 'vector' || type.name === 'halfvec') return 'vector';
  if (isDocument(type.name)) return 'document';
  if (type.name !== 'array') return 'text';
  return isDocument(type.element?.type.name) ? 'documents' : 'array';
}
