import { DataError, PgvError, UsageError } from '../../errors.ts';
import { type Candidates, type NearestQuery, qualifiedOperator } from '../../sql/search.ts';
import { operatorOf } from '../../vector/metrics.ts';
import { quantizedMetric } from '../../vector/quantization.ts';
import { castType, type Filter, filterCondition, tenantCondition } from './filters.ts';
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
): NearestQuery {
  const { table, column, operator, key, shown } = subject;
  const conditions = filters.map((filter) => filterCondition(table, filter));
  if (tenant !== undefined) conditions.unshift(tenantCondition(table, tenant, tenantColumn));
  return {
    table,
    column: column.name,
    operator,
    type: castType(column.base),
    k,
    candidates: candidates(subject, k, rerank),
    key: key.map(({ name }) => name),
    shown: shown.map(({ name }) => name),
    where,
    conditions,
  };
}

/**
 * Candidates a row of the answer, where nobody says how many.
 */
const usualCandidates = { half: 1, binary: 4 };

function candidates(
  { metric, quantized, extensionSchema }: Subject,
  k: number,
  rerank: number | undefined,
): Candidates | undefined {
  if (quantized === undefined) return undefined;
  const { quantization, dimensions } = quantized;
  return {
    count: Math.max(k, rerank ?? usualCandidates[quantization] * k),
    quantization,
    dimensions,
    operator: qualifiedOperator(extensionSchema, operatorOf(quantizedMetric(metric, quantization))),
    extensionSchema,
  };
}

/**
 * All that a search is told comes from its arguments: what the database cannot take of it is wrong usage.
 * @param source where the query came from, as the hint names it
 */
export function asUsage(error: unknown, source: string, { where, filters, tenant }: Conditions): unknown {
  // What a file holds is told with its row.
  if (error instanceof PgvError && error.file !== undefined) return error;
  const isArgument =
    error instanceof DataError || (error instanceof PgvError && /^42(?!501)/.test(error.sqlstate ?? ''));
  if (!isArgument) return error;
  const told = [source];
  if (filters !== undefined && filters.length > 0) told.push('--filter');
  if (tenant !== undefined) told.push('--tenant');
  if (where !== undefined) told.push('--where');
  return new UsageError(error.message, {
    sqlstate: error.sqlstate,
    hint: error.hint ?? `check ${told.join(' and ')}`,
    cause: error,
  });
}
