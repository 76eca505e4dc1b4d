import { UsageError } from '../../../errors.ts';
import type { VectorType } from '../../../vector/metrics.ts';
import type { ColumnDescription } from '../../tables.ts';

/** What becomes of the vectors of one column on their way in. */
export interface VectorOptions {
  /** Which column is meant, where several hold vectors. */
  vectorColumn?: string | undefined;
  /** Of the column in a new table; one that is there must be of it. `bit`: a bit an element, 1 where it is above 0. */
  type?: VectorType | undefined;
  /** Keeps the first so many elements of each vector. */
  dimensions?: number | undefined;
  /** Brings each vector to length 1. */
  normalize?: boolean | undefined;
}

/** Whether any of the options asks for something. */
export function changesVectors({ type, dimensions, normalize }: VectorOptions): boolean {
  return type !== undefined || dimensions !== undefined || normalize === true;
}

/**
 * The column that the options are about: the named one, the only one, else `embedding`.
 * @param candidates the columns that are filled with vectors
 * @throws UsageError where there is none, or several and none of these
 */
export function chosenVector(candidates: readonly string[], options: VectorOptions): string | undefined {
  if (!changesVectors(options)) return undefined;
  const { vectorColumn } = options;
  const flags = flagsOf(options);
  if (vectorColumn !== undefined) {
    if (candidates.includes(vectorColumn)) return vectorColumn;
    throw new UsageError(`--vector-column names ${vectorColumn}, which no vectors go into`, {
      code: 'no-column',
      column: vectorColumn,
      hint: candidates.length === 0 ? undefined : `vectors go into ${candidates.join(', ')}`,
    });
  }
  const chosen = candidates.length === 1 ? candidates[0] : candidates.find((name) => name === 'embedding');
  if (chosen !== undefined) return chosen;
  if (candidates.length === 0) {
    throw new UsageError(`${flags} is about vectors, and the file has none`, {
      code: 'no-vector-column',
      hint: "--map 'dim_*=embedding' gathers fields of one dimension each, --types <column>=vector says where there are some",
    });
  }
  throw new UsageError(`${flags} is about one vector column, and there are ${candidates.join(', ')}`, {
    code: 'ambiguous-column',
    hint: `choose one with --vector-column, for example --vector-column ${candidates[0]}`,
  });
}

/** The type that the options give a column of vectors in a new table: `halfvec(512)`. */
export function typeInNewTable(
  inferred: { name: VectorType; dimensions: number | undefined },
  { type = inferred.name, dimensions = inferred.dimensions }: VectorOptions,
): string {
  return dimensions === undefined ? type : `${type}(${dimensions})`;
}

/** @throws UsageError where the column, as it is, is not what --type and --dimensions say */
export function checkVectorColumn(column: ColumnDescription, { type, dimensions }: VectorOptions): void {
  const { name, vector, declared } = column;
  if (type !== undefined && type !== vector) {
    throw new UsageError(`--type ${type} does not fit column ${name}, which is ${declared}`, {
      code: 'bad-type',
      column: name,
      hint: 'leave --type out: vectors are converted to what the column holds',
    });
  }
  if (dimensions !== undefined && column.dimensions !== undefined && dimensions !== column.dimensions) {
    throw new UsageError(`--dimensions ${dimensions} does not fit column ${name}, which is ${declared}`, {
      code: 'bad-dimensions',
      column: name,
      hint: `say --dimensions ${column.dimensions}`,
    });
  }
}

function flagsOf({ type, dimensions, normalize }: VectorOptions): string {
  return [
    type === undefined ? '' : '--type',
    dimensions === undefined ? '' : '--dimensions',
    normalize ? '--normalize' : '',
  ]
    .filter(Boolean)
    .join(' with ');
}
