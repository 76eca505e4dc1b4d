import type { QueryResult, Session, Statement } from './database.ts';

/** What several statements give, each run when the one before has ended. */
export async function inTurn(
  session: Session,
  statements: readonly Statement[],
): Promise<QueryResult<Record<string, unknown>>[]> {
  const results = [];
  for (const statement of statements) results.push(await session.query(statement));
  return results;
}
