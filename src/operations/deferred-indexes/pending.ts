import type { Session } from '../../database/database.ts';
import type { Reporter } from '../../progress.ts';
import { shellWord } from '../../shell-word.ts';
import { findDeferredIndexes, type PendingIndex, pendingIndexes } from '../../sql/deferred-indexes.ts';
import type { TableDescription } from '../tables.ts';

/**
 * The indexes that loads have dropped and not yet built again; none where there is no ledger, or none that the role
 * may read.
 * @param table undefined: of all tables
 */
export async function findPendingIndexes(
  session: Session,
  table: Pick<TableDescription, 'oid'> | undefined,
): Promise<PendingIndex[]> {
  const found = await session.query<{ readable: boolean }>(findDeferredIndexes());
  if (!found.rows[0]?.readable) return [];
  const { rows } = await session.query<PendingIndex>(pendingIndexes(table?.oid));
  return rows;
}

/** Warns where the table lacks indexes that a load has dropped: what is slow without them would surprise. */
export async function warnOfMissingIndexes(
  session: Session,
  table: TableDescription,
  reporter: Reporter,
): Promise<void> {
  const missing = (await findPendingIndexes(session, table)).filter(({ taken }) => taken !== 'index');
  if (missing.length > 0) reporter.warn(missingIndexes(table.shown, missing));
}

/** `index a of docs is missing, …`, with what to do. */
export function missingIndexes(table: string, missing: readonly { name: string }[]): string {
  const names = missing.map(({ name }) => name).join(', ');
  const are = missing.length === 1 ? `index ${names} of ${table} is` : `indexes ${names} of ${table} are`;
  return `${are} missing since a load with --defer-indexes: unless it is still running, \`pgv index restore ${shellWord(table)}\` builds what it dropped`;
}
