import { setTimeout as sleep } from 'node:timers/promises';
import type { Database, Session } from '../database/database.ts';
import type { Reporter } from '../progress.ts';
import { dropIndex } from '../sql/indexes.ts';
import { concurrentWorkers } from '../sql/lock-holders.ts';
import { withSettings } from './session-settings.ts';

/** Milliseconds between two looks. */
const interval = 300;

/**
 * Who may be building or dropping an index of a table, or of a partition of it, CONCURRENTLY. Whoever waits for their
 * lock inside PostgreSQL has a snapshot meanwhile, for which they wait in turn: a deadlock, of which PostgreSQL ends
 * the build as soon as the one that waits.
 */
export async function findConcurrentWorkers(session: Session, table: { oid: number }): Promise<string[]> {
  const { rows } = await session.query<{ holder: string }>(concurrentWorkers(table.oid));
  return rows.map(({ holder }) => holder);
}

/** Waits until nobody is, without keeping them from it: each look is a statement of its own. */
export async function waitForConcurrentWork(
  database: Database,
  table: { oid: number; shown: string },
  reporter: Reporter,
): Promise<void> {
  for (let waits = false; ; waits = true) {
    const [holder] = await findConcurrentWorkers(database, table);
    if (holder === undefined) return;
    if (!waits) reporter.note(`the indexes of ${table.shown} are being worked on: waiting for ${holder}`);
    reporter.progress({ phase: `waiting for ${holder}` });
    await sleep(interval);
  }
}

/**
 * Drops an index CONCURRENTLY when nobody is, and waits for as long as others use the table, whatever lock_timeout
 * says: it is in nobody's way.
 */
export async function dropConcurrently(
  database: Database,
  table: { oid: number; shown: string },
  index: { schema: string; name: string },
  reporter: Reporter,
): Promise<void> {
  await waitForConcurrentWork(database, table, reporter);
  await withSettings(database, { lock_timeout: '0' }, () => database.query(dropIndex(index, true)));
}
