import type { Database } from '../../database/database.ts';
import { UsageError } from '../../errors.ts';
import { averageElements, buildCircumstances, estimateVectors } from '../../sql/index-build.ts';
import { countVectors, type IndexDefinition } from '../../sql/indexes.ts';
import type { VectorType } from '../../vector/metrics.ts';
import { quantizedType } from '../../vector/quantization.ts';
import type { VectorColumn } from '../tables.ts';
import { guessSeconds } from './duration.ts';
import { type BuildSubject, planMemory } from './memory.ts';
import type { IndexPlan } from './plan.ts';

/** What the user says of a build's means. */
export interface BuildOptions {
  /** maintenance_work_mem in bytes; default: what the build takes, within what the server can cache. */
  memory?: number | undefined;
  /** max_parallel_maintenance_workers; default: the server's setting. */
  workers?: number | undefined;
}

/** What a build will work with, and what is expected of it. */
export interface BuildResources {
  /** About so many, where they are reckoned from the table's statistics. */
  rows: number;
  /** Bytes that the build takes, and that it gets. */
  needed: number;
  given: number;
  /** Processes beside the one that leads. */
  workers: number;
  /** A guess, where the memory suffices. */
  seconds: number;
  /** For the session, while it builds. */
  settings: Record<string, string>;
  /** The table's own parallel_workers, where they allow for fewer than was asked. */
  tableWorkers: number | undefined;
}

/** What PostgreSQL takes at most, in kB: on 64 bits, and on the 32 that WebAssembly has. */
const mostMemory = { server: 2 ** 31 - 1, embedded: 2 ** 21 - 1 };
/** Below it PostgreSQL starts no workers: they get 32 MB each. */
const leastForWorkers = 64 * 1024 ** 2;
/** Fewer are built as fast as workers start. */
const fewRows = 5000;

/**
 * What to build an index of one table with: enough memory for all of it where there is as much, and workers also for a
 * table that PostgreSQL thinks too small for them, because its vectors are stored out of line.
 */
export async function planResources(
  database: Database,
  { oid, definition, column }: ResourcesSubject,
  options: BuildOptions,
): Promise<BuildResources> {
  const rows = await vectorsIn(database, oid, definition);
  const elements = await elementsOf(database, definition, column);
  const type = quantizedType(column.vector, definition.quantized?.quantization ?? 'none');
  const { parameters, type: method } = definition;
  const subject = { method, type, dimensions: column.dimensions ?? -1, elements, parameters };
  return resourcesFor(database, { oid, subject, rows, concurrently: definition.concurrently }, options);
}

/** The same of any build of an index, a first one or not. @param work `oid` of its table; `rows` that it will hold */
export async function resourcesFor(
  database: Database,
  {
    oid,
    subject,
    rows,
    concurrently,
  }: { oid: number; subject: BuildSubject & { type: VectorType }; rows: number; concurrently: boolean },
  options: BuildOptions,
): Promise<BuildResources> {
  const { kind } = database.target;
  const { needed, set, raised } = await planMemory(database, subject, rows);
  const memory = options.memory ?? raised;
  const circumstances = (await database.query<Circumstances>(buildCircumstances(oid))).rows[0]!;
  const mayHelp = kind === 'server' && !circumstances.temporary && rows >= fewRows;
  const asked = options.workers ?? (mayHelp ? circumstances.workers : 0);
  const given = memory ?? (options.workers ? Math.max(set, leastForWorkers) : set);
  const allowed = given < leastForWorkers ? 0 : Math.min(asked, circumstances.tableWorkers ?? asked);
  const workers = kind === 'server' && !circumstances.temporary ? allowed : 0;
  const { method, type, dimensions, elements = dimensions, parameters } = subject;
  return {
    rows,
    needed,
    given,
    workers,
    seconds: guessSeconds({ type: method, vectorType: type, elements, parameters, rows, workers, kind }),
    settings: {
      ...(given !== set && { maintenance_work_mem: memorySetting(database, given) }),
      ...(options.workers !== undefined && { max_parallel_maintenance_workers: String(options.workers) }),
      ...(workers > 0 && circumstances.small && { min_parallel_table_scan_size: '0' }),
      // One tells when the memory does not suffice.
      ...(circumstances.hidesNotices && { client_min_messages: 'notice' }),
      ...lockSettings(database, concurrently, circumstances),
    },
    tableWorkers:
      workers < asked && given >= leastForWorkers ? (circumstances.tableWorkers ?? undefined) : undefined,
  };
}

/** Whoever builds CONCURRENTLY is in nobody's way, and waits for as long as it takes. */
function lockSettings(
  { target, limits }: Database,
  concurrently: boolean,
  { limitsWaits }: Circumstances,
): { lock_timeout?: string } {
  if (target.kind === 'embedded') return {};
  if (!concurrently) return { lock_timeout: String(limits.lock) };
  return limitsWaits ? { lock_timeout: '0' } : {};
}

export interface ResourcesSubject {
  oid: number;
  definition: IndexDefinition & { table: { schema: string; name: string } };
  column: VectorColumn;
}

interface Circumstances {
  workers: number;
  temporary: boolean;
  small: boolean;
  hidesNotices: boolean;
  limitsWaits: boolean;
  tableWorkers: number | null;
}

/**
 * Rows of a table, or of a partition of it, that its index would hold, or about as many: without a condition the planner's own reckoning does; what
 * nobody has analysed yet is counted.
 */
export async function vectorsIn(
  database: Database,
  oid: number,
  { table, column, where }: IndexPlan['definition'],
): Promise<number> {
  if (where === undefined) {
    const { rows } = await database.query<{ rows: number | null }>(estimateVectors(oid, column));
    const estimated = rows[0]?.rows;
    // What is said to be next to empty may have been loaded since.
    if (estimated && estimated >= fewRows) return estimated;
  }
  const { rows } = await database.query<{ rows: number }>(countVectors(table, column, where));
  return rows[0]!.rows;
}

async function elementsOf(
  database: Database,
  { table, operatorClass }: ResourcesSubject['definition'],
  { name, vector, dimensions = 0 }: VectorColumn,
): Promise<number> {
  if (vector !== 'sparsevec') return dimensions;
  const statement = averageElements(table, name, operatorClass.schema!);
  const { rows } = await database.query<{ elements: number | null }>(statement);
  return rows[0]?.elements ?? 0;
}

function memorySetting(database: Database, memory: number): string {
  if (memory < 1024 ** 2) {
    throw new UsageError('--memory is less than 1MB, the least that PostgreSQL builds with', {
      hint: 'give it what the graph takes, such as --memory 2GB',
    });
  }
  return `${Math.min(mostMemory[database.target.kind], Math.ceil(memory / 1024))}kB`;
}
