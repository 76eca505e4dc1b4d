import type { Session } from '../../database/database.ts';
import { DatabaseError } from '../../errors.ts';
import {
  type DeferredIndex,
  deferrableIndexes,
  dropIndexes,
  lockTable,
  ownsTable,
  rememberIndex,
  takeIndex,
} from '../../sql/deferred-indexes.ts';
import { quoteQualified } from '../../sql/identifiers.ts';
import { withLocalSettings } from '../local-settings.ts';
import type { TableDescription } from '../tables.ts';

/**
 * Drops a table's secondary indexes for a load, having written down in the ledger how to build them again
 * (restoreIndexes). Of a partitioned table, the indexes of the whole; their parts get names of their own when they are
 * built again.
 * @param session a transaction, in which the table is locked from here to its end
 * @param loadId for whom
 * @returns the names of the indexes; none where there is nothing to drop
 * @throws DatabaseError where the role may not, or the table is in use
 */
export async function deferIndexes(
  session: Session,
  table: TableDescription,
  loadId: string,
): Promise<string[]> {
  if ((await listIndexes(session, table)).length === 0) return [];
  const { rows } = await session.query<{ owns: boolean }>(ownsTable(table.oid));
  if (!rows[0]!.owns) {
    throw new DatabaseError(
      `--defer-indexes drops the indexes of ${table.shown}, which its owner alone may`,
      {
        code: 'permission',
        sqlstate: '42501',
        hint: 'load as its owner, or without --defer-indexes',
      },
    );
  }
  await session.query(lockTable(quoteQualified(table.schema, table.name), session.limits.lock));
  // Once more, as somebody may have been at them before the lock.
  const indexes = await listIndexes(session, table);
  if (indexes.length === 0) return [];
  for (const index of indexes) {
    // What is remembered under its name is out of date: somebody has built it since.
    await session.query(takeIndex({ tableOid: table.oid, name: index.name }));
    await session.query(rememberIndex(table.oid, loadId, index));
  }
  const names = indexes.map(({ name }) => name);
  await session.query(dropIndexes(table.schema, names));
  return names;
}

/** With an empty search path, so that the definitions hold whatever the search path is when they are built. */
async function listIndexes(session: Session, table: TableDescription): Promise<DeferredIndex[]> {
  return withLocalSettings(session, { search_path: '' }, async () => {
    const { rows } = await session.query<DeferredIndex>(deferrableIndexes(table.oid));
    return rows;
  });
}
