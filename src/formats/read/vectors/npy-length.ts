import { DataError } from '../../../errors.ts';

/** The array that a header tells of. */
export interface ExpectedArray {
  rows: number;
  /** Bytes a row. */
  record: number;
  columnMajor: boolean;
  /** As messages name it. */
  file: string;
}

/** @throws DataError where there are fewer bytes behind the header than the array needs, or more */
export function checkLength(length: number, { rows, record, columnMajor, file }: ExpectedArray): void {
  const expected = rows * record;
  if (length > expected) {
    throw new DataError(`more follows the array of ${rows} rows`, {
      code: 'extra-bytes',
      sqlstate: '22P04',
      file,
      hint: 'save each array to a file of its own',
    });
  }
  if (length === expected) return;
  const row = Math.floor(length / record) + 1;
  throw new DataError(
    columnMajor
      ? `the file ends within the array, after ${length} of its ${expected} bytes`
      : `the file ends here, though its header says ${rows} rows`,
    { code: 'truncated', sqlstate: '22P04', file, ...(columnMajor ? {} : { row }) },
  );
}
