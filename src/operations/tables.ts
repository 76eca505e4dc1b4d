import type { Session } from '../database/database.ts';
import { UsageError } from '../errors.ts';
import { shellWord } from '../shell-word.ts';
import { parseTableName, quoteName } from '../sql/identifiers.ts';
import { columnsOf, columnsOfTypes, primaryKeyOf, tablesNamed, tablesWithVectors } from '../sql/tables.ts';
import { isVectorType, type VectorType } from '../vector/metrics.ts';

/** A type, as pg_type has it. */
export interface TypeDescription {
  oid: number;
  schema: string;
  name: string;
  /** typtype: b base, c composite, d domain, e enum, r range, m multirange, p pseudo. */
  kind: string;
  /** typcategory: A array, B boolean, N numeric, S string, U user-defined, … */
  category: string;
}

export interface ColumnDescription {
  name: string;
  type: TypeDescription;
  /** The type itself, or what a domain comes down to. */
  base: TypeDescription;
  /** Of an array (or a domain over one): its elements' type. */
  element: TypeDescription | null;
  /** The type as SQL writes it, qualified where the search path lacks it: `vector(768)`. */
  declared: string;
  /** Of the base type; −1: none. */
  typmod: number;
  /** Set for pgvector's types and bit, domains over them included. */
  vector: VectorType | undefined;
  /** Of a vector column that is declared with them. */
  dimensions: number | undefined;
  notNull: boolean;
  hasDefault: boolean;
  generated: 'stored' | 'virtual' | null;
  identity: 'always' | 'by default' | null;
  /** The function that gives its text, as SQL names it. */
  output: string;
}

export interface TableDescription {
  oid: number;
  schema: string;
  name: string;
  kind: 'table' | 'partitioned table' | 'view' | 'materialized view' | 'foreign table';
  columns: ColumnDescription[];
  /** Column names in the key's order; empty where there is none. */
  primaryKey: string[];
  /** Whether policies filter what the current role sees and writes. */
  rowSecurity: boolean;
  /** As messages name it, and as -t takes it. */
  shown: string;
  /** As the last VACUUM or ANALYZE counted; null: never counted, or a view. */
  estimatedRows: number | null;
}

/** A column that holds vectors. */
export type VectorColumn = ColumnDescription & { vector: VectorType };

/**
 * A table (or view) as the catalogue has it; undefined where there is none of that name.
 * @param name `[schema.]name` as on the command line; without a schema, the search path decides
 */
export async function describeTable(session: Session, name: string): Promise<TableDescription | undefined> {
  const wanted = parseTableName(name);
  const { rows } = await session.query<Found>(tablesNamed(wanted.name));
  const found = rows.find((row) =>
    wanted.schema === undefined ? row.visible : row.schema === wanted.schema,
  );
  if (found === undefined) return undefined;
  const { visible, ...table } = found;
  const columns = await session.query<CatalogueColumn>(columnsOf(table.oid));
  const key = await session.query<{ name: string }>(primaryKeyOf(table.oid));
  return {
    ...table,
    columns: columns.rows.map(withDimensions),
    primaryKey: key.rows.map((row) => row.name),
    shown: displayName(found),
  };
}

/** The columns that a query gives, described like a table's. @param query without a semicolon at its end */
export async function describeQuery(session: Session, query: string): Promise<ColumnDescription[]> {
  const { columns, types } = await session.query(`SELECT * FROM (\n${query}\n) AS q LIMIT 0`);
  const typed = columns.map((name, i) => ({ name, ...types[i]! }));
  return (await session.query<CatalogueColumn>(columnsOfTypes(typed))).rows.map(withDimensions);
}

/** The schema that a new table goes into where none is named; null: there is none. */
export async function currentSchema(session: Session): Promise<string | null> {
  const { rows } = await session.query<{ name: string | null }>('SELECT current_schema()::text AS name');
  return rows[0]!.name;
}

/**
 * The table a command works on: the named one, else the only one with a vector column.
 * @throws UsageError where there is none, or several
 */
export async function findTable(session: Session, name: string | undefined): Promise<TableDescription> {
  const wanted = name ?? (await onlyTableWithVectors(session));
  const table = await describeTable(session, wanted);
  if (table === undefined) throw await noSuchTable(session, wanted);
  return table;
}

/** The names, `[schema.]name` as -t takes them, of all tables with a vector column. */
export async function namesOfTablesWithVectors(session: Session): Promise<string[]> {
  const { rows } = await session.query<{ schema: string; name: string; visible: boolean; bits: boolean }>(
    tablesWithVectors(),
  );
  // A column of flags is a bit(n) too: such tables are meant only where there are no others.
  const sure = rows.filter((row) => !row.bits);
  return (sure.length > 0 ? sure : rows).map((row) => displayName(row));
}

/**
 * The table's vector column: the named one, the only one, else `embedding`.
 * @throws UsageError where there is none, or several and none of these
 */
export function findVectorColumn(table: TableDescription, name: string | undefined): VectorColumn {
  const holding = table.columns.filter((column): column is VectorColumn => column.vector !== undefined);
  if (name !== undefined) return namedVectorColumn(table, holding, name);
  const ofPgvector = holding.filter((column) => column.vector !== 'bit');
  const candidates = ofPgvector.length > 0 ? ofPgvector : holding;
  const chosen =
    candidates.length === 1 ? candidates[0] : candidates.find((column) => column.name === 'embedding');
  if (chosen !== undefined) return chosen;
  if (candidates.length === 0) throw noVectorColumn(table);
  throw new UsageError(`table ${table.shown} has ${candidates.length} vector columns: ${list(candidates)}`, {
    code: 'ambiguous-column',
    hint: `choose one with --vector-column, for example --vector-column ${shellWord(candidates[0]!.name)}`,
  });
}

/** `docs` where the search path finds it, else `archive.docs`; quoted where -t needs it. */
export function displayName(table: { schema: string; name: string; visible?: boolean }): string {
  const parts = table.visible ? [table.name] : [table.schema, table.name];
  return parts.map((part) => (/[".]/.test(part) ? quoteName(part) : part)).join('.');
}

type Found = Omit<TableDescription, 'columns' | 'primaryKey' | 'shown'> & { visible: boolean };
type CatalogueColumn = Omit<ColumnDescription, 'vector' | 'dimensions'> & { fromPgvector: boolean };

function withDimensions({ fromPgvector, ...column }: CatalogueColumn): ColumnDescription {
  const isBit = column.base.schema === 'pg_catalog' && column.base.name === 'bit';
  const vector = (fromPgvector || isBit) && isVectorType(column.base.name) ? column.base.name : undefined;
  const dimensions = vector !== undefined && column.typmod > 0 ? column.typmod : undefined;
  return { ...column, vector, dimensions };
}

async function onlyTableWithVectors(session: Session): Promise<string> {
  const names = await namesOfTablesWithVectors(session);
  if (names.length === 1) return names[0]!;
  if (names.length === 0) {
    throw new UsageError('the database has no table with a vector column', {
      code: 'no-table',
      hint: '`pgv ingest <file>` makes one from a file, `pgv init <table> --dimensions <n>` an empty one',
    });
  }
  throw new UsageError(`several tables have a vector column: ${some(names)}`, {
    code: 'ambiguous-table',
    hint: `choose one with -t, for example -t ${shellWord(names[0]!)}`,
  });
}

async function noSuchTable(session: Session, name: string): Promise<UsageError> {
  const { rows } = await session.query<Found>(tablesNamed(parseTableName(name).name));
  const elsewhere = rows.map((row) => displayName(row));
  const others = elsewhere.length > 0 ? elsewhere : await namesOfTablesWithVectors(session);
  return new UsageError(`table ${name} does not exist`, {
    code: 'no-table',
    hint:
      others.length > 0
        ? `there ${others.length === 1 ? 'is' : 'are'} ${some(others)}`
        : '`pgv ingest <file>` or `pgv init <table>` makes one',
  });
}

/** Names for a message, which stays a line. */
function some(names: readonly string[]): string {
  const shown = names.slice(0, 10).join(', ');
  return names.length > 10 ? `${shown} and ${names.length - 10} more` : shown;
}

function namedVectorColumn(
  table: TableDescription,
  holding: readonly VectorColumn[],
  name: string,
): VectorColumn {
  const chosen = holding.find((column) => column.name === name);
  if (chosen !== undefined) return chosen;
  const other = table.columns.find((column) => column.name === name);
  const hint = holding.length > 0 ? `vector columns of ${table.shown}: ${list(holding)}` : undefined;
  throw new UsageError(
    other === undefined
      ? `column ${name} does not exist in ${table.shown}`
      : `column ${name} of ${table.shown} is no vector column but ${other.declared}`,
    { code: 'no-column', column: name, hint },
  );
}

function noVectorColumn(table: TableDescription): UsageError {
  return new UsageError(`${table.kind} ${table.shown} has no vector column`, {
    code: 'no-vector-column',
    hint: 'name another table with -t, or add one: ALTER TABLE … ADD COLUMN embedding vector(<dimensions>)',
  });
}

function list(columns: readonly ColumnDescription[]): string {
  return columns.map((column) => `${column.name} ${column.declared}`).join(', ');
}
