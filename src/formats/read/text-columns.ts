import { DataError } from '../../errors.ts';
import { BAD, excerpt, type TextReader, UNSURE, type Verdict } from '../../text-reader.ts';
import { checkedText, utf8Reader } from '../../values/bytes-reader.ts';
import { type SessionFacts, textReader, type ValueType } from '../../values/types.ts';
import { type DecodedColumn, NeedsText, type Road } from './format.ts';

/** A column of the table, the file's field that it is read from, and its reader: for formats whose values are text. */
export interface ReadColumn {
  name: string;
  field: number;
  type: ValueType;
  reader: TextReader;
  /** Set where the type was inferred and the column goes by text: its name, for the message about a value that is none. */
  inferredType?: string;
}

/** A reader for every column: typed ones on the binary road; text, checked where the type was inferred, on the other. */
export function readColumns(
  columns: readonly DecodedColumn[],
  road: Road,
  session: SessionFacts,
): ReadColumn[] {
  return columns.map(({ name, field, type, inferred }) => {
    const typed = textReader(type, { ...session, canonical: inferred });
    if (road === 'binary') return { name, field, type, reader: typed! };
    if (!inferred) return { name, field, type, reader: utf8Reader() };
    // PostgreSQL knows its zone; what must be seen here is the form.
    const checked = textReader(type, { utc: true, canonical: true })!;
    return { name, field, type, reader: checkedText(checked), inferredType: type.name };
  });
}

/** A value's text: bytes[start, end). */
interface TextValue {
  bytes: Uint8Array;
  start: number;
  end: number;
}

/** What to throw where a column's reader did not take a value of row `row`. */
export function refusal(
  column: ReadColumn,
  verdict: Verdict,
  { bytes, start, end }: TextValue,
  place: { file: string; row: number },
): Error {
  const { reader, name, inferredType } = column;
  const details = { ...place, code: 'bad-value', column: name };
  if (verdict === BAD) {
    const { message, ...problem } = reader.problem!;
    return new DataError(message, { ...details, ...problem });
  }
  if (verdict === UNSURE && inferredType === undefined) return new NeedsText();
  const value = excerpt(bytes, start, end);
  return new DataError(`${value} is no ${inferredType}, which the first rows are`, {
    ...details,
    sqlstate: '22P02',
  });
}
