import type { Database, Session, Statement } from '../../database/database.ts';
import { DataError, PgvError, UsageError } from '../../errors.ts';
import type { Reporter } from '../../progress.ts';
import { type Condition, explained, keyDiffers, nearest, vectorOfRow } from '../../sql/search.ts';
import { type Metric, scoreOf } from '../../vector/metrics.ts';
import { castType, type Filter, filterCondition } from './filters.ts';
import { readQueryVector, vectorValue } from './query-vector.ts';
import { applySettings, type SearchSettings } from './settings.ts';
import { findSubject, type Subject, type SubjectOptions } from './subject.ts';

export interface SearchOptions extends SubjectOptions, SearchSettings {
  /** A vector as text, or the key of a stored row, which is left out of its own neighbours. */
  query: { vector: string } | { id: string };
  k: number;
  /** The user's own SQL. */
  where?: string | undefined;
  filters?: readonly Filter[] | undefined;
  maxDistance?: number | undefined;
}

export interface Hit {
  /** The primary key's value; a list where it has several columns; null where the table has none. */
  id: unknown;
  distance: number;
  score: number;
  /** The shown columns' values, in order. */
  values: unknown[];
}

export interface SearchResult {
  database: string;
  table: string;
  metric: Metric;
  k: number;
  /** Names of the shown columns; the key is not among them where it is called `id`. */
  columns: string[];
  hits: Hit[];
}

/**
 * The k rows nearest to a vector, the nearest first. Rows without a vector are no answer.
 * @throws UsageError where the table, the column, the vector or a condition is not one
 */
export async function search(
  database: Database,
  options: SearchOptions,
  reporter: Reporter,
): Promise<SearchResult> {
  const subject = await findSubject(database, options, reporter);
  const conditions = (options.filters ?? []).map((filter) => filterCondition(subject.table, filter));
  const rows = await database
    .transaction(async (session) => {
      // A row's own neighbours: itself is found too, and left out.
      const wanted = 'id' in options.query ? options.k + 1 : options.k;
      await applySettings(session, subject.extensionSchema, options, wanted);
      const { vector, others } = await queryVector(session, subject, options.query);
      const statement = nearestTo(vector, subject, [...others, ...conditions], options);
      const found = await session.query(statement);
      if (found.rowCount < options.k)
        await tellOfIndex(session, statement, found.rowCount, options, reporter);
      return found.rows;
    })
    .catch((error: unknown) => {
      throw asUsage(error, options);
    });
  return {
    database: database.target.description,
    table: subject.table.name,
    metric: subject.metric,
    k: options.k,
    columns: subject.shown.map(({ name }) => name),
    hits: rows.map((row) => toHit(row, subject)),
  };
}

function nearestTo(
  vector: string,
  { table, column, operator, key, shown }: Subject,
  conditions: readonly Condition[],
  { k, where, maxDistance }: SearchOptions,
): Statement {
  return nearest({
    table,
    column: column.name,
    operator,
    type: castType(column.base),
    vector,
    k,
    key: key.map(({ name }) => name),
    shown: shown.map(({ name }) => name),
    where,
    conditions,
    maxDistance,
  });
}

/** The vector to search with, and which rows are `others` than the one it came from. */
async function queryVector(
  session: Session,
  { table, column, key }: Subject,
  query: SearchOptions['query'],
): Promise<{ vector: string; others: Condition[] }> {
  if ('vector' in query) return { vector: readQueryVector(query.vector, column), others: [] };
  if (key.length === 0) {
    throw new UsageError(`table ${table.name} has no primary key to find ${query.id} by`, {
      code: 'no-key',
      hint: 'search with a vector instead',
    });
  }
  const columns = key.map(({ name, base }) => ({ name, type: castType(base) }));
  const id = columns.length === 1 ? [query.id] : compositeId(query.id, columns.length, table.name);
  const { rows } = await session.query<{ vector: string | null }>(
    vectorOfRow(table, column.name, columns, id),
  );
  const vector = rows[0]?.vector;
  if (vector === undefined)
    throw new UsageError(`row ${query.id} does not exist in ${table.name}`, { code: 'no-row' });
  if (vector === null)
    throw new UsageError(`row ${query.id} has no vector in ${column.name}`, { code: 'no-vector' });
  return { vector, others: [keyDiffers(columns, id)] };
}

function compositeId(text: string, parts: number, table: string): string[] {
  const fail = () =>
    new UsageError(
      `key ${text} is not a JSON list of ${parts} values, as many as the key of ${table} has columns`,
      {
        code: 'bad-key',
        hint: 'write it as \'["a",1]\', and long numbers in quotes',
      },
    );
  let values: unknown;
  try {
    values = JSON.parse(text);
  } catch {
    throw fail();
  }
  if (!Array.isArray(values) || values.length !== parts) throw fail();
  // What JSON.parse has rounded is no longer the key that was given.
  if (values.some((value) => Number.isInteger(value) && !Number.isSafeInteger(value))) throw fail();
  return values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value)));
}

/** Says so where an index may be why there are fewer rows than wanted. */
async function tellOfIndex(
  session: Session,
  statement: Statement,
  found: number,
  { k, maxDistance }: SearchOptions,
  reporter: Reporter,
): Promise<void> {
  if (maxDistance !== undefined) return;
  const { rows } = await session.query<{ 'QUERY PLAN': unknown }>(explained(statement));
  // Only a scan in the order of distances has an "Order By" of its own.
  const index = /"Index Name":"([^"]*)"[^{}]*"Order By"/.exec(JSON.stringify(rows[0]?.['QUERY PLAN']))?.[1];
  if (index === undefined) return;
  reporter.note(`index ${index} gave ${found} of ${k} rows: --exact compares every row`);
}

function toHit(row: Record<string, unknown>, { key, metric, shown }: Subject): Hit {
  const distance = row.distance as number;
  const keys = key.map((_, i) => row[`k${i}`]);
  return {
    id: keys.length > 1 ? keys : (keys[0] ?? null),
    distance,
    score: scoreOf(metric, distance),
    values: shown.map(({ vector }, i) => {
      const value = row[`c${i}`];
      return vector !== undefined && typeof value === 'string' ? vectorValue(value, vector) : value;
    }),
  };
}

/** All that a search is told comes from its arguments: what the database cannot take of it is wrong usage. */
function asUsage(error: unknown, { query, where, filters }: SearchOptions): unknown {
  const isArgument =
    error instanceof DataError || (error instanceof PgvError && /^42(?!501)/.test(error.sqlstate ?? ''));
  if (!isArgument) return error;
  const told = ['id' in query ? '--id' : 'the vector'];
  if (filters !== undefined && filters.length > 0) told.push('--filter');
  if (where !== undefined) told.push('--where');
  return new UsageError(error.message, {
    sqlstate: error.sqlstate,
    hint: error.hint ?? `check ${told.join(' and ')}`,
    cause: error,
  });
}
