import type { OpenedFile } from '../format.ts';
import { elementTypes } from './elements.ts';
import { fieldName, type VectorLayout } from './layout.ts';
import { RowsReader } from './rows.ts';
import { valueText } from './value-text.ts';

/** What an opened file of vectors says of itself. */
export type VectorsFile = Omit<OpenedFile, 'pieces' | 'recycle'>;

/**
 * @param head bytes before the first row
 * @param first the first row's bytes; undefined where there are no rows
 * @param rowCount undefined where only the end of the file will tell
 */
export function vectorsFile(
  layout: VectorLayout,
  headLength: number,
  first: Uint8Array | undefined,
  rowCount: number | undefined,
): VectorsFile {
  const { scalar, dimensions, element, bigEndian, columnMajor } = layout;
  const isLight = element === 'f4' && !bigEndian && !columnMajor;
  return {
    fieldNames: [fieldName(layout)],
    fieldCount: 1,
    implied: { rowCount },
    types: [scalar ? elementTypes[element].sql : `vector(${dimensions})`, 'bigint'],
    ...(isLight && { light: true }),
    headLength,
    sample: first === undefined ? [] : [[firstText(layout, first), '0']],
    layout,
  };
}

function firstText(layout: VectorLayout, first: Uint8Array): string {
  const location = { sequence: 0, firstRow: 1, records: 1, byteOffset: 0, byteLength: first.length };
  // A copy, which begins where elements may.
  const rows = new RowsReader({ ...layout, columnMajor: false }).read({ location, bytes: first.slice() }, 1);
  return valueText(rows, 0, { name: 'vector' });
}
