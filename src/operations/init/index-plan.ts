import type { Session, Statement } from '../../database/database.ts';
import { UsageError } from '../../errors.ts';
import { createIndex } from '../../sql/indexes.ts';
import { defaultMetric, indexDimensionLimit, operatorClassOf } from '../../vector/metrics.ts';
import type { Extension } from '../extension.ts';
import { checkMetric, checkParameters } from '../index-create/checks.ts';
import { isAlike } from '../index-create/existing.ts';
import { defaultName } from '../index-create/names.ts';
import { planIndex } from '../index-create/plan.ts';
import { askedParameters, type IndexRequest } from '../index-create/request.ts';
import { findVectorColumn, type TableDescription, type VectorColumn } from '../tables.ts';
import { findVectorIndexes } from '../vector-indexes.ts';
import type { TablePlan, VectorRequest } from './plan.ts';

/** The vector columns of the plan. */
function plannedVectors(plan: TablePlan | undefined): VectorRequest[] {
  return (plan?.columns ?? []).filter((column): column is VectorRequest => 'dimensions' in column);
}

/**
 * @throws UsageError where an index of that kind cannot be made on one of the plan's vector columns, before anything
 * has run
 */
export function requireIndexable(plan: TablePlan | undefined, index: IndexRequest): void {
  checkParameters(index);
  for (const { name, type, dimensions } of plannedVectors(plan)) {
    const column = { name, vector: type };
    checkMetric(column, index.type, index.metric ?? defaultMetric(type));
    const limit = indexDimensionLimit(index.type, type) ?? 0;
    if (dimensions <= limit) continue;
    const half = indexDimensionLimit(index.type, 'halfvec') ?? 0;
    throw new UsageError(
      `column ${name} has ${dimensions} dimensions; ${index.type} indexes ${type} up to ${limit}`,
      {
        code: 'too-many-dimensions',
        column: name,
        hint:
          type === 'vector' && dimensions <= half
            ? `--type halfvec is indexed up to ${half} dimensions, in half the space and with nearly the same results`
            : 'store fewer dimensions (many models give vectors that can be cut short), or leave --index out',
      },
    );
  }
}

/** @throws UsageError for an index that cannot be made on a table without rows */
export function requireMadeEmpty({ type }: IndexRequest): void {
  if (type !== 'ivfflat') return;
  throw new UsageError('ivfflat makes its lists from the rows, and a new table has none', {
    code: 'empty-table',
    hint: 'load the rows first, then `pgv index create --type ivfflat`; or use --index hnsw',
  });
}

/** The indexes of a new table, as statements for a search path that finds the extension. */
export function indexStatements(plan: TablePlan, index: IndexRequest): Statement[] {
  requireMadeEmpty(index);
  return plannedVectors(plan).map(({ name, type }) => {
    const metric = index.metric ?? defaultMetric(type);
    return createIndex({
      table: plan,
      name: defaultName(plan, { name }, index, metric),
      type: index.type,
      column: name,
      operatorClass: { schema: undefined, name: operatorClassOf(type, metric) },
      parameters: askedParameters(index),
      concurrently: false,
    });
  });
}

/** The columns of a table that the request wants an index on: the plan's, else the one that is there. */
export function columnsToIndex(table: TableDescription, plan: TablePlan | undefined): VectorColumn[] {
  const planned = plannedVectors(plan);
  if (planned.length === 0) return [findVectorColumn(table, undefined)];
  return table.columns.filter(
    (column): column is VectorColumn =>
      column.vector !== undefined && planned.some(({ name }) => name === column.name),
  );
}

/** The indexes that a table lacks, a line each. */
export async function missingIndexes(
  session: Session,
  table: TableDescription,
  plan: TablePlan | undefined,
  index: IndexRequest,
  extension: Extension,
): Promise<string[]> {
  const rows = await findVectorIndexes(session, table);
  const lines: string[] = [];
  for (const column of columnsToIndex(table, plan)) {
    const { definition, asked, metric } = await planIndex(session, table, column, index, extension.schema);
    const there = rows.some(
      (found) => found.valid && found.predicate === null && isAlike(found, definition, asked),
    );
    if (!there) lines.push(`column ${column.name} has no such ${index.type} index for ${metric}`);
  }
  return lines;
}
