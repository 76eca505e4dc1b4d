import { connectLane } from '../../database/connect.ts';
import type { Database } from '../../database/database.ts';
import { cancellable } from '../cancellable.ts';

/**
 * Does two things at once, the other on a lane of its own; one after the other where there is none. The other is
 * cancelled where the one fails.
 */
export async function alongside<One, Other>(
  database: Database,
  signal: AbortSignal,
  one: () => Promise<One>,
  other: (lane: Database, signal: AbortSignal) => Promise<Other>,
): Promise<[One, Other]> {
  const lane = await openLane(database);
  if (lane === undefined) return [await one(), await other(database, signal)];
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  try {
    const [first, second] = await Promise.allSettled([
      one().catch((error: unknown) => {
        failed.abort();
        throw error;
      }),
      cancellable(lane, either, () => other(lane, either)),
    ]);
    if (first.status === 'rejected') throw first.reason;
    if (second.status === 'rejected') throw second.reason;
    return [first.value, second.value];
  } finally {
    await lane.close().catch(() => {});
  }
}

/** Where the server gives no further connection, there is none. */
async function openLane(database: Database): Promise<Database | undefined> {
  if (database.maxLanes === 1) return undefined;
  const { address } = await database.lane();
  return connectLane(address).catch(() => undefined);
}
