import type { Database } from '../../database/database.ts';
import { PgvError, UsageError } from '../../errors.ts';
import type { DecodedColumn, OpenedFile } from '../../formats/read/format.ts';
import type { Reporter } from '../../progress.ts';
import { textReader } from '../../values/types.ts';
import { ensureExtension } from '../extension.ts';
import { type ColumnDescription, describeTable, type TableDescription } from '../tables.ts';
import type { Recipe } from './load-piece.ts';
import { checkColumns, type MappedField, type MappingOptions, mapFields } from './mapping.ts';
import { createDesigned, describeDesign, designTable, doubts } from './new-table.ts';
import { sessionFacts } from './session-facts.ts';
import type { TargetStrategy } from './target.ts';
import { valueType } from './value-type.ts';

export interface TableOptions extends MappingOptions {
  /** `[schema.]name` */
  table: string;
  /** Whether a table that is not there is created; default yes. */
  create?: boolean | undefined;
  /** Column → SQL type, for a table that is created. */
  types?: ReadonlyMap<string, string> | undefined;
  /** The columns that tell which rows are the same, where the user names them. */
  key?: readonly string[] | undefined;
}

/** A table that rows are about to be loaded into. */
export interface Prepared {
  table: TableDescription;
  fields: MappedField[];
  columns: ColumnDescription[];
  /** Names of columns whose type this load decided by itself. */
  inferred: ReadonlySet<string>;
  created: boolean;
}

/**
 * The table, as it is or made from what the file suggests, and which field goes into which of its columns.
 * @throws UsageError, DataError before anything is loaded, where the two do not fit
 */
export async function prepareTable(
  database: Database,
  file: OpenedFile,
  options: TableOptions,
  reporter: Reporter,
): Promise<Prepared> {
  const existing = await describeTable(database, options.table);
  if (existing === undefined) return createTableFor(database, file, options, reporter);
  if (existing.kind !== 'table' && existing.kind !== 'partitioned table') {
    throw new UsageError(`${existing.name} is a ${existing.kind}, and rows are loaded into tables`, {
      code: 'not-a-table',
    });
  }
  if (options.types !== undefined && options.types.size > 0) {
    throw new UsageError(
      `table ${existing.name} is there already, with types of its own: --types is for a new one`,
      {
        hint: 'leave --types out, or load into another table with -t',
      },
    );
  }
  const insertable = existing.columns.filter(({ generated }) => generated === null).map(({ name }) => name);
  const fields = mapFields(file, options, insertable);
  const columns = checkColumns(file, fields, existing);
  return { table: existing, fields, columns, inferred: new Set(), created: false };
}

async function createTableFor(
  database: Database,
  file: OpenedFile,
  options: TableOptions,
  reporter: Reporter,
): Promise<Prepared> {
  if (options.create === false) {
    throw new UsageError(`table ${options.table} does not exist, and --no-create forbids to make it`, {
      code: 'no-table',
      hint: 'name another table with -t, or leave --no-create out',
    });
  }
  const fields = mapFields(file, options, undefined);
  const absent = options.key?.find((name) => !fields.some(({ column }) => column === name));
  if (absent !== undefined) {
    throw new UsageError(`--key names ${absent}, which no field goes into`, {
      code: 'no-key',
      column: absent,
    });
  }
  const extension = await ensureExtension(database);
  const types = options.types ?? new Map();
  const design = designTable(options.table, file, fields, types, extension);
  for (const doubt of doubts(design, file, fields)) reporter.warn(doubt);
  await createDesigned(database, design).catch((error: unknown) => {
    throw types.size > 0 ? unknownType(error) : error;
  });
  const table = await describeTable(database, options.table);
  if (table === undefined) throw new Error(`table ${options.table} is not there after its creation`);
  reporter.note(`created table ${table.name} (${describeDesign(design)})`);
  if (fields.some(({ field, column }) => field === file.fieldCount && column === 'id')) {
    reporter.note("id is the row's number in the file, from 0");
  }
  const columns = checkColumns(file, fields, table);
  const inferred = new Set(design.columns.filter((column) => column.inferred).map(({ name }) => name));
  return { table, fields, columns, inferred, created: true };
}

/** The types of a design are our own but for those of --types. */
function unknownType(error: unknown): unknown {
  if (!(error instanceof PgvError) || error.sqlstate !== '42704') return error;
  return new UsageError(error.message, {
    code: 'bad-type',
    sqlstate: error.sqlstate,
    cause: error,
    hint: "--types takes a type of the database, for example --types id=text or --types v='halfvec(768)'",
  });
}

/** What the lanes must know. */
export async function makeRecipe(
  database: Database,
  file: OpenedFile,
  { fields, columns, inferred }: Prepared,
  target: TargetStrategy,
): Promise<Recipe> {
  const session = await sessionFacts(database);
  const decoded = columns.map(
    (column, i): DecodedColumn => ({
      name: column.name,
      field: fields[i]!.field,
      type: valueType(column),
      inferred: inferred.has(column.name),
    }),
  );
  const known = decoded.every(({ type }) => textReader(type, { ...session, canonical: false }) !== undefined);
  return {
    layout: file.layout,
    columns: decoded,
    road: known || file.binaryValues ? 'binary' : 'text',
    session,
    copyInto: target.copyInto,
    numbered: target.numbered,
  };
}
