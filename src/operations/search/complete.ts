import type { Session, Statement } from '../../database/database.ts';
import { explained } from '../../sql/search.ts';
import { type ExplainRow, servingIndex } from './plan.ts';
import { type AppliedSettings, forgoIndex, mostCandidates, widen } from './settings.ts';

/** How rows were found: as the planner had it, with all the candidates that hnsw can keep, or without the index. */
export type Attempt = 'planned' | 'wider' | 'exact';

export interface Complete {
  rows: Record<string, unknown>[];
  attempt: Attempt;
  /** The index that gave too few rows, and how many, where there was one. */
  cutShort: { index: string; rows: number } | undefined;
}

/**
 * The statement's rows, `k` of them where there are so many. An index that ends early (its bound of candidates or
 * tuples reached before k rows passed the filters; zero vectors, which it does not hold) is asked for more, then not
 * at all. Settings made for that stay until the transaction ends.
 */
export async function completely(
  session: Session,
  statement: Statement,
  k: number,
  applied: AppliedSettings,
): Promise<Complete> {
  const { rows } = await session.query(statement);
  if (rows.length >= k) return { rows, attempt: 'planned', cutShort: undefined };
  const index = await indexOf(session, statement);
  // Without an index every row was compared: there are no more.
  if (index === undefined) return { rows, attempt: 'planned', cutShort: undefined };
  const cutShort = { index, rows: rows.length };
  if (!applied.iterative && applied.efSearch < mostCandidates) {
    await widen(session);
    const wider = await session.query(statement);
    if (wider.rows.length >= k) return { rows: wider.rows, attempt: 'wider', cutShort };
  }
  await forgoIndex(session);
  const all = await session.query(statement);
  return { rows: all.rows, attempt: 'exact', cutShort };
}

/** The index that gives the statement its rows in order, if one does. */
export async function indexOf(session: Session, statement: Statement): Promise<string | undefined> {
  const { rows } = await session.query<ExplainRow>(explained(statement));
  return servingIndex(rows[0]!['QUERY PLAN'][0].Plan);
}
