import type { Session } from '../../database/database.ts';
import { PgvError } from '../../errors.ts';
import type { Reporter } from '../../progress.ts';
import { quoteQualified } from '../../sql/identifiers.ts';
import { goOnBehind, numberedColumns } from '../../sql/sequences.ts';
import type { TableDescription } from '../tables.ts';

/** Sees to it that the next rows are numbered behind those that were copied with their numbers. */
export async function moveSequences(
  session: Session,
  { oid, schema, name: table }: Pick<TableDescription, 'oid' | 'schema' | 'name'>,
  columns: readonly string[],
  reporter: Reporter,
): Promise<void> {
  const { rows } = await session.query<{ name: string; sequence: string }>(numberedColumns(oid));
  for (const numbered of rows.filter(({ name }) => columns.includes(name))) {
    try {
      await session.query(goOnBehind(quoteQualified(schema, table), numbered));
    } catch (error) {
      if (!(error instanceof PgvError) || error.sqlstate !== '42501') throw error;
      reporter.warn(
        `the role may not move ${numbered.sequence} on: the numbers that it gives ${table}.${numbered.name} next may be taken`,
      );
    }
  }
}
