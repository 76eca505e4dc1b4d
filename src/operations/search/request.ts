import { DataError, PgvError, UsageError } from '../../errors.ts';
import { type Candidates, type NearestQuery, qualifiedOperator } from '../../sql/search.ts';
import { operatorOf } from '../../vector/metrics.ts';
import { quantizedMetric } from '../../vector/quantization.ts';
import type { ColumnDescription } from '../tables.ts';
import { castType, type Filter, filterCondition, tenantCondition } from './filters.ts';
import type { QuantizedForm } from './index-choice.ts';
import { mostCandidates, type Wanted } from './settings.ts';
import type { Subject } from './subject.ts';

/** Which rows may be an answer. */
export interface Conditions {
  /** The user's own SQL. */
  where?: string | undefined;
  filters?: readonly Filter[] | undefined;
  /** Only rows whose tenant column holds this. */
  tenant?: string | undefined;
  /** Default: tenant_id. */
  tenantColumn?: string | undefined;
}

/** A query, and what else may serve it. */
export interface Asked extends NearestQuery {
  /** Taken in turn, where no index gives the rows as the query has it. */
  otherwise: readonly Candidates[];
}

/** Whether the planner alone chooses the index, by the vectors themselves. */
export const isPlain = ({ candidates, otherwise }: Asked): boolean =>
  candidates === undefined && otherwise.length === 0;

/** What is asked, but for the vector. @throws UsageError where a condition names what the table has not */
export function nearestQuery(
  subject: Subject,
  {
    k,
    rerank,
    where,
    filters = [],
    tenant,
    tenantColumn,
  }: Conditions & { k: number; rerank?: number | undefined },
): Asked {
  const { table, column, operator, quantized, otherwise, key, shown } = subject;
  const conditions = filters.map((filter) => filterCondition(table, filter));
  if (tenant !== undefined) conditions.unshift(tenantCondition(table, tenant, tenantColumn));
  return {
    table,
    column: column.name,
    operator,
    type: castType(column.base),
    k,
    candidates: quantized && candidates(subject, quantized, k, rerank),
    otherwise: otherwise.map((form) => candidates(subject, form, k, rerank)),
    key: key.map(({ name }) => name),
    keyHasNoOrder: table.primaryKey.length === 0 && !key.every(hasOrder),
    shown: shown.map(({ name }) => name),
    where,
    conditions,
  };
}

/** Whether a type surely has an order, as a primary key's does: numbers, texts, dates, booleans, enums, addresses, ranges. */
function hasOrder({ base }: ColumnDescription): boolean {
  return 'NSDTBEIR'.includes(base.category) || ['uuid', 'bytea', 'jsonb'].includes(base.name);
}

/**
 * Candidates for k rows, where nobody says how many. Of 63,000 text embeddings half precision lost 2 of 10,000
 * neighbours with k candidates, and none with a tenth more. Signs, of 384 dimensions, had 71 % of the ten nearest
 * among 40, 84 % among 100, 90 % among 200 and 95 % among 400, at 1, 3, 5 and 10 times the cost of 40; where the
 * dimensions weigh alike, 99 % among 40. hnsw keeps 1,000 at most. An ef_search that keeps more signs was set to find
 * more.
 */
const usualCandidates = {
  half: (k: number) => Math.ceil(1.1 * k),
  binary: (k: number) => Math.min(Math.max(100, 20 * k), mostCandidates),
};

/** What any index is to give for the query. @param besides rows that a condition will leave out */
export function wantedOf({ k, candidates, otherwise }: Asked, besides = 0): Wanted {
  const rows = Math.max(candidates?.count ?? k, ...otherwise.map(({ count }) => count));
  return { rows: rows + besides, inOrder: candidates === undefined };
}

function candidates(
  { metric, extensionSchema }: Subject,
  { quantization, dimensions }: QuantizedForm,
  k: number,
  rerank: number | undefined,
): Candidates {
  return {
    count: Math.max(k, rerank ?? usualCandidates[quantization](k)),
    allKept: rerank === undefined && quantization === 'binary',
    quantization,
    dimensions,
    operator: qualifiedOperator(extensionSchema, operatorOf(quantizedMetric(metric, quantization))),
    extensionSchema,
  };
}

/**
 * All that a search is told comes from its arguments: what the database cannot take of it is wrong usage.
 * @param source where the query came from, as the hint names it; undefined: of no flag
 */
export function asUsage(
  error: unknown,
  source: string | undefined,
  { where, filters, tenant }: Conditions,
): unknown {
  // What a file holds is told with its row.
  if (error instanceof PgvError && error.file !== undefined) return error;
  const isArgument =
    error instanceof DataError || (error instanceof PgvError && /^42(?!501)/.test(error.sqlstate ?? ''));
  if (!isArgument) return error;
  const told = source === undefined ? [] : [source];
  if (filters !== undefined && filters.length > 0) told.push('--filter');
  if (tenant !== undefined) told.push('--tenant');
  if (where !== undefined) told.push('--where');
  return new UsageError(error.message, {
    sqlstate: error.sqlstate,
    hint: error.hint ?? (told.length === 0 ? undefined : `check ${told.join(' and ')}`),
    cause: error,
  });
}
