import { DataError } from '../../../errors.ts';
import type { SeekableSource } from '../seekable.ts';
import { columnRows } from '../vectors/column-pieces.ts';
import { type NpyArray, readNpyArray } from '../vectors/npy-header.ts';
import { checkLength } from '../vectors/npy-length.ts';
import { emptyFile } from '../vectors/records.ts';
import type { RowSource } from '../vectors/row-pieces.ts';
import { type RowArray, rowLength } from './rows-of-arrays.ts';

/** What NumPy itself takes for a header, and more: it is read at once. */
const usualHeader = 4096;

/** Reads the header of an npy file. @throws DataError where it has none */
export async function readNpyFile({ name: file, readAt }: SeekableSource): Promise<NpyArray> {
  for (let needed = usualHeader; ; ) {
    const bytes = new Uint8Array(needed);
    const head = bytes.subarray(0, await readAt(bytes, 0));
    if (head.length === 0) throw emptyFile(file);
    const header = readNpyArray(head, file);
    if (typeof header !== 'number') return header;
    if (head.length < needed) {
      throw new DataError('the file ends within its header', { code: 'truncated', sqlstate: '22P04', file });
    }
    needed = header;
  }
}

/**
 * The rows of an npy file, from anywhere on.
 * @throws DataError where it is not of the length that its header says
 */
export function npyRows(source: SeekableSource, header: NpyArray, array: RowArray): RowSource {
  const { name: file, byteLength, readAt } = source;
  const { length, shape } = header;
  const rows = shape[0]!;
  const columnMajor = array.kind === 'numbers' && array.layout.columnMajor;
  checkLength(byteLength - length, { rows, record: rowLength(array), columnMajor, file });
  if (array.kind === 'numbers' && columnMajor) {
    return columnRows(readAt, array.layout, { length, rows });
  }
  return rowsInPlace(source, length, rowLength(array), rows);
}

/** Rows that lie one behind the other. @param start where the first begins @param record bytes a row */
export function rowsInPlace(
  { name: file, readAt }: SeekableSource,
  start: number,
  record: number,
  rows: number,
): RowSource {
  return {
    rows,
    record,
    read: async (first, _, target) => {
      const read = await readAt(target, start + first * record);
      if (read === target.length) return;
      throw new DataError('the file became shorter while it was read', { code: 'truncated', file });
    },
    byteOffset: (row) => start + row * record,
  };
}
