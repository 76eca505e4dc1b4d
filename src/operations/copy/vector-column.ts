import { UsageError } from '../../errors.ts';
import type { VectorType } from '../../vector/metrics.ts';
import { changesVectors, checkVectorColumn, type VectorOptions } from '../ingest/mapping/vector-options.ts';
import {
  type ColumnDescription,
  findVectorColumn,
  type TableDescription,
  type VectorColumn,
} from '../tables.ts';

/** The column whose vectors are changed on their way, and what becomes of them. */
export interface ChangedColumn {
  column: VectorColumn;
  options: VectorOptions;
}

/**
 * The column that --type, --dimensions and --normalize are about; undefined where none of them is given.
 * @param columns those that are copied
 * @throws UsageError where there is none, or its vectors cannot be changed so
 */
export function changedColumn(
  table: TableDescription,
  columns: readonly ColumnDescription[],
  options: VectorOptions,
): ChangedColumn | undefined {
  if (!changesVectors(options)) return undefined;
  const column = findVectorColumn({ ...table, columns: [...columns] }, options.vectorColumn);
  const { dimensions } = options;
  const { name, vector, declared } = column;
  if (vector === 'bit') {
    throw new UsageError(`column ${name} is ${declared}, whose bits are no vectors to be changed`, {
      code: 'bad-type',
      column: name,
      hint: 'leave --type, --dimensions and --normalize out',
    });
  }
  if (dimensions !== undefined && column.dimensions !== undefined && dimensions > column.dimensions) {
    throw new UsageError(`--dimensions ${dimensions} is more than column ${name} has, which is ${declared}`, {
      code: 'bad-dimensions',
      column: name,
      hint: `say ${column.dimensions} at the most`,
    });
  }
  return { column, options };
}

/** @throws UsageError where the table that is there does not hold the column's vectors as the options say */
export function checkChanged({ column, options }: ChangedColumn, existing: TableDescription): void {
  const into = existing.columns.find(({ name }) => name === column.name)!;
  checkVectorColumn(into, options);
  if (into.vector !== undefined) return;
  throw new UsageError(
    `column ${into.name} of ${existing.shown} is ${into.declared}, and no vectors go into it`,
    {
      code: 'bad-type',
      column: into.name,
      hint: 'leave --dimensions and --normalize out, or copy into another table with --to-table',
    },
  );
}

/** The type that the vectors have in the end. */
export function typeAfter({ column, options }: ChangedColumn): VectorType {
  return options.type ?? column.vector;
}
