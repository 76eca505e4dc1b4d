import { UsageError } from '../../../errors.ts';
import type { FileLayout, WriteColumn, WritePlan } from '../format.ts';
import { type ColumnArray, columnArray, isVector } from './column-array.ts';
import { npyFile } from './npy-file.ts';

/** Of the file that has the ids, in the place of the vectors' own. */
export const idsEnding = '.ids.npy';

/** Columns of a file that holds vectors and nothing else: the ids go into another beside it. */
export interface VectorsAndIds {
  vectors: WriteColumn;
  ids: WriteColumn | undefined;
}

/** One column of vectors, and another at the most; undefined where that is not what the columns are. */
function vectorsAndIds(columns: readonly WriteColumn[]): VectorsAndIds | undefined {
  const vectors = columns.filter(isVector);
  const others = columns.filter((column) => !isVector(column));
  const [first] = vectors;
  if (first === undefined || vectors.length > 1 || others.length > 1) return undefined;
  return { vectors: first, ids: others[0] };
}

/**
 * The vectors, and what tells them apart: the primary key, where it is one column, else a column named id.
 * @param format its name
 * @throws UsageError where there are no vectors
 */
export function chooseVectorsAndIds(
  format: string,
  columns: readonly WriteColumn[],
  vector: string | undefined,
): WriteColumn[] {
  const vectors = columns.find(({ name }) => name === vector);
  if (vectors === undefined) {
    throw new UsageError(`there is no vector column, and ${format} holds vectors`, {
      code: 'no-vector-column',
      hint: 'choose another format, for example --format csv',
    });
  }
  refuseSparse(format, vectors);
  const others = columns.filter((column) => column !== vectors && !isVector(column));
  const ids = others.find(({ key }) => key) ?? others.find(({ name }) => name === 'id');
  return ids === undefined ? [vectors] : [vectors, ids];
}

/** @throws UsageError for columns, asked for by name, that are not vectors and ids */
export function checkVectorsAndIds(format: string, columns: readonly WriteColumn[]): void {
  for (const column of columns) refuseSparse(format, column);
  if (vectorsAndIds(columns) !== undefined) return;
  const vectors = columns.filter(isVector).length;
  const what =
    vectors === 0
      ? 'no vectors'
      : vectors === 1
        ? `${columns.length - 1} columns beside the vectors`
        : `vectors of ${vectors} columns`;
  throw new UsageError(`${format} holds one column of vectors, and ids beside it, and there are ${what}`, {
    hint: 'name a vector column and an id with --columns; --format npz holds several columns of numbers and text',
  });
}

/** @throws UsageError for a column of sparse vectors */
export function refuseSparse(format: string, { name, type }: WriteColumn): void {
  if (type.name !== 'sparsevec') return;
  throw new UsageError(`column ${name} is a sparsevec, and ${format} holds all elements of a vector`, {
    column: name,
    hint: `choose another format, for example --format csv; or make it dense: --query 'SELECT …, "${name}"::vector …'`,
  });
}

/** The ids as an array, where there are any. */
export function idsArray(plan: WritePlan): ColumnArray | undefined {
  const { ids } = vectorsAndIds(plan.columns)!;
  return ids && columnArray(plan, ids);
}

export function vectorsColumn(plan: WritePlan): WriteColumn {
  return vectorsAndIds(plan.columns)!.vectors;
}

/** The file that has the ids of another, row by row: `docs.ids.npy` of `docs.npy`. @param stream of their rows */
export function idsFile(ids: ColumnArray, stream: number): FileLayout {
  return npyFile(idsEnding, stream, ids);
}
