import type { Database } from '../../database/database.ts';
import { deleteLoads } from '../../sql/ledger.ts';
import { lockLoad } from '../../sql/ledger-locks.ts';
import { deleteStagedPieces } from '../../sql/ledger-pieces.ts';
import { type Remnant, remnants } from '../../sql/ledger-upkeep.ts';
import { setLocal } from '../../sql/search.ts';
import { dropStaging } from '../../sql/staging.ts';
import { isLockTimeout } from '../lock-holders.ts';

/** Milliseconds that a staging table is waited for, which somebody may be reading: a dump, say. */
const patience = 1000;

/** What is left of loads and serves nobody; a run may be at work on some of it. */
export async function findRemnants(database: Database): Promise<Remnant[]> {
  return (await database.query<Remnant>(remnants())).rows;
}

/**
 * Removes the staging tables that loads have left behind: those that are finished, those that the ledger does not know
 * any more, and those of streams without a name, which nothing can go on with. Never one that a run is at work on, or
 * somebody reads. Call it outside a transaction.
 * @returns those that are removed, quoted and qualified
 */
export async function sweepStaging(database: Database): Promise<string[]> {
  const removed: string[] = [];
  for (const { loadId, staging } of await findRemnants(database)) {
    if (staging === null) continue;
    if ((await removeRemnant(database, loadId)) !== undefined) removed.push(staging);
  }
  return removed;
}

/**
 * Removes what is left of a load: its staging table, and the load itself where it never will be finished or has no
 * table any more.
 * @returns what it was; undefined: it stays, as a run is at work on it or somebody uses its staging table, or is gone
 */
export async function removeRemnant(database: Database, loadId: string): Promise<Remnant | undefined> {
  try {
    return await database.transaction(async (session) => {
      const lock = await session.query<{ taken: boolean }>(lockLoad(loadId));
      if (!lock.rows[0]!.taken) return undefined;
      // As it is now: whoever had the load may have finished it.
      const [remnant] = (await session.query<Remnant>(remnants(loadId))).rows;
      if (remnant === undefined) return undefined;
      await session.query(setLocal({ lock_timeout: String(patience) }));
      if (remnant.staging !== null) await session.query(dropStaging(remnant.staging));
      const ends = remnant.why === 'table-gone' || remnant.why === 'nameless';
      await session.query(ends ? deleteLoads([loadId]) : deleteStagedPieces(loadId));
      return remnant;
    });
  } catch (error) {
    if (isLockTimeout(error)) return undefined;
    throw error;
  }
}
