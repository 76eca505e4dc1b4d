import { expect } from 'vitest';
import type { Session } from '../../src/database/database.ts';
import { quoteName } from '../../src/sql/identifiers.ts';

/**
 * Expects two tables of the same columns to hold the same rows, in whatever order: equal in what their types send
 * in binary (so −0 is not 0, and no digit of a number differs) and in what they print.
 */
export async function expectSameRows(session: Session, ours: string, theirs: string): Promise<void> {
  expect(await onlyIn(session, ours, theirs)).toEqual([]);
  expect(await onlyIn(session, theirs, ours)).toEqual([]);
}

async function onlyIn(session: Session, first: string, second: string): Promise<unknown[]> {
  const rows = (table: string) =>
    `SELECT whole::text AS row, pg_catalog.record_send(whole) AS sent FROM ${quoteName(table)} AS whole`;
  const found = await session.query<{ row: string }>(
    `SELECT row FROM (${rows(first)} EXCEPT ALL ${rows(second)}) AS difference ORDER BY row LIMIT 3`,
  );
  return found.rows.map(({ row }) => `only in ${first}: ${row.slice(0, 300)}`);
}
