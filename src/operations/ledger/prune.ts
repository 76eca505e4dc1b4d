import type { Database } from '../../database/database.ts';
import { countOldPieces, deleteOldPieces, type Remnant } from '../../sql/ledger-upkeep.ts';
import { holdersOf } from './guard.ts';
import { requireAccess } from './ledger.ts';
import { findRemnants, removeRemnant } from './sweep.ts';

export interface PruneOptions {
  /** Days since a load was finished, after which its pieces are forgotten; undefined: never. */
  olderThan: number | undefined;
  /** Look, and remove nothing. */
  dryRun: boolean;
}

export interface Pruned {
  /** What is removed, or would be. */
  removed: Remnant[];
  /** What stays, as a run is at work on it or somebody uses its staging table. */
  kept: Remnant[];
  /** Pieces of old finished loads: what a file is compared by where it was written to since. */
  pieces: number;
}

/**
 * Rids the ledger of what serves nobody: loads whose table is gone, staging tables that loads have left behind, and the
 * pieces of old loads, which stay known as finished.
 * @throws DatabaseError where the role may not write in the ledger
 */
export async function pruneLedger(database: Database, { olderThan, dryRun }: PruneOptions): Promise<Pruned> {
  const pruned: Pruned = { removed: [], kept: [], pieces: 0 };
  if (!(await requireAccess(database, dryRun ? 'readable' : 'ready'))) return pruned;
  for (const remnant of await findRemnants(database)) {
    const { loadId } = remnant;
    const goes = dryRun
      ? (await holdersOf(database, loadId)).length === 0
      : (await removeRemnant(database, loadId)) !== undefined;
    (goes ? pruned.removed : pruned.kept).push(remnant);
  }
  if (olderThan !== undefined) pruned.pieces = await prunePieces(database, olderThan, dryRun);
  return pruned;
}

async function prunePieces(database: Database, days: number, dryRun: boolean): Promise<number> {
  if (!dryRun) return (await database.query(deleteOldPieces(days))).rowCount;
  const { rows } = await database.query<{ count: number }>(countOldPieces(days));
  return rows[0]!.count;
}
