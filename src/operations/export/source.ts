import type { Session } from '../../database/database.ts';
import { PgvError, UsageError } from '../../errors.ts';
import type { Reporter } from '../../progress.ts';
import { equals, queryAsSource, type RowSource, shuffled } from '../../sql/export.ts';
import { quoteName, quoteQualified } from '../../sql/identifiers.ts';
import { type ColumnDescription, describeQuery, findTable, type TableDescription } from '../tables.ts';

/** Rows of a table as the user asks for them. `where` and `orderBy` are SQL. */
export interface TableRequest {
  /** `[schema.]name`; undefined: the only table with vectors. */
  table: string | undefined;
  columns?: readonly string[] | undefined;
  where?: string | undefined;
  orderBy?: string | undefined;
  limit?: number | undefined;
  /** So many rows, chosen by chance. */
  sample?: number | undefined;
  /** The same seed chooses the same rows. */
  seed?: number | undefined;
  /** Rows whose tenant column holds this. */
  tenant?: string | undefined;
  tenantColumn?: string | undefined;
}

/** What is exported. */
export interface Source {
  /** Undefined for a query of the user's own. */
  table: TableDescription | undefined;
  /** Those that can be taken, and whether the user named them. */
  columns: readonly ColumnDescription[];
  chosen: boolean;
  rows: RowSource;
  /** The flags that the user's own SQL came by, where there is such. */
  flags: readonly string[];
  /** About how many rows there will be, where that can be known. */
  expectedRows: number | undefined;
}

/**
 * The rows of a table. Without a choice of columns these are all that COPY takes back: generated ones are left out, as
 * COPY itself leaves them out.
 * @throws UsageError for a table or a column that is not there
 */
export async function tableSource(
  session: Session,
  request: TableRequest,
  reporter: Reporter,
): Promise<Source> {
  const { where } = request;
  const table = await findTable(session, request.table);
  const columns =
    request.columns === undefined ? storedColumns(table, reporter) : namedColumns(table, request.columns);
  const conditions = [
    ...(where === undefined ? [] : [where]),
    ...(request.tenant === undefined ? [] : [tenantRows(table, request.tenant, request.tenantColumn)]),
  ];
  const from = quoteQualified(table.schema, table.name);
  const { orderBy, limit } = sampleOf(request, table);
  return {
    table,
    columns,
    chosen: request.columns !== undefined,
    rows: { from, where: conditions, orderBy, limit },
    flags: [
      ...(where === undefined ? [] : ['--where']),
      ...(request.orderBy === undefined ? [] : ['--order-by']),
    ],
    expectedRows: conditions.length === 0 ? atMost(limit, table.estimatedRows) : undefined,
  };
}

/** A query as the user wrote it; a semicolon at its end is no part of it. @throws UsageError for none */
export function trimmedQuery(sql: string): string {
  const query = sql.trim().replace(/;\s*$/, '');
  if (query === '') throw new UsageError('--query is empty', { hint: 'give it a SELECT' });
  return query;
}

/** The rows of a query. @param query as trimmedQuery gives it @throws UsageError for one that fails */
export async function querySource(session: Session, query: string): Promise<Source> {
  const flags = ['--query'];
  const columns = await describeQuery(session, query).catch((error: unknown) => {
    throw asUsage(error, flags);
  });
  if (columns.length === 0) throw new UsageError('--query gives no columns', { hint: 'give it a SELECT' });
  const names = columns.map(({ name }) => name);
  return {
    table: undefined,
    columns,
    chosen: true,
    rows: { from: queryAsSource(query, names), where: [] },
    flags,
    expectedRows: undefined,
  };
}

/** What the database does not understand or allow of the user's own SQL is wrong usage. */
export function asUsage(error: unknown, flags: readonly string[]): unknown {
  const isSql = error instanceof PgvError && /^(42(?!501)|0A|25006)/.test(error.sqlstate ?? '');
  if (!isSql || flags.length === 0) return error;
  const { message, sqlstate } = error;
  return new UsageError(message, {
    sqlstate,
    hint: error.hint ?? `check ${flags.join(' and ')}`,
    cause: error,
  });
}

/** The columns as names in SQL. */
export const quotedNames = (columns: readonly ColumnDescription[]): string[] =>
  columns.map(({ name }) => quoteName(name));

function storedColumns(table: TableDescription, reporter: Reporter): ColumnDescription[] {
  const isGenerated = (column: ColumnDescription) => column.generated !== null;
  const generated = table.columns.filter(isGenerated).map(({ name }) => name);
  if (generated.length > 0) {
    reporter.note(
      `left out ${generated.join(', ')}: generated from the other columns (--columns takes them)`,
    );
  }
  return table.columns.filter((column) => !isGenerated(column));
}

function namedColumns(table: TableDescription, names: readonly string[]): ColumnDescription[] {
  return names.map((name) => requireColumn(table, name));
}

function requireColumn(table: TableDescription, name: string): ColumnDescription {
  const column = table.columns.find((candidate) => candidate.name === name);
  if (column !== undefined) return column;
  throw new UsageError(`column ${name} does not exist in ${table.shown}`, {
    code: 'no-column',
    column: name,
    hint: `columns of ${table.shown}: ${table.columns.map((present) => present.name).join(', ')}`,
  });
}

/** The order and the limit: a sample is the first rows of an order by chance. */
function sampleOf(
  { orderBy, limit, sample, seed }: TableRequest,
  table: TableDescription,
): Pick<RowSource, 'orderBy' | 'limit'> {
  if (sample === undefined) return { orderBy, limit };
  const key = table.primaryKey.length > 0 ? table.primaryKey : table.columns.map(({ name }) => name);
  return { orderBy: shuffled(key, seed), limit: sample };
}

function tenantRows(table: TableDescription, tenant: string, column = 'tenant_id'): string {
  return equals(requireColumn(table, column).name, tenant);
}

function atMost(limit: number | undefined, estimated: number | null): number | undefined {
  if (estimated === null) return undefined;
  return limit === undefined ? estimated : Math.min(limit, estimated);
}
