import type { Database, Session } from '../../database/database.ts';
import { dropIndex } from '../../sql/indexes.ts';
import { lockTimeout, withSettings } from '../session-settings.ts';
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

/** Drops them, unless somebody is in the way for `lockTimeout`. */
export async function dropLeftovers(database: Database, leftovers: readonly CatalogueIndex[]): Promise<void> {
  await withSettings(database, { lock_timeout: String(lockTimeout) }, async () => {
    for (const leftover of leftovers) await database.query(dropIndex(leftover, true));
  });
}

/** `docs_idx_ccnew`, `docs_idx_ccold1` of `docs_idx`. */
export function isLeftoverOf(leftover: string, index: string): boolean {
  const beginning = /^(.*)_cc(?:new|old)\d*$/s.exec(leftover)?.[1];
  if (beginning === undefined) return false;
  return (
    beginning === index || (index.startsWith(beginning) && Buffer.byteLength(leftover) >= longestName - 3)
  );
}
