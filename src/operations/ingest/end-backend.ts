import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../../database/database.ts';
import { backendIsThere, terminateBackend } from '../../sql/backends.ts';

/** Milliseconds that a backend has to end. */
const patience = 10_000;
const pollEvery = 50;

/**
 * Ends a backend that our connection was lost to, and waits until it is gone: it may still be at work, or wait for
 * bytes that will never come, with what it has locked. One that does not end is left to the ledger, whose key makes
 * everyone wait for it.
 * @param backend `at`: a moment, by the server's clock, when it was ours
 */
export async function endBackend(database: Database, backend: { pid: number; at: string }): Promise<void> {
  const { rowCount } = await database.query(terminateBackend(backend, database.isDirect));
  if (rowCount === 0) return;
  const until = performance.now() + patience;
  while (performance.now() < until) {
    const { rows } = await database.query(backendIsThere(backend, database.isDirect));
    if (rows.length === 0) return;
    await sleep(pollEvery);
  }
}
