import type { Database, Session } from '../../database/database.ts';
import type { Reporter } from '../../progress.ts';
import { dropIndex } from '../../sql/indexes.ts';
import { orLonger } from '../lock-holders.ts';
import { withSettings } from '../session-settings.ts';
import { type CatalogueIndex, readIndexes } from './catalogue.ts';

/** Bytes; PostgreSQL cuts the index's name where the ending would make it longer, and up to three more at a character's end. */
const longestName = 63;

/**
 * What a REINDEX CONCURRENTLY of this index that failed has left: an index that is INVALID and takes room, and part
 * in every write.
 * https://www.postgresql.org/docs/current/sql-reindex.html#SQL-REINDEX-CONCURRENTLY
 */
export async function findLeftovers(
  session: Session,
  index: Pick<CatalogueIndex, 'name' | 'tableOid'>,
): Promise<CatalogueIndex[]> {
  const indexes = await readIndexes(session, index.tableOid);
  return indexes.filter(({ name, valid }) => !valid && isLeftoverOf(name, index.name));
}

/** Drops them, unless somebody is in the way for longer than the limit for locks. */
export async function dropLeftovers(database: Database, leftovers: readonly CatalogueIndex[]): Promise<void> {
  await withSettings(database, { lock_timeout: String(database.limits.lock) }, async () => {
    for (const leftover of leftovers) {
      await database.query(dropIndex(leftover, true)).catch((error: unknown) => {
        throw orLonger(error);
      });
    }
  });
}

/** The same, said, of those that nobody is building. */
export async function removeLeftovers(
  database: Database,
  leftovers: readonly CatalogueIndex[],
  reporter: Reporter,
): Promise<void> {
  const abandoned = leftovers.filter(({ building }) => !building);
  if (abandoned.length === 0) return;
  const names = abandoned.map(({ shown }) => shown).join(', ');
  reporter.note(`dropping ${names}: what a failed REINDEX has left`);
  await dropLeftovers(database, abandoned);
}

/** Whether an index is what a REINDEX CONCURRENTLY of another of them left, or is making right now. */
export function isLeftoverAmong(index: CatalogueIndex, indexes: readonly CatalogueIndex[]): boolean {
  return (
    !index.valid &&
    indexes.some((other) => other.tableOid === index.tableOid && isLeftoverOf(index.name, other.name))
  );
}

/** `docs_idx_ccnew`, `docs_idx_ccold1` of `docs_idx`. */
export function isLeftoverOf(leftover: string, index: string): boolean {
  const beginning = /^(.*)_cc(?:new|old)\d*$/s.exec(leftover)?.[1];
  if (beginning === undefined) return false;
  return (
    beginning === index || (index.startsWith(beginning) && Buffer.byteLength(leftover) >= longestName - 3)
  );
}
