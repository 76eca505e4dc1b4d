import type { Session } from '../../database/database.ts';
import { UsageError } from '../../errors.ts';
import { countVectors, type IndexDefinition } from '../../sql/indexes.ts';
import {
  defaultMetric,
  type IndexType,
  indexDimensionLimit,
  indexServes,
  type Metric,
  metricsOf,
  operatorClassOf,
} from '../../vector/metrics.ts';
import type { TableDescription, VectorColumn } from '../tables.ts';

export interface IndexRequest {
  type: IndexType;
  /** Default: cosine, hamming for bit. */
  metric?: Metric | undefined;
  /** HNSW: connections a node, 2 to 100. */
  m?: number | undefined;
  /** HNSW: candidates kept while building, 4 to 1,000 and at least 2·m. */
  efConstruction?: number | undefined;
  /** IVFFlat: 1 to 32,768; default by the number of rows. */
  lists?: number | undefined;
  name?: string | undefined;
  /** The user's own SQL. */
  where?: string | undefined;
}

export type Parameters = Readonly<Record<string, number>>;

/** What the request comes to. */
export interface IndexPlan {
  definition: IndexDefinition;
  metric: Metric;
  /** Those of the definition's parameters that the request names. */
  asked: Parameters;
}

/** pgvector's own. */
export const parameterDefaults: Parameters = { m: 16, ef_construction: 64, lists: 100 };

/** PostgreSQL cuts longer names off. */
const longestName = 63;

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
): Promise<Omit<IndexPlan, 'definition'> & { definition: Omit<IndexDefinition, 'concurrently'> }> {
  const metric = request.metric ?? defaultMetric(column.vector);
  checkKind(table);
  checkMetric(column, request.type, metric);
  checkDimensions(table, column, request.type, metric);
  checkParameters(request);
  const asked = askedParameters(request);
  const definition = {
    table,
    name: request.name ?? defaultName(table, column, request, metric),
    type: request.type,
    column: column.name,
    operatorClass: { schema: extensionSchema, name: operatorClassOf(column.vector, metric) },
    parameters:
      request.type === 'hnsw' ? asked : { lists: await chooseLists(session, table, column, request) },
    where: request.where,
  };
  return { definition, metric, asked };
}

function checkKind(table: TableDescription): void {
  if (table.kind === 'view' || table.kind === 'foreign table') {
    throw new UsageError(`${table.name} is a ${table.kind}, which has no indexes`, {
      hint: table.kind === 'view' ? 'name the table below it with -t' : 'create the index where its rows are',
    });
  }
}

/** @throws UsageError where pgvector has no such index on the column's type */
export function checkMetric(
  column: Pick<VectorColumn, 'name' | 'vector'>,
  type: IndexType,
  metric: Metric,
): void {
  const metrics = metricsOf(column.vector);
  if (!metrics.includes(metric)) {
    throw new UsageError(`metric ${metric} is not for ${column.vector}, the type of ${column.name}`, {
      code: 'bad-metric',
      hint: `metrics for it: ${metrics.join(', ')}`,
    });
  }
  if (indexServes(type, column.vector, metric)) return;
  const served = metrics.filter((each) => indexServes(type, column.vector, each));
  if (served.length === 0) {
    throw new UsageError(`${type} does not index ${column.vector}, the type of ${column.name}`, {
      code: 'bad-index-type',
      hint: 'use --type hnsw',
    });
  }
  throw new UsageError(`${type} does not serve ${metric} on ${column.vector}`, {
    code: 'bad-metric',
    hint: `use --type hnsw, or a metric that it serves: ${served.join(', ')}`,
  });
}

function checkDimensions(
  table: TableDescription,
  column: VectorColumn,
  type: IndexType,
  metric: Metric,
): void {
  const alter = (sqlType: string) => `ALTER TABLE ${table.name} ALTER COLUMN ${column.name} TYPE ${sqlType}`;
  if (column.dimensions === undefined) {
    throw new UsageError(`column ${column.name} has no dimensions, which an index needs`, {
      code: 'no-dimensions',
      hint: `declare them: ${alter(`${column.vector}(<dimensions>)`)}`,
    });
  }
  const limit = indexDimensionLimit(type, column.vector) ?? 0;
  if (column.dimensions <= limit) return;
  const half = indexDimensionLimit(type, 'halfvec') ?? 0;
  const halfType = `halfvec(${column.dimensions})`;
  const hint =
    column.vector === 'vector' && column.dimensions <= half
      ? `half precision is indexed up to ${half}: ${alter(halfType)}, or keep the column and run ` +
        `CREATE INDEX ON ${table.name} USING ${type} ((${column.name}::${halfType}) halfvec_${metric}_ops)`
      : 'store fewer dimensions (many models give vectors that can be cut short), or search without an index';
  throw new UsageError(
    `column ${column.name} has ${column.dimensions} dimensions; ${type} indexes ${column.vector} up to ${limit}`,
    { code: 'too-many-dimensions', sqlstate: '54000', hint },
  );
}

/** @throws UsageError for parameters of the other type of index, or that do not go together */
export function checkParameters({ type, m, efConstruction, lists }: IndexRequest): void {
  if (type === 'hnsw' && lists !== undefined) {
    throw new UsageError('lists is for ivfflat', { hint: 'hnsw takes m and ef_construction' });
  }
  if (type === 'ivfflat' && (m !== undefined || efConstruction !== undefined)) {
    throw new UsageError('m and ef_construction are for hnsw', { hint: 'ivfflat takes lists' });
  }
  const connections = m ?? parameterDefaults.m!;
  const candidates = efConstruction ?? parameterDefaults.ef_construction!;
  if (candidates >= 2 * connections) return;
  throw new UsageError(`ef_construction ${candidates} is less than twice m, ${connections}`, {
    hint: `make ef_construction ${2 * connections} or more`,
  });
}

/** `docs_embedding_hnsw_cosine`: cut in the middle where that is too long, so that the end still says what it is. */
export function defaultName(
  table: Pick<TableDescription, 'name'>,
  column: Pick<VectorColumn, 'name'>,
  { type, where }: IndexRequest,
  metric: Metric,
): string {
  const end = `_${type}_${metric}${where === undefined ? '' : '_partial'}`;
  let start = `${table.name}_${column.name}`;
  while (Buffer.byteLength(start) > longestName - end.length) start = [...start].slice(0, -1).join('');
  return start + end;
}

/** The parameters that the request names, as WITH takes them. */
export function askedParameters({ m, efConstruction, lists }: IndexRequest): Parameters {
  const given = Object.entries({ m, ef_construction: efConstruction, lists });
  return Object.fromEntries(given.filter((entry): entry is [string, number] => entry[1] !== undefined));
}

async function chooseLists(
  session: Session,
  table: TableDescription,
  column: VectorColumn,
  { lists }: IndexRequest,
): Promise<number> {
  const { rows } = await session.query<{ rows: number }>(countVectors(table, column.name));
  const vectors = rows[0]?.rows ?? 0;
  if (vectors === 0) {
    throw new UsageError(`${table.name} has no vectors yet, from which ivfflat would make its lists`, {
      code: 'empty-table',
      hint: 'load the rows first, or use --type hnsw',
    });
  }
  return lists ?? defaultLists(vectors);
}

/** https://github.com/pgvector/pgvector#ivfflat, and no fewer than 10: with one list, the index compares all rows. */
function defaultLists(rows: number): number {
  const lists = rows <= 1_000_000 ? rows / 1000 : Math.sqrt(rows);
  return Math.min(32_768, Math.max(10, Math.round(lists)));
}
