import { connectLane } from '../database/connect.ts';
import type { Database } from '../database/database.ts';
import { beginHolding } from '../sql/ledger-locks.ts';

/**
 * One more connection, in a transaction that takes locks for as long as the connection is open: behind a pooler too they
 * are its own, and end with it.
 */
export async function openHolding(database: Database): Promise<Database> {
  const session = await connectLane((await database.lane()).address);
  try {
    await session.query(beginHolding);
    return session;
  } catch (error) {
    await session.close().catch(() => {});
    throw error;
  }
}
