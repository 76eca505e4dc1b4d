import type { Session } from '../../database/database.ts';
import { UsageError } from '../../errors.ts';
import type { Reporter } from '../../progress.ts';
import { selectRows } from '../../sql/export.ts';
import { findTable, type TableDescription } from '../tables.ts';

/** Rows of a table as the user asks for them. `where` and `orderBy` are SQL. */
export interface TableRequest {
  /** `[schema.]name`; undefined: the only table with vectors. */
  table: string | undefined;
  columns?: readonly string[] | undefined;
  where?: string | undefined;
  orderBy?: string | undefined;
  limit?: number | undefined;
}

/** What is exported: a query that the database can run. */
export interface Source {
  /** The table's name; undefined for a query of the user's own. */
  table: string | undefined;
  query: string;
  /** The flags that the user's own SQL in the query came by, where there is such. */
  flags: readonly string[];
  /** About how many rows there will be, where that can be known. */
  expectedRows: number | undefined;
}

/**
 * The query for rows of a table. Without a choice of columns these are all that COPY takes back: generated ones are
 * left out, as COPY itself leaves them out.
 * @throws UsageError for a table or a column that is not there
 */
export async function tableSource(
  session: Session,
  request: TableRequest,
  reporter: Reporter,
): Promise<Source> {
  const { where, orderBy, limit } = request;
  const table = await findTable(session, request.table);
  const columns = request.columns ?? storedColumns(table, reporter);
  requireColumns(table, columns);
  const selection = { schema: table.schema, table: table.name, columns, where, orderBy, limit };
  return {
    table: table.name,
    query: selectRows(selection),
    flags: [...(where === undefined ? [] : ['--where']), ...(orderBy === undefined ? [] : ['--order-by'])],
    expectedRows: where === undefined ? atMost(limit, table.estimatedRows) : undefined,
  };
}

/** A query as the user wrote it; a semicolon at its end is no part of it. */
export function querySource(sql: string): Source {
  const query = sql.trim().replace(/;\s*$/, '');
  if (query === '') throw new UsageError('--query is empty', { hint: 'give it a SELECT' });
  return { table: undefined, query, flags: ['--query'], expectedRows: undefined };
}

function storedColumns(table: TableDescription, reporter: Reporter): string[] {
  const generated = table.columns.filter((column) => column.generated !== null).map(({ name }) => name);
  if (generated.length > 0) {
    reporter.note(
      `left out ${generated.join(', ')}: generated from the other columns (--columns takes them)`,
    );
  }
  return table.columns.map(({ name }) => name).filter((name) => !generated.includes(name));
}

function requireColumns(table: TableDescription, columns: readonly string[]): void {
  const present = table.columns.map(({ name }) => name);
  for (const column of columns) {
    if (present.includes(column)) continue;
    throw new UsageError(`column ${column} does not exist in ${table.name}`, {
      code: 'no-column',
      column,
      hint: `columns of ${table.name}: ${present.join(', ')}`,
    });
  }
}

function atMost(limit: number | undefined, estimated: number | null): number | undefined {
  if (estimated === null) return undefined;
  return limit === undefined ? estimated : Math.min(limit, estimated);
}
