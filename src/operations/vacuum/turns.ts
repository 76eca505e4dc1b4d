import type { Database } from '../../database/database.ts';
import { DatabaseError, UsageError } from '../../errors.ts';
import type { Reporter } from '../../progress.ts';
import { namesOfTablesWithVectors } from '../tables.ts';
import { isForbidden, isOfTable, textOf } from './failure.ts';

/** Why nothing came of a table's turn: the role may not, or another reason. */
export interface FailedTurn {
  status: 'not-allowed' | 'failed';
  error: { code: string; message: string; hint: string | null };
}

/** A table, and what came of its turn. */
export type Turn<Done> = { table: string; done: Done } | { table: string; failed: FailedTurn };

/**
 * Does work with the named table, or with all that have vectors, one after the other.
 * @param name undefined: all; then what is wrong with one of them is told, and does not end the others' turn
 * @throws DatabaseError where the role may none of them
 */
export async function takeTurns<Done>(
  database: Database,
  name: string | undefined,
  work: (table: string) => Promise<Done>,
  reporter: Reporter,
): Promise<Turn<Done>[]> {
  if (name !== undefined) return [{ table: name, done: await work(name) }];
  const turns: Turn<Done>[] = [];
  for (const table of await tablesWithVectors(database)) {
    try {
      turns.push({ table, done: await work(table) });
    } catch (error) {
      if (!isOfTable(error)) throw error;
      const isAllowed = !isForbidden(error);
      if (isAllowed) reporter.warn(textOf(error));
      else reporter.note(`${table} is left out: the role may not vacuum it`);
      const { code, message, hint = null } = error;
      turns.push({
        table,
        failed: { status: isAllowed ? 'failed' : 'not-allowed', error: { code, message, hint } },
      });
    }
  }
  if (turns.some((turn) => 'done' in turn || turn.failed.status === 'failed')) return turns;
  throw new DatabaseError('the role may vacuum none of the tables with vectors', {
    code: 'not-allowed',
    sqlstate: '42501',
    hint: "each table's owner may, or a role with GRANT MAINTAIN on it (PostgreSQL 17)",
  });
}

/** Whether a table's turn went wrong; that the role may not is no failure. */
export function hasFailed(turns: readonly Turn<unknown>[]): boolean {
  return turns.some((turn) => 'failed' in turn && turn.failed.status === 'failed');
}

/** @throws UsageError where there is none */
async function tablesWithVectors(database: Database): Promise<string[]> {
  const names = await namesOfTablesWithVectors(database);
  if (names.length > 0) return names;
  throw new UsageError('the database has no table with a vector column', {
    code: 'no-table',
    hint: 'name the table that is meant',
  });
}
