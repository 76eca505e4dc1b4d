import type { Session } from '../../database/database.ts';
import { PgvError } from '../../errors.ts';
import { quoteQualified } from '../../sql/identifiers.ts';
import { tableStorage } from '../../sql/table-storage.ts';
import { hasRows } from '../../sql/tables.ts';
import type { TableDescription } from '../tables.ts';
import type { RecordedLoad } from './ledger.ts';

/** What tells whether a table still holds what was loaded into it. */
export interface TableStorage {
  /** Another one than before: the table was truncated, or rewritten (VACUUM FULL, a column of another type). */
  filenode: string | null;
  empty: boolean;
}

/** A table, as far as looking into it goes. */
export type StoredTable = Pick<TableDescription, 'oid' | 'schema' | 'name' | 'rowSecurity'>;

export async function storageOf(session: Session, table: StoredTable): Promise<TableStorage> {
  const { rows } = await session.query<{ filenode: string | null; bytes: number }>(tableStorage(table.oid));
  const { filenode, bytes } = rows[0]!;
  return { filenode, empty: bytes === 0 || (await isEmpty(session, table)) };
}

/** A table that the role may not read, or not read whole, counts as filled. */
async function isEmpty(session: Session, table: StoredTable): Promise<boolean> {
  if (table.rowSecurity) return false;
  try {
    const { rows } = await session.query<{ any: boolean }>(hasRows(quoteQualified(table.schema, table.name)));
    return !rows[0]!.any;
  } catch (error) {
    if (error instanceof PgvError && error.sqlstate === '42501') return false;
    throw error;
  }
}

/** Whether what a load has stored was emptied out of the table since: then nothing of it is there to be doubled. */
export function isVoid(load: RecordedLoad, { empty }: TableStorage): boolean {
  return empty && rowsInTable(load) > 0;
}

/** Whether the table was truncated or rewritten since the load: only its rows can tell which. */
export function isDoubtful(load: RecordedLoad, { filenode }: TableStorage): boolean {
  return rowsInTable(load) > 0 && load.filenode !== filenode;
}

/** How many rows a load has put into its table, or found there as they should be. */
export function rowsInTable({
  finishedAt,
  inserted,
  updated,
  unchanged,
  staging,
  rows,
}: RecordedLoad): number {
  if (finishedAt !== null) return inserted! + updated! + unchanged!;
  return staging === null ? rows : 0;
}
