import { type Column, type Int64Column, isValid, type NumberColumn } from '../../../batch.ts';
import { DataError } from '../../../errors.ts';

// PostgreSQL counts from 2000-01-01 on.
const daysTo2000 = 10_957;
const microsecondsTo2000 = 946_684_800_000_000n;

/** What PostgreSQL's infinities are, src/include/utils/date.h and datatype/timestamp.h. */
const [noEnd, noBegin] = [2 ** 31 - 1, -(2 ** 31)];
const [noEndWide, noBeginWide] = [2n ** 63n - 1n, -(2n ** 63n)];

/**
 * The column with dates and timestamps, alone or in arrays, counted from 1970-01-01 on; any other as it is.
 * @param count of its slots
 * @param name the column's
 * @throws DataError for what cannot be counted so: infinity, and timestamps of the last thirty years that PostgreSQL has
 */
export function since1970(column: Column, count: number, name: string): Column {
  switch (column.kind) {
    case 'array': {
      const elements = since1970(column.elements, column.offsets[count]!, name);
      return elements === column.elements ? column : { ...column, elements };
    }
    case 'date':
      return { ...column, values: days(column, count, name) };
    case 'timestamp':
      return { ...column, values: microseconds(column, count, name) };
    default:
      return column;
  }
}

function days({ values, validity }: NumberColumn, count: number, name: string): Int32Array {
  const out = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    if (!isValid(validity, i)) continue;
    const day = values[i]!;
    if (day === noEnd || day === noBegin) throw refused(name, 'an infinite date');
    out[i] = day + daysTo2000;
  }
  return out;
}

function microseconds({ values, validity }: Int64Column, count: number, name: string): BigInt64Array {
  const out = new BigInt64Array(count);
  for (let i = 0; i < count; i++) {
    if (!isValid(validity, i)) continue;
    const value = values[i]!;
    if (value === noEndWide || value === noBeginWide) throw refused(name, 'an infinite timestamp');
    const shifted = value + microsecondsTo2000;
    if (shifted > noEndWide) throw refused(name, 'a timestamp of the year 294247 or later');
    out[i] = shifted;
  }
  return out;
}

function refused(column: string, what: string): DataError {
  return new DataError(`${what}, which only csv, tsv, jsonl and binary can hold`, {
    code: 'not-representable',
    column,
    hint: 'choose one of these formats, or leave the column out with --columns',
  });
}
