import { connectLane } from '../../database/connect.ts';
import type { Database, Session } from '../../database/database.ts';
import { InterruptedError, PgvError, UsageError } from '../../errors.ts';
import type { Reporter } from '../../progress.ts';
import { shellWord } from '../../shell-word.ts';
import { type PendingIndex, rebuildIndex, takeIndex } from '../../sql/deferred-indexes.ts';
import { countRows } from '../../sql/indexes.ts';
import { indexProgress } from '../../sql/progress.ts';
import { setLocal } from '../../sql/search.ts';
import { cancellable } from '../cancellable.ts';
import { memoryForBuild } from '../index-create/memory.ts';
import { orLonger } from '../lock-holders.ts';
import type { TableDescription } from '../tables.ts';
import { watch } from '../watch.ts';
import { findPendingIndexes, missingIndexes } from './pending.ts';

export interface RestoredIndex {
  table: string;
  index: string;
  /** `present`: somebody else has built it. */
  status: 'built' | 'present';
  seconds: number;
}

/**
 * Builds the indexes that loads have dropped, one after the other, each in a transaction with the word that it is
 * there: it can be interrupted and begun again, and two at once do no work twice. Writers wait for each.
 * @param table undefined: of all tables
 */
export async function restoreIndexes(
  database: Database,
  table: TableDescription | undefined,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<RestoredIndex[]> {
  return cancellable(database, signal, async () => {
    const pending = await findPendingIndexes(database, table);
    if (pending.length === 0) return [];
    const watching = await watch(database, indexProgress, reporter);
    const restored: RestoredIndex[] = [];
    try {
      for (const index of pending) restored.push(await restore(database, index, reporter));
      return restored;
    } catch (error) {
      throw withHint(error, pending.slice(restored.length));
    } finally {
      await watching.close();
    }
  });
}

/**
 * The same after a load that failed or was interrupted, whose connection may be gone: what cannot be built is a
 * warning, as the load's own error matters more.
 */
export async function restoreAfterFailure(
  database: Database,
  table: TableDescription,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<void> {
  try {
    if (database.target.kind === 'embedded') {
      await restoreIndexes(database, table, reporter, signal);
      return;
    }
    const again = await connectLane((await database.lane()).address);
    try {
      if (signal.aborted && (await findPendingIndexes(again, table)).length > 0)
        reporter.note(
          `building the indexes of ${table.shown} again; another Ctrl-C leaves that to \`pgv index restore\``,
        );
      // The signal has done its work: it ended the load.
      await restoreIndexes(again, table, reporter, new AbortController().signal);
    } finally {
      await again.close();
    }
  } catch (error) {
    const reason =
      error instanceof PgvError && !(error instanceof InterruptedError) ? ` (${error.message})` : '';
    reporter.warn(
      `the indexes of ${table.shown} that the load dropped are not all there again${reason}: \`pgv index restore ${shellWord(table.shown)}\` builds them`,
    );
  }
}

async function restore(database: Database, index: PendingIndex, reporter: Reporter): Promise<RestoredIndex> {
  const { name, table, taken } = index;
  if (taken === 'other') {
    throw new UsageError(`index ${name} of ${table} cannot be built again: something else has its name`, {
      code: 'name-taken',
      hint: `rename that, then run \`pgv index restore ${table}\``,
    });
  }
  if (taken === 'index') {
    await database.query(takeIndex(index));
    reporter.note(`index ${name} is there already`);
    return { table, index: name, status: 'present', seconds: 0 };
  }
  reporter.progress({ phase: `building ${name}` });
  const started = performance.now();
  const built = await build(database, index, reporter);
  const seconds = (performance.now() - started) / 1000;
  return { table, index: name, status: built ? 'built' : 'present', seconds };
}

/** @returns false where another session has built it meanwhile */
async function build(database: Database, index: PendingIndex, reporter: Reporter): Promise<boolean> {
  const memory = await memoryOf(database, index);
  const run = (settings: Record<string, string>) =>
    database.transaction((session) => buildWithin(session, index, settings));
  const locks = { lock_timeout: String(database.target.kind === 'embedded' ? 0 : database.limits.lock) };
  if (memory === undefined) return run(locks);
  try {
    return await run({ ...locks, maintenance_work_mem: `${Math.ceil(memory / 1024)}kB` });
  } catch (error) {
    // Of shared memory, which parallel builds work in, containers have little.
    if (!(error instanceof PgvError) || !error.sqlstate?.startsWith('53')) throw error;
    reporter.note(`${error.message}: building ${index.name} with the server's own maintenance_work_mem`);
    return run(locks);
  }
}

async function buildWithin(
  session: Session,
  index: PendingIndex,
  settings: Record<string, string>,
): Promise<boolean> {
  // First: it waits for another session that builds this one.
  const { rowCount } = await session.query(takeIndex(index));
  if (rowCount === 0) return false;
  await session.query(setLocal(settings));
  for (const statement of rebuildIndex(index)) {
    await session.query(statement).catch((error: unknown) => {
      throw orLonger(error);
    });
  }
  return true;
}

async function memoryOf(database: Database, index: PendingIndex): Promise<number | undefined> {
  if (index.method !== 'hnsw' && index.method !== 'ivfflat') return undefined;
  const { rows } = await database.query<{ rows: number }>(
    countRows({ schema: index.schema, name: index.table }),
  );
  const parameters = Object.fromEntries(
    index.parameters.map((each) => {
      const [name, value] = each.split('=');
      return [name!, Number(value)];
    }),
  );
  return memoryForBuild(database, { ...index, parameters }, rows[0]!.rows);
}

function withHint(error: unknown, missing: readonly PendingIndex[]): unknown {
  if (!(error instanceof PgvError) || error instanceof UsageError || missing.length === 0) return error;
  const { table } = missing[0]!;
  const rest = missingIndexes(
    table,
    missing.filter((index) => index.table === table),
  );
  return error.withHint([error.hint, rest].filter((part) => part !== undefined).join('; '));
}
