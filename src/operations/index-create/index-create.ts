import type { Database, Statement } from '../../database/database.ts';
import { DatabaseError, InterruptedError, PgvError, UsageError } from '../../errors.ts';
import type { Reporter } from '../../progress.ts';
import {
  buildCircumstances,
  countVectors,
  createIndex,
  dropIndex,
  type IndexDefinition,
  indexSize,
} from '../../sql/indexes.ts';
import { indexProgress } from '../../sql/progress.ts';
import { resetSetting, setSetting } from '../../sql/settings.ts';
import { hnswBuildBytes, type IndexType, type Metric } from '../../vector/metrics.ts';
import { warnOfMissingIndexes } from '../deferred-indexes/pending.ts';
import { requireVectorExtension } from '../extension.ts';
import { lockTimeout, withSettings } from '../session-settings.ts';
import { findTable, findVectorColumn, type TableDescription, type VectorColumn } from '../tables.ts';
import { findVectorIndexes } from '../vector-indexes.ts';
import { type Watch, watch } from '../watch.ts';
import { findExisting } from './existing.ts';
import { type IndexPlan, type IndexRequest, parameterDefaults, planIndex } from './plan.ts';

export interface IndexCreateOptions extends IndexRequest {
  table?: string | undefined;
  vectorColumn?: string | undefined;
  /** False: writers wait for the build to end. Default: true where anybody else can be using the table. */
  concurrently?: boolean | undefined;
  /** maintenance_work_mem for the build, in bytes; default: the server's setting. */
  memory?: number | undefined;
}

export interface IndexCreated {
  database: string;
  table: string;
  index: string;
  type: IndexType;
  metric: Metric;
  /** False: such an index was there already. */
  created: boolean;
  seconds: number;
  bytes: number;
}

/** What is about to be made, and where. */
interface Work extends IndexPlan {
  table: TableDescription;
  column: VectorColumn;
}

/**
 * The statements that would make the index, as they would run; they are not run.
 * @throws UsageError where pgvector has no such index, with what to do instead
 */
export async function indexStatements(database: Database, options: IndexCreateOptions): Promise<Statement[]> {
  const { definition } = await prepare(database, options);
  const settings = settingsFor(database, definition, options);
  return [
    ...Object.entries(settings).map(([name, value]) => setSetting(name, value)),
    createIndex(definition),
    ...Object.keys(settings).map(resetSetting),
  ];
}

/**
 * Makes a vector index, unless it is there already. A build that fails or is interrupted leaves nothing behind.
 * @throws UsageError where pgvector has no such index, with what to do instead
 */
export async function createVectorIndex(
  database: Database,
  options: IndexCreateOptions,
  reporter: Reporter,
): Promise<IndexCreated> {
  const work = await prepare(database, options);
  const { table, definition, metric } = work;
  await warnOfMissingIndexes(database, table, reporter);
  const { same, leftover } = await findExisting(database, table, work);
  const summary = { database: database.target.description, table: table.name, type: options.type, metric };
  if (same !== undefined) {
    reporter.note(`index ${same.name} is there already`);
    const bytes = await sizeOf(database, { schema: table.schema, name: same.name });
    return { ...summary, index: same.name, created: false, seconds: 0, bytes };
  }
  if (leftover !== undefined) {
    reporter.note(`index ${leftover.name} is what a failed build left: it is replaced`);
    await database.query(dropIndex({ schema: table.schema, name: leftover.name }, definition.concurrently));
  }
  await warnOfMemory(database, work, options, reporter);
  const started = performance.now();
  await withSettings(database, settingsFor(database, definition, options), () =>
    build(database, work, reporter),
  );
  const seconds = (performance.now() - started) / 1000;
  const bytes = await sizeOf(database, { schema: table.schema, name: definition.name });
  return { ...summary, index: definition.name, created: true, seconds, bytes };
}

async function prepare(database: Database, options: IndexCreateOptions): Promise<Work> {
  const table = await findTable(database, options.table);
  const column = findVectorColumn(table, options.vectorColumn);
  const extension = await requireVectorExtension(database);
  const plan = await planIndex(database, table, column, options, extension.schema);
  const concurrently = options.concurrently !== false && (await canBeInUse(database, table));
  return { ...plan, definition: { ...plan.definition, concurrently }, table, column };
}

/** Whether anybody else can be using the table, and PostgreSQL can build an index meanwhile. */
async function canBeInUse(database: Database, table: TableDescription): Promise<boolean> {
  if (database.target.kind === 'embedded' || table.kind === 'partitioned table') return false;
  const { rows } = await database.query<{ temporary: boolean }>(buildCircumstances(table.oid));
  return rows[0]?.temporary !== true;
}

function settingsFor(
  database: Database,
  { concurrently }: IndexDefinition,
  { memory }: IndexCreateOptions,
): Record<string, string> {
  return {
    ...(memory === undefined ? {} : { maintenance_work_mem: memorySetting(database, memory) }),
    ...(concurrently || database.target.kind === 'embedded' ? {} : { lock_timeout: String(lockTimeout) }),
  };
}

/** What PostgreSQL takes at most, in kB: on 64 bits, and on the 32 that WebAssembly has. */
const mostMemory = { server: 2 ** 31 - 1, embedded: 2 ** 21 - 1 };

function memorySetting(database: Database, memory: number): string {
  if (memory < 1024 ** 2) {
    throw new UsageError('--memory is less than 1MB, the least that PostgreSQL builds with', {
      hint: 'give it what the graph takes, such as --memory 2GB',
    });
  }
  return `${Math.min(mostMemory[database.target.kind], Math.ceil(memory / 1024))}kB`;
}

async function build(database: Database, work: Work, reporter: Reporter): Promise<void> {
  const { definition, table } = work;
  reporter.progress({ phase: `building ${definition.name}` });
  const watching = await watch(database, indexProgress, reporter);
  try {
    await database.query(createIndex(definition));
  } catch (error) {
    await watching.stop();
    throw definition.concurrently ? await afterFailure(error, watching, definition, table) : error;
  } finally {
    await watching.close();
  }
}

/** Drops what CREATE INDEX CONCURRENTLY leaves when it fails, over the connection that is still whole. */
async function afterFailure(
  error: unknown,
  { connection }: Watch,
  definition: IndexDefinition,
  table: TableDescription,
): Promise<unknown> {
  try {
    if (connection === undefined) return withLeftover(error, definition);
    const rows = await findVectorIndexes(connection, table);
    const left = rows.find((index) => index.name === definition.name && !index.valid);
    if (left !== undefined)
      await connection.query(dropIndex({ schema: table.schema, name: left.name }, true));
    return error;
  } catch {
    return withLeftover(error, definition);
  }
}

function withLeftover(error: unknown, { name }: IndexDefinition): unknown {
  if (!(error instanceof PgvError)) return error;
  const hint = `an INVALID index ${name} may be left: the same command again replaces it`;
  return error instanceof InterruptedError
    ? new InterruptedError(error.message, { hint, cause: error })
    : new DatabaseError(error.message, { hint, sqlstate: error.sqlstate, cause: error });
}

async function warnOfMemory(
  database: Database,
  { table, column, definition }: Work,
  { memory, type }: IndexCreateOptions,
  reporter: Reporter,
): Promise<void> {
  if (type !== 'hnsw' || column.dimensions === undefined) return;
  const { rows } = await database.query<{ memory: number }>(buildCircumstances(table.oid));
  const available = memory ?? rows[0]?.memory ?? 0;
  const m = definition.parameters.m ?? parameterDefaults.m!;
  const vectors = table.estimatedRows ?? (await countOf(database, table, column));
  const needed = hnswBuildBytes(column.vector, column.dimensions, m, vectors);
  if (needed <= available) return;
  const megabytes = (bytes: number) => `${Math.ceil(bytes / 1024 ** 2).toLocaleString('en')} MB`;
  reporter.warn(
    `the graph takes about ${megabytes(needed)}, and maintenance_work_mem is ${megabytes(available)}: ` +
      `the build gets slow where it ends; give it more with --memory ${Math.ceil((needed * 1.1) / 1024 ** 2)}MB`,
  );
}

async function countOf(database: Database, table: TableDescription, column: VectorColumn): Promise<number> {
  const { rows } = await database.query<{ rows: number }>(countVectors(table, column.name));
  return rows[0]?.rows ?? 0;
}

async function sizeOf(database: Database, index: { schema: string; name: string }): Promise<number> {
  const { rows } = await database.query<{ bytes: number }>(indexSize(index));
  return rows[0]?.bytes ?? 0;
}
