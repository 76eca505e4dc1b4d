import type { Database, Session } from '../../database/database.ts';
import { tableCondition } from '../../sql/maintenance.ts';
import { setLocal } from '../../sql/search.ts';
import { isLockTimeout, withHolders } from '../lock-holders.ts';
import { withSettings } from '../session-settings.ts';
import { figuresOf } from './figures.ts';

/** A table with its partitions, as the server counts it. */
export interface Condition {
  /** Null, as the dead ones: a server's counters have begun again. */
  rows: number | null;
  deadRows: number | null;
  /** In all: the table's own pages, its indexes, and what is stored out of line. */
  bytes: number;
  tableBytes: number;
  indexBytes: number;
  toastBytes: number;
}

/** A condition at a moment. */
export interface Counted {
  condition: Condition;
  /** How often the table has been analysed; null where the server does not count. */
  analyzed: number | null;
  /** Whether what is read of the counters may be half a second old. */
  late: boolean;
}

/** Milliseconds that --skip-locked waits for a lock. */
const skipAfter = 100;

/**
 * A table's condition now. Its size cannot be told while somebody has it all alone: then undefined with `skipLocked`.
 * @param table `name` as commands take it
 * @throws DatabaseError that names who has it
 */
export async function conditionOf(
  database: Database,
  { oid, name }: { oid: number; name: string },
  skipLocked: boolean,
): Promise<Counted | undefined> {
  try {
    const settings = lockSettings(database, skipLocked);
    const ask = (session: Session) =>
      session.query<Condition & Omit<Counted, 'condition'>>(tableCondition(oid));
    // Behind a pooler a preview asks this, and has no session to set anything for.
    const { rows } = database.isPooled
      ? await database.transaction(async (session) => {
          await session.query(setLocal(settings));
          return ask(session);
        })
      : await withSettings(database, settings, () => ask(database));
    const { analyzed, late, ...condition } = rows[0]!;
    if (condition.rows !== null || database.target.kind === 'server') return { condition, analyzed, late };
    return { condition: { ...condition, ...(await countOf(database, { oid })) }, analyzed, late };
  } catch (error) {
    if (skipLocked && isLockTimeout(error)) return undefined;
    throw await withHolders(database, error, `${name} was not vacuumed`, [oid]);
  }
}

/** Where the counters do not tell. */
async function countOf(
  database: Database,
  table: { oid: number },
): Promise<Pick<Condition, 'rows' | 'deadRows'>> {
  const figures = await figuresOf(database, table);
  return {
    rows: figures.reduce((sum, { liveRows }) => sum + liveRows, 0),
    deadRows: figures.reduce((sum, { deadRows }) => sum + deadRows, 0),
  };
}

/** How long strong locks are waited for; on the embedded database there is nobody to wait for. */
export function lockSettings({ target, limits }: Database, skipLocked: boolean): Record<string, string> {
  return target.kind === 'embedded' ? {} : { lock_timeout: String(skipLocked ? skipAfter : limits.lock) };
}

/** A VACUUM of a table that is locked, or that the role may not vacuum, is a warning to PostgreSQL, no error. */
export function wasDone(before: Counted, after: Counted): boolean {
  return before.analyzed === null || after.analyzed === null || after.analyzed > before.analyzed;
}
