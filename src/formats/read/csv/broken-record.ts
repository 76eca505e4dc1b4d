import { DataError } from '../../../errors.ts';
import { type Dialect, LINE_FEED } from './dialect.ts';
import { type FieldEnd, STRAY_LINE_END } from './field-scanner.ts';

/** Where a record stands; `row` left out: in the header. */
interface Place {
  file: string;
  row?: number;
}

/** A record that does not end as records do: with an open quote, or a line end of another kind within. */
export function brokenRecord(end: FieldEnd, { newline }: Dialect, place: Place): DataError {
  const where = place.row === undefined ? 'in the header ' : '';
  if (end === STRAY_LINE_END) {
    const what = newline === LINE_FEED ? 'carriage return' : 'line feed';
    return new DataError(`${where}a ${what} stands outside quotes`, {
      ...place,
      code: 'bad-line-end',
      sqlstate: '22P04',
      hint: 'quote the field that holds it, or convert the file to one kind of line end',
    });
  }
  return new DataError(`${where}a quote is opened and never closed`, {
    ...place,
    code: 'unclosed-quote',
    sqlstate: '22P04',
    hint: 'a quote inside a quoted field is written twice ("")',
  });
}

/** @param missing the first column that the record has no field for, where there is one */
export function wrongFieldCount(seen: number, fieldCount: number, place: Place, missing?: string): DataError {
  const counts = `the row has ${seen} field${seen === 1 ? '' : 's'}, not ${fieldCount}`;
  return new DataError(missing === undefined ? counts : `${counts}: ${missing} is missing`, {
    ...place,
    code: seen < fieldCount ? 'missing-field' : 'extra-field',
    sqlstate: '22P04',
    column: missing,
    hint: 'a field that holds the delimiter or a line end must be quoted',
  });
}
