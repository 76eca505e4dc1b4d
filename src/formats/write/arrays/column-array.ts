import type { Column } from '../../../batch.ts';
import { DataError } from '../../../errors.ts';
import type { Measure, Sent, Take, WriteColumn, WritePlan } from '../format.ts';
import { copyElements, spreadBits } from './elements.ts';
import { nullsRefused } from './refusals.ts';
import { uuidCharacters, writeTexts, writeUuids } from './wide-text.ts';

/** The array that a column becomes: a row of it for each of the table's. */
export interface ColumnArray {
  /** Index among the plan's columns, and a batch's. */
  index: number;
  name: string;
  /** The elements' type as NumPy writes it: `<f4`. */
  descr: string;
  /** Elements a row; undefined: the array has one axis. */
  dimensions: number | undefined;
  /** Bytes a row. */
  rowLength: number;
  /**
   * Writes a batch's rows.
   * @param out just their bytes
   * @throws DataError for what such an array cannot hold
   */
  write: (values: Column, rows: number, out: Uint8Array<ArrayBuffer>) => void;
}

/** Types of one number a row: NumPy's name, and bytes. */
const numbers: Record<string, readonly [descr: string, size: number]> = {
  bool: ['|b1', 1],
  int2: ['<i2', 2],
  int4: ['<i4', 4],
  int8: ['<i8', 8],
  float4: ['<f4', 4],
  float8: ['<f8', 8],
};

/** Types of vectors: their elements' name, and bytes. A bit is a boolean, and no eighth of a byte. */
const vectors: Record<string, readonly [descr: string, size: number]> = {
  vector: ['<f4', 4],
  halfvec: ['<f2', 2],
  bit: ['|b1', 1],
};

/** Bytes of a row's text: what is wider, np.load may take, and our own reader does not. */
const widest = 2 ** 26;

/** A row of such a column is one number, which the database sends as large as arrays have it. */
export function isNumber({ type }: Pick<WriteColumn, 'type'>): boolean {
  return Object.hasOwn(numbers, type.name);
}

/** A row of such a column is a row of numbers. */
export function isVector({ type }: Pick<WriteColumn, 'type'>): boolean {
  return Object.hasOwn(vectors, type.name);
}

/** What has no form of its own in an array goes by its text. */
export function sentForArray({ name }: WriteColumn['type']): Sent {
  return name === 'uuid' || Object.hasOwn(numbers, name) || Object.hasOwn(vectors, name) ? 'binary' : 'text';
}

/** What must be known of columns before they can be arrays: that no row lacks a value, and the size of each. */
export function arrayMeasures(columns: readonly WriteColumn[]): Measure[] {
  return columns.flatMap((column): Measure[] => {
    const { name, type, notNull, sent } = column;
    const measures: Measure[] = notNull ? [] : [{ column: name, what: 'nulls' }];
    if (isVector(column) && type.length === undefined) measures.push({ column: name, what: 'dimensions' });
    if (sent === 'text') measures.push({ column: name, what: 'characters' });
    return measures;
  });
}

/** @throws DataError for a column with NULLs in it */
export function refuseCountedNulls(plan: WritePlan, column: WriteColumn): void {
  const nulls = measured(plan, column, 'nulls') ?? 0;
  if (nulls > 0) throw nullsRefused(column.name, nulls);
}

/** @throws DataError for a column with NULLs in it, or with a text that no array has room for */
export function columnArray(plan: WritePlan, column: WriteColumn): ColumnArray {
  const { name, type, sent } = column;
  refuseCountedNulls(plan, column);
  const common = { index: plan.columns.indexOf(column), name };
  if (sent === 'text') return { ...common, ...textArray(name, measured(plan, column, 'characters') ?? 0) };
  if (type.name === 'uuid') {
    return {
      ...common,
      ...characters(uuidCharacters),
      write: (values, rows, out) => writeUuids(name, values, rows, out),
    };
  }
  const number = numbers[type.name];
  if (number !== undefined) {
    const [descr, size] = number;
    const write: ColumnArray['write'] = (values, rows, out) => copyElements(name, values, rows, 1, out);
    return { ...common, descr, dimensions: undefined, rowLength: size, write };
  }
  const [descr, size] = vectors[type.name]!;
  // Of a column that leaves them open and has no vectors there are none.
  const dimensions = type.length ?? measured(plan, column, 'dimensions') ?? 0;
  const writeRows = type.name === 'bit' ? spreadBits : copyElements;
  const write: ColumnArray['write'] = (values, rows, out) => writeRows(name, values, rows, dimensions, out);
  return { ...common, descr, dimensions, rowLength: dimensions * size, write };
}

/** NumPy's text: as many characters a row as the longest has, each of 4 bytes. */
function textArray(column: string, longest: number): Omit<ColumnArray, 'index' | 'name'> {
  const length = Math.max(1, longest);
  if (length * 4 > widest) {
    throw new DataError(`a text of ${longest} characters is more than an array can have in each row`, {
      code: 'row-too-long',
      column,
      hint: 'leave the column out with --columns, or choose another format: --format parquet',
    });
  }
  return {
    ...characters(length),
    write: (values, rows, out) => writeTexts(column, values, rows, length, out),
  };
}

function characters(length: number): Pick<ColumnArray, 'descr' | 'dimensions' | 'rowLength'> {
  return { descr: `<U${length}`, dimensions: undefined, rowLength: length * 4 };
}

/** What was measured of a column, by the measures that `arrayMeasures` asked for. */
function measured(plan: WritePlan, { name }: WriteColumn, what: Measure['what']): number | undefined {
  const at = arrayMeasures(plan.columns).findIndex(
    (measure) => measure.column === name && measure.what === what,
  );
  return plan.measured?.values[at];
}

/** Rows of an array, in a buffer of their own. @param columns a batch's */
export function arrayRows(
  { index, rowLength, write }: ColumnArray,
  columns: readonly Column[],
  rows: number,
  take: Take,
): Uint8Array<ArrayBuffer> {
  const length = rows * rowLength;
  const bytes = take(length).subarray(0, length);
  write(columns[index]!, rows, bytes);
  return bytes;
}
