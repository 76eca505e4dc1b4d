import type { Database } from '../../database/database.ts';
import { UsageError } from '../../errors.ts';
import type { OpenedFile } from '../../formats/read/format.ts';
import { ensureExtension } from '../extension.ts';
import type { ColumnDescription, TableDescription } from '../tables.ts';
import { checkColumns } from './mapping/check-columns.ts';
import { checkFilled } from './mapping/check-fields.ts';
import { type ColumnPlan, planColumns } from './mapping/plan-columns.ts';
import { type MappedColumn, mapFields } from './mapping.ts';
import { designTable, type TableDesign, type TableMaker } from './new-table.ts';
import type { ShapingOptions } from './shape-of.ts';

export interface TableOptions extends ShapingOptions {
  /** `[schema.]name` */
  table: string;
  /** Whether a table that is not there is created; default yes. */
  create?: boolean | undefined;
  /** The columns that tell which rows are the same, where the user names them. */
  key?: readonly string[] | undefined;
  /** Makes the table where it is not there, instead of what the file suggests. */
  maker?: TableMaker | undefined;
}

/** A table that rows are about to be loaded into. */
export interface Prepared {
  table: TableDescription;
  fields: MappedColumn[];
  columns: ColumnDescription[];
  plan: ColumnPlan;
  /** Names of columns whose type this load decided by itself. */
  inferred: ReadonlySet<string>;
  created: boolean;
}

/**
 * A file's fields and the columns of a table that is there.
 * @throws UsageError, DataError where they do not fit
 */
export function asItIs(file: OpenedFile, options: TableOptions, existing: TableDescription): Prepared {
  if (existing.kind !== 'table' && existing.kind !== 'partitioned table') {
    throw new UsageError(`${existing.shown} is a ${existing.kind}, and rows are loaded into tables`, {
      code: 'not-a-table',
    });
  }
  if (options.types !== undefined && options.types.size > 0) {
    throw new UsageError(
      `table ${existing.shown} is there already, with types of its own: --types is for a new one`,
      {
        hint: 'leave --types out, or load into another table with -t',
      },
    );
  }
  const insertable = existing.columns.filter(({ generated }) => generated === null).map(({ name }) => name);
  const fields = mapFields(file, options, insertable);
  return planned(file, options, { table: existing, fields, inferred: new Set(), created: false });
}

/** What the load found when it made the table, and finds again, as it has the same file. */
export async function asMade(
  database: Database,
  file: OpenedFile,
  options: TableOptions,
  table: TableDescription,
): Promise<Prepared> {
  const { fields, design } = await planTable(database, file, options);
  return planned(file, options, { table, fields, inferred: inferredOf(design), created: false });
}

/** The table that a file suggests, and which field goes into which of its columns. */
export interface TablePlan {
  fields: MappedColumn[];
  design: TableDesign;
}

export async function planTable(
  database: Database,
  file: OpenedFile,
  options: TableOptions,
): Promise<TablePlan> {
  const fields = mapFields(file, options, undefined);
  checkFilled(fields, options);
  const extension = await ensureExtension(database);
  return { fields, design: designTable(options.table, file, fields, options, extension) };
}

/** Whether the rows of the file, which has no ids, get their numbers for it. */
export function hasRowNumberAsId(file: OpenedFile, fields: readonly MappedColumn[]): boolean {
  return fields.some(
    ({ column, origin }) => column === 'id' && origin.kind === 'field' && origin.field === file.fieldCount,
  );
}

/** The mapped columns against the table, and how they are read. */
export function planned(
  file: OpenedFile,
  options: TableOptions,
  found: Omit<Prepared, 'columns' | 'plan'>,
): Prepared {
  const columns = checkColumns(file, found.fields, found.table);
  return { ...found, columns, plan: planColumns(file, found.fields, columns, found.inferred, options) };
}

/** The columns whose type is a guess. */
export function inferredOf({ columns }: TableDesign): ReadonlySet<string> {
  return new Set(columns.filter((column) => column.inferred).map(({ name }) => name));
}
