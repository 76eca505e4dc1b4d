import { setTimeout as sleep } from 'node:timers/promises';
import { connectLane } from '../../database/connect.ts';
import type { Database } from '../../database/database.ts';
import { DatabaseError } from '../../errors.ts';
import type { Reporter } from '../../progress.ts';
import { beginHolding, holdersOfLoad, lockLoad } from '../../sql/ledger.ts';

/** Milliseconds that another run of the same load is waited for: one that was killed is gone by then. */
const patience = 10_000;
const pollEvery = 100;

/**
 * Sees to it that no two runs work on the same load. The ledger would keep them from storing a piece twice; but not
 * from dropping a table, or a staging table, under each other.
 */
export class LoadGuard {
  private readonly session: Database | undefined;

  private constructor(session: Database | undefined) {
    this.session = session;
  }

  /**
   * Takes the loads, on a connection of its own: in a transaction, so that it holds behind a pooler too. An embedded
   * database has one process, and needs none.
   * @throws DatabaseError where another run keeps one of them
   */
  static async take(
    database: Database,
    loads: readonly { key: string; name: string }[],
    reporter: Reporter,
    signal: AbortSignal,
  ): Promise<LoadGuard> {
    if (database.target.kind === 'embedded' || loads.length === 0) return new LoadGuard(undefined);
    const session = await connectLane((await database.lane()).address);
    const guard = new LoadGuard(session);
    try {
      await session.query(beginHolding);
      for (const load of loads) await take(session, load, reporter, signal);
      return guard;
    } catch (error) {
      await guard.release();
      throw error;
    }
  }

  /** A connection that was lost meanwhile has let go of everything. */
  async release(): Promise<void> {
    await this.session?.close().catch(() => {});
  }
}

async function take(
  session: Database,
  { key, name }: { key: string; name: string },
  reporter: Reporter,
  signal: AbortSignal,
): Promise<void> {
  const until = performance.now() + patience;
  for (let told = false; ; told = true) {
    const { rows } = await session.query<{ taken: boolean }>(lockLoad(key));
    if (rows[0]!.taken) return;
    signal.throwIfAborted();
    if (performance.now() > until) throw await running(session, key, name);
    if (!told) reporter.note(`another run loads ${name}: waiting for its end`);
    await sleep(pollEvery);
  }
}

async function running(session: Database, key: string, name: string): Promise<DatabaseError> {
  const { rows } = await session.query<{ pid: number; since: string | null }>(holdersOfLoad(key));
  const who = rows
    .map(({ pid, since }) => `backend ${pid}${since === null ? '' : ` since ${since}`}`)
    .join(', ');
  return new DatabaseError(`another run loads ${name}${who === '' ? '' : ` (${who})`}`, {
    code: 'load-running',
    hint: 'wait for its end, then run the command again: what it has loaded is not loaded twice',
  });
}
