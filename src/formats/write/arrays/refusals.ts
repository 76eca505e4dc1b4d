import { isValid } from '../../../batch.ts';
import { DataError } from '../../../errors.ts';
import { quoteName } from '../../../sql/identifiers.ts';

/** What to say of a column in which rows have no value. @param count of them, where it is known */
export function nullsRefused(column: string, count?: number): DataError {
  const rows = count === undefined ? 'a row' : count === 1 ? '1 row' : `${count.toLocaleString('en')} rows`;
  return new DataError(`column ${column} is NULL in ${rows}, and an array has a value in each`, {
    code: 'null-value',
    sqlstate: '22004',
    column,
    hint: `leave such rows out with --where '${quoteName(column)} IS NOT NULL'`,
  });
}

/** @throws DataError where one of the rows has no value */
export function refuseNulls(column: string, validity: Uint8Array | undefined, rows: number): void {
  if (validity === undefined) return;
  for (let row = 0; row < rows; row++) if (!isValid(validity, row)) throw nullsRefused(column);
}

/** What to say where rows that were measured before are of another size now: the query gives others each time. */
export function otherSize(column: string, what: string, expected: number, seen: number): DataError {
  return new DataError(
    `column ${column} has ${seen} ${what} in a row, and had ${expected} when it was measured`,
    {
      code: 'unstable-query',
      column,
      hint: 'the query gives other rows each time it runs: store them in a table first',
    },
  );
}
