import { setTimeout as sleep } from 'node:timers/promises';
import type { Database, Session } from '../../database/database.ts';
import { DatabaseError } from '../../errors.ts';
import type { Reporter } from '../../progress.ts';
import { holdersOfLoad, lockLoad } from '../../sql/ledger-locks.ts';
import { unlessAborted } from '../../unless-aborted.ts';
import { openHolding } from '../holding.ts';

/** Milliseconds that another run of the same load is waited for: one that was killed is gone by then. */
const patience = 10_000;
const pollEvery = 100;

/** A load by what `lockLoad` takes it by: its id, or what it is known by before it has one. */
export interface GuardedLoad {
  key: string;
  /** For messages. */
  name: string;
}

/**
 * Sees to it that no two runs work on the same load. The ledger would keep them from storing a piece twice; but not
 * from dropping a table, or a staging table, under each other.
 */
export class LoadGuard {
  private readonly session: Promise<Database> | undefined;
  private readonly keys = new Set<string>();

  /**
   * Opens a connection of its own, on which loads are taken in a transaction, so that it holds behind a pooler too.
   * Meanwhile other things can be looked up. An embedded database has one process, and needs no guard.
   */
  constructor(database: Database) {
    if (database.target.kind === 'embedded') return;
    this.session = openHolding(database);
    // That it could not be opened is told of when a load is taken.
    this.session.catch(() => {});
  }

  /**
   * Takes loads, those apart that it has.
   * @returns whether there were any that it had not: what was known of them before may be out of date
   * @throws DatabaseError where another run keeps one of them
   */
  async take(loads: readonly GuardedLoad[], reporter: Reporter, signal: AbortSignal): Promise<boolean> {
    if (this.session === undefined) return false;
    const session = await unlessAborted(this.session, signal);
    const more = loads.filter(({ key }) => !this.keys.has(key));
    for (const load of more) {
      await take(session, load, reporter, signal);
      this.keys.add(load.key);
    }
    return more.length > 0;
  }

  /**
   * Lets go of everything, as a connection that was lost meanwhile has. One that is still opening is not waited for: it
   * holds nothing yet.
   */
  async release(): Promise<void> {
    const end = async (session: Database) => {
      // At once, and not when the server has noticed that nobody is there.
      await session.query('ROLLBACK');
      await session.leave();
    };
    const ended = this.session?.then(end).catch(() => {});
    if (this.keys.size > 0) await ended;
  }
}

async function take(
  session: Database,
  { key, name }: GuardedLoad,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<void> {
  const until = performance.now() + patience;
  for (let told = false; ; told = true) {
    const { rows } = await session.query<{ taken: boolean }>(lockLoad(key));
    if (rows[0]!.taken) return;
    signal.throwIfAborted();
    if (performance.now() > until) throw running(name, await holdersOf(session, key));
    if (!told) reporter.note(`another run loads ${name}: waiting for its end`);
    await sleep(pollEvery);
  }
}

/** The other sessions that are at work on a load, as people read them; none where nobody is. */
export async function holdersOf(session: Session, key: string): Promise<string[]> {
  const { rows } = await session.query<{ pid: number; since: string | null }>(holdersOfLoad(key));
  return rows.map(({ pid, since }) => `backend ${pid}${since === null ? '' : ` since ${since}`}`);
}

function running(name: string, holders: readonly string[]): DatabaseError {
  return new DatabaseError(
    `another run loads ${name}${holders.length === 0 ? '' : ` (${holders.join(', ')})`}`,
    {
      code: 'load-running',
      hint: 'wait for its end, then run the command again: what it has loaded is not loaded twice',
    },
  );
}
