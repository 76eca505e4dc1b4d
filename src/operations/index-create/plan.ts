import type { Session } from '../../database/database.ts';
import { UsageError } from '../../errors.ts';
import { countVectors, type IndexDefinition } from '../../sql/indexes.ts';
import { type Metric, operatorClassOf } from '../../vector/metrics.ts';
import { quantizedMetric, quantizedType } from '../../vector/quantization.ts';
import type { TableDescription, VectorColumn } from '../tables.ts';
import { checkRequest } from './checks.ts';
import { defaultName } from './names.ts';
import { askedParameters, type IndexRequest, type Parameters } from './request.ts';

/** What the request comes to. */
export interface IndexPlan {
  definition: Omit<IndexDefinition, 'concurrently' | 'table'> & { table: { schema: string; name: string } };
  metric: Metric;
  /** Those of the definition's parameters that the request names. */
  asked: Parameters;
}

/** A list holds about as many. */
const rowsOfList = 1000;

/**
 * What the request comes to on this column.
 * @throws UsageError where pgvector has no such index, with what to do instead
 */
export async function planIndex(
  session: Session,
  table: TableDescription,
  column: VectorColumn,
  request: IndexRequest,
  extensionSchema: string,
): Promise<IndexPlan> {
  const metric = checkRequest(table, column, request);
  const { type, quantize = 'none', name, where } = request;
  const asked = askedParameters(request);
  const held = quantizedType(column.vector, quantize);
  const definition = {
    table: { schema: table.schema, name: table.name },
    name: name ?? defaultName(table, column, request, metric),
    type,
    column: column.name,
    quantized:
      quantize === 'none'
        ? undefined
        : { quantization: quantize, dimensions: column.dimensions!, schema: extensionSchema },
    operatorClass: {
      schema: extensionSchema,
      name: operatorClassOf(held, quantizedMetric(metric, quantize)),
    },
    parameters: type === 'hnsw' ? asked : { lists: await chooseLists(session, table, column, request) },
    where,
  };
  return { definition, metric, asked };
}

/** @throws UsageError where ivfflat would have too few rows to make lists from, and none are asked for */
async function chooseLists(
  session: Session,
  table: TableDescription,
  column: VectorColumn,
  { lists, where }: IndexRequest,
): Promise<number> {
  if (lists !== undefined) return lists;
  const { rows } = await session.query<{ rows: number }>(countVectors(table, column.name, where));
  const vectors = rows[0]?.rows ?? 0;
  const details = { hint: 'load the rows first, use --type hnsw, or say how many --lists' };
  if (vectors === 0) {
    throw new UsageError(`${table.shown} has no vectors yet, from which ivfflat would make its lists`, {
      ...details,
      code: 'empty-table',
    });
  }
  if (vectors < rowsOfList) {
    throw new UsageError(
      `${table.shown} has but ${vectors} vectors, and ivfflat makes a list of every ${rowsOfList}`,
      { ...details, code: 'too-few-rows' },
    );
  }
  return defaultLists(vectors);
}

/** https://github.com/pgvector/pgvector#ivfflat, and no fewer than 10: with one list, the index compares all rows. */
export function defaultLists(rows: number): number {
  const lists = rows <= 1_000_000 ? rows / rowsOfList : Math.sqrt(rows);
  return Math.min(32_768, Math.max(10, Math.round(lists)));
}
