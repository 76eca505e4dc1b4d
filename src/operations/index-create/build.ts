import type { Database } from '../../database/database.ts';
import { DatabaseError, InterruptedError, PgvError } from '../../errors.ts';
import type { Reporter } from '../../progress.ts';
import { createIndex, dropIndex, type IndexDefinition } from '../../sql/indexes.ts';
import { indexProgress } from '../../sql/progress.ts';
import { waitForConcurrentWork } from '../concurrent-work.ts';
import { withHolders } from '../lock-holders.ts';
import { withSettings } from '../session-settings.ts';
import { findVectorIndexes } from '../vector-indexes.ts';
import { type Beside, watchFrom } from '../watch.ts';
import type { BuildOptions, BuildResources } from './resources.ts';

/** Milliseconds that cleaning up waits for others: whoever held the build up may be in the way of that too. */
const cleaningPatience = 2000;

/** An index that is about to be built on one table. */
export interface Build {
  table: { oid: number; schema: string; name: string; shown: string };
  definition: IndexDefinition;
  resources: BuildResources;
}

/**
 * Builds it, watched from the second connection; CONCURRENTLY, when nobody else is at the table's indexes. A build that fails or is interrupted leaves nothing behind.
 * @returns the rows that were in the index when its memory was full; null where it sufficed
 */
export async function build(
  database: Database,
  beside: Beside | undefined,
  work: Build,
  options: BuildOptions,
  reporter: Reporter,
): Promise<number | null> {
  const { resources } = work;
  const run = (settings: Record<string, string>) =>
    withSettings(database, settings, () => buildOnce(database, beside, work, reporter));
  try {
    return await run(resources.settings);
  } catch (error) {
    if (!isShortOfSharedMemory(error)) throw error;
    if (options.workers !== undefined) {
      throw error.withHint(
        'workers share memory, of which containers have little: --workers 0, or docker run --shm-size',
      );
    }
    reporter.note(
      `${error.message}: building ${work.definition.name} without workers, which share memory (docker run --shm-size gives more)`,
    );
    return run({ ...resources.settings, max_parallel_maintenance_workers: '0' });
  }
}

/** A parallel build reserves maintenance_work_mem of it: 64 MB is all that a container has unless it is given more. */
export function isShortOfSharedMemory(error: unknown): error is PgvError {
  return (
    error instanceof PgvError &&
    error.sqlstate?.startsWith('53') === true &&
    /shared memory/i.test(error.message)
  );
}

async function buildOnce(
  database: Database,
  beside: Beside | undefined,
  { definition, table, resources }: Build,
  reporter: Reporter,
): Promise<number | null> {
  reporter.progress({ phase: `building ${definition.name}` });
  let full: number | null = null;
  const unlisten = database.onNotice((message) => {
    const after = rowsWhenFull(message);
    if (after === undefined) return;
    full = after;
    reporter.warn(spilled(definition.name, after, resources));
  });
  // Another phase has another pace.
  const phased: Reporter = {
    ...reporter,
    progress: (progress) =>
      reporter.progress(
        full === null ? progress : { ...progress, phase: `${progress.phase}, its memory full` },
      ),
  };
  const stop = beside === undefined ? async () => {} : watchFrom(beside, indexProgress, phased);
  try {
    if (definition.concurrently) await waitForConcurrentWork(database, table, reporter);
    await database.query(createIndex(definition));
    return full;
  } catch (error) {
    await stop();
    if (definition.concurrently)
      throw await afterFailure(explained(error, definition), beside, definition, table);
    throw await withHolders(database, explained(error, definition), `${definition.name} was not built`, [
      table.oid,
    ]);
  } finally {
    unlisten();
    await stop();
  }
}

function explained(error: unknown, { quantized }: IndexDefinition): unknown {
  const isTooLarge =
    error instanceof PgvError && error.sqlstate === '22003' && quantized?.quantization === 'half';
  return isTooLarge
    ? error.withHint('half precision holds values up to 65,504: use --quantize binary, or leave it out')
    : error;
}

/** What pgvector says when the graph is larger than maintenance_work_mem; undefined for other notices. */
function rowsWhenFull(notice: string): number | undefined {
  const after = /^hnsw graph no longer fits into maintenance_work_mem after (\d+) tuples/.exec(notice)?.[1];
  return after === undefined ? undefined : Number(after);
}

function spilled(name: string, after: number, { rows, needed, given }: BuildResources): string {
  const known = Math.max(rows, after);
  const likely = Math.max(needed, (given * known) / Math.max(1, after));
  return (
    `the memory for the build of ${name} is full after ${after.toLocaleString('en')} of about ${known.toLocaleString('en')} rows: ` +
    `the rest takes several times longer; with --memory ${Math.ceil((likely * 1.1) / 1024 ** 2)}MB it would not`
  );
}

/** Drops what CREATE INDEX CONCURRENTLY leaves when it fails, over the connection that is still whole. */
async function afterFailure(
  error: unknown,
  beside: Beside | undefined,
  definition: IndexDefinition,
  table: Build['table'],
): Promise<unknown> {
  try {
    if (beside === undefined) return withLeftover(error, definition);
    const indexes = await findVectorIndexes(beside.connection, table);
    const left = indexes.find((index) => index.name === definition.name && !index.valid);
    if (left === undefined) return error;
    const drop = dropIndex({ schema: table.schema, name: left.name }, true);
    await withSettings(beside.connection, { lock_timeout: String(cleaningPatience) }, () =>
      beside.connection.query(drop),
    );
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
