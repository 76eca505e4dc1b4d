import { connectLane } from '../database/connect.ts';
import type { Database, Statement } from '../database/database.ts';

/** Does some work on the database, which the signal cancels: what runs then rejects, and the database is over. */
export async function cancellable<T>(
  database: Database,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  const cancel = () => void database.cancel().catch(() => {});
  signal.addEventListener('abort', cancel, { once: true });
  try {
    signal.throwIfAborted();
    return await work();
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

/**
 * Runs a statement that puts things in order, over a new connection where a cancellation or the loss of the server
 * has closed the first. The embedded database has only one.
 */
export async function queryAnyway(database: Database, statement: Statement): Promise<void> {
  try {
    await database.query(statement);
  } catch (error) {
    if (database.target.kind === 'embedded') throw error;
    const again = await connectLane((await database.lane()).address);
    await again.query(statement).finally(() => again.close());
  }
}
