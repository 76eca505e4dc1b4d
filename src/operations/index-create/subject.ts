import type { Database } from '../../database/database.ts';
import { buildCircumstances } from '../../sql/index-build.ts';
import type { Metric } from '../../vector/metrics.ts';
import type { Quantization } from '../../vector/quantization.ts';
import { requireVectorExtension } from '../extension.ts';
import { findTable, findVectorColumn, type TableDescription, type VectorColumn } from '../tables.ts';
import { checkRequest } from './checks.ts';
import { predicateOf } from './existing.ts';
import { defaultName } from './names.ts';
import { planIndex } from './plan.ts';
import type { IndexRequest } from './request.ts';
import type { Work } from './steps.ts';

export interface SubjectOptions extends IndexRequest {
  table?: string | undefined;
  vectorColumn?: string | undefined;
  /** False: writers wait for the build to end. Default: true where anybody else can be using the table. */
  concurrently?: boolean | undefined;
}

/** The table, its column, and what the request comes to without a look at the rows. */
export interface Subject {
  table: TableDescription;
  column: VectorColumn;
  extensionSchema: string;
  metric: Metric;
  quantization: Quantization;
  name: string;
}

/** @throws UsageError where pgvector has no such index, with what to do instead */
export async function findSubject(database: Database, options: SubjectOptions): Promise<Subject> {
  const table = await findTable(database, options.table);
  const column = findVectorColumn(table, options.vectorColumn);
  const extension = await requireVectorExtension(database);
  const metric = checkRequest(table, column, options);
  const name = options.name ?? defaultName(table, column, options, metric);
  return {
    table,
    column,
    extensionSchema: extension.schema,
    metric,
    quantization: options.quantize ?? 'none',
    name,
  };
}

/** What is to be indexed, and how. @throws UsageError also where the rows are too few for it */
export async function planWork(
  database: Database,
  { table, column, extensionSchema }: Subject,
  options: SubjectOptions,
): Promise<Work> {
  const predicate = await predicateOf(database, table, options.where);
  const plan = await planIndex(database, table, column, options, extensionSchema);
  const concurrently = options.concurrently !== false && (await canBeInUse(database, table));
  return { ...plan, predicate, table, column, concurrently };
}

/** Whether anybody else can be using the table. */
async function canBeInUse(database: Database, table: TableDescription): Promise<boolean> {
  if (database.target.kind === 'embedded') return false;
  const { rows } = await database.query<{ temporary: boolean }>(buildCircumstances(table.oid));
  return rows[0]?.temporary !== true;
}
