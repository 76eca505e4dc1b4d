import type { Database, Statement } from '../../database/database.ts';
import { DataError, PgvError, UsageError } from '../../errors.ts';
import type { Reporter } from '../../progress.ts';
import { nearest } from '../../sql/search.ts';
import type { Condition } from '../../sql/search-conditions.ts';
import { type Metric, scoreOf } from '../../vector/metrics.ts';
import type { TableDescription } from '../tables.ts';
import { completely } from './complete.ts';
import { type Explanation, explain } from './explain.ts';
import { castType, type Filter, filterCondition, tenantCondition } from './filters.ts';
import { readQueryVector, vectorValue } from './query-vector.ts';
import { applySettings, type SearchSettings } from './settings.ts';
import { storedVector } from './stored-vector.ts';
import { findSubject, type Subject, type SubjectOptions } from './subject.ts';

export interface SearchOptions extends SubjectOptions, SearchSettings {
  /** A vector as text, or the key of a stored row, which is left out of its own neighbours. */
  query: { vector: string } | { id: string };
  k: number;
  /** The user's own SQL. */
  where?: string | undefined;
  filters?: readonly Filter[] | undefined;
  /** Only rows whose tenant column holds this. */
  tenant?: string | undefined;
  /** Default: tenant_id. */
  tenantColumn?: string | undefined;
  maxDistance?: number | undefined;
  minScore?: number | undefined;
  /** The result tells how it was found. */
  explain?: boolean | undefined;
}

export interface Hit {
  /** The primary key's value; a list where it has several columns; null where the table has none. */
  id: unknown;
  /** NaN under cosine where a vector is zero. */
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
  explanation?: Explanation;
}

/**
 * The k rows nearest to a vector, the nearest first: fewer only where fewer pass the conditions. Rows without a vector
 * are no answer.
 * @throws UsageError where the table, the column, the vector or a condition is not one
 */
export async function search(
  database: Database,
  options: SearchOptions,
  reporter: Reporter,
): Promise<SearchResult> {
  const { query, k } = options;
  const subject = await findSubject(database, options, reporter);
  const conditions = conditionsOf(subject.table, options);
  const { found, explanation } = await database
    .transaction(async (session) => {
      // A row's own neighbours: itself is found too, and left out.
      const wanted = 'id' in query ? k + 1 : k;
      const applied = await applySettings(session, subject.extensionSchema, options, wanted);
      const { vector, others } =
        'id' in query
          ? await storedVector(session, subject, query.id)
          : { vector: readQueryVector(query.vector, subject.column), others: undefined };
      const statement = nearestTo(
        vector,
        subject,
        others === undefined ? conditions : [others, ...conditions],
        options,
      );
      const complete = await completely(session, statement, k, applied);
      return {
        found: complete,
        explanation: options.explain ? await explain(session, statement, complete, applied) : undefined,
      };
    })
    .catch((error: unknown) => {
      throw asUsage(error, options);
    });
  if (found.cutShort !== undefined) {
    const { index, rows } = found.cutShort;
    const how =
      found.attempt === 'wider' ? 'it was asked again with ef_search 1000' : 'every row was compared';
    reporter.note(`index ${index} gave ${rows} of ${k} rows, so ${how}`);
  }
  const hits = found.rows.map((row) => toHit(row, subject)).filter(isNear(options));
  warnOfZeroVectors(hits, reporter);
  return {
    database: database.target.description,
    table: subject.table.name,
    metric: subject.metric,
    k,
    columns: subject.shown.map(({ name }) => name),
    hits,
    ...(explanation && { explanation }),
  };
}

function conditionsOf(
  table: TableDescription,
  { filters = [], tenant, tenantColumn }: SearchOptions,
): Condition[] {
  const conditions = filters.map((filter) => filterCondition(table, filter));
  return tenant === undefined ? conditions : [tenantCondition(table, tenant, tenantColumn), ...conditions];
}

function nearestTo(
  vector: string,
  { table, column, operator, key, shown }: Subject,
  conditions: readonly Condition[],
  { k, where }: SearchOptions,
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
  });
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

/** Bounds are kept here, not in SQL, where they would hide whether an index gave all k rows. NaN is within none. */
function isNear({ maxDistance, minScore }: SearchOptions): (hit: Hit) => boolean {
  return ({ distance, score }) =>
    (maxDistance === undefined || distance <= maxDistance) && (minScore === undefined || score >= minScore);
}

function warnOfZeroVectors(hits: readonly Hit[], reporter: Reporter): void {
  const without = hits.filter(({ distance }) => Number.isNaN(distance)).length;
  if (without === 0) return;
  reporter.warn(
    `${without} of ${hits.length} hits have no distance: their vector or the query is zero, which has no direction for cosine to compare`,
  );
}

/** All that a search is told comes from its arguments: what the database cannot take of it is wrong usage. */
function asUsage(error: unknown, { query, where, filters, tenant }: SearchOptions): unknown {
  const isArgument =
    error instanceof DataError || (error instanceof PgvError && /^42(?!501)/.test(error.sqlstate ?? ''));
  if (!isArgument) return error;
  const told = ['id' in query ? '--id' : 'the vector'];
  if (filters !== undefined && filters.length > 0) told.push('--filter');
  if (tenant !== undefined) told.push('--tenant');
  if (where !== undefined) told.push('--where');
  return new UsageError(error.message, {
    sqlstate: error.sqlstate,
    hint: error.hint ?? `check ${told.join(' and ')}`,
    cause: error,
  });
}
