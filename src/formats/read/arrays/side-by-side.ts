import { damagedFile } from '../columnar/decoder.ts';
import { columnarFile } from '../columnar/opened.ts';
import type { OpenedFile, OpenOptions } from '../format.ts';
import { type RowSource, rowPieces } from '../vectors/row-pieces.ts';
import {
  type ArraysLayout,
  arrayFieldType,
  arraysReader,
  type RowArray,
  rowLength,
} from './rows-of-arrays.ts';

/** Rows shown to what decides on columns. */
const sampleRows = 20;

/** An array that is a field. */
export interface ArrayField {
  name: string;
  array: RowArray;
  rows: RowSource;
}

/** Arrays of as many rows: each is a field. @param file as messages name it */
export async function openSideBySide(
  format: string,
  file: string,
  fields: readonly ArrayField[],
  { pieceLength }: OpenOptions,
): Promise<OpenedFile> {
  const names = fields.map(({ name }) => name);
  const arrays = fields.map(({ array }) => array);
  const layout: ArraysLayout = {
    format,
    file,
    names,
    types: arrays.map(arrayFieldType),
    held: names.map((_, field) => field),
    arrays,
  };
  const rows = together(fields);
  return { ...(await firstRows(layout, rows)), headLength: 0, ...rowPieces(rows, pieceLength) };
}

async function firstRows(layout: ArraysLayout, rows: RowSource): Promise<ReturnType<typeof columnarFile>> {
  const records = Math.min(sampleRows, rows.rows);
  if (records === 0) return columnarFile(layout, undefined);
  const bytes = new Uint8Array(records * rows.record);
  await rows.read(0, records, bytes);
  const location = { sequence: 0, firstRow: 1, records, byteOffset: 0, byteLength: bytes.length };
  try {
    return columnarFile(layout, arraysReader(layout)({ location, bytes }));
  } catch (error) {
    throw damagedFile(error, layout.file);
  }
}

/** A row of each. */
function together(fields: readonly ArrayField[]): RowSource {
  const first = fields[0]!.rows;
  const lengths = fields.map(({ array }) => rowLength(array));
  return {
    rows: first.rows,
    record: lengths.reduce((sum, length) => sum + length, 0),
    read: async (from, count, target) => {
      let at = 0;
      for (const [i, { rows }] of fields.entries()) {
        await rows.read(from, count, target.subarray(at, at + count * lengths[i]!));
        at += count * lengths[i]!;
      }
    },
    byteOffset: (row) => first.byteOffset(row),
  };
}
