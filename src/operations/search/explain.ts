import type { Session, Statement } from '../../database/database.ts';
import { analysed } from '../../sql/search.ts';
import type { Complete } from './complete.ts';
import {
  type ExplainRow,
  type PlanNode,
  rowsReranked,
  rowsScanned,
  servingIndex,
  wordsIndex,
} from './plan.ts';
import type { AppliedSettings } from './settings.ts';

/** How a search was answered. */
export interface Explanation {
  /**
   * index: one scan of it; iterative: scans of it until enough rows passed the filters; wider: it gave too few, and
   * was asked again with hnsw.ef_search 1000; exact: every row that passes the filters was compared. Of words alone:
   * index or exact.
   */
  road: 'index' | 'iterative' | 'wider' | 'exact';
  /** The index that gave the rows in order, or, of words alone, those that match; null: none did. */
  index: string | null;
  /** The index that had given too few rows before, and how many. */
  cutShort: { index: string; rows: number } | null;
  /** Candidates of a half-precision or binary index that were ordered by their exact distance; null: none were. */
  reranked: number | null;
  rowsScanned: number;
  /** Planning and execution, as the database measured them in a run of their own. */
  milliseconds: number;
  plan: PlanNode;
}

/** Runs the statement once more, as it was answered, and tells what the database did. */
export async function explain(
  session: Session,
  { statement, reranks, attempt, cutShort }: Complete,
  { iterative }: AppliedSettings,
): Promise<Explanation> {
  const run = await analyse(session, statement);
  const index = servingIndex(run.plan) ?? null;
  const byIndex = attempt === 'wider' ? 'wider' : iterative ? 'iterative' : 'index';
  return {
    road: index === null ? 'exact' : byIndex,
    index,
    cutShort: cutShort ?? null,
    reranked: reranks ? rowsReranked(run.plan) : null,
    ...run,
  };
}

/** The same of a search by words alone. */
export async function explainWords(session: Session, statement: Statement): Promise<Explanation> {
  const run = await analyse(session, statement);
  const index = wordsIndex(run.plan) ?? null;
  return { road: index === null ? 'exact' : 'index', index, cutShort: null, reranked: null, ...run };
}

async function analyse(
  session: Session,
  statement: Statement,
): Promise<Pick<Explanation, 'rowsScanned' | 'milliseconds' | 'plan'>> {
  const { rows } = await session.query<ExplainRow>(analysed(statement));
  const [{ Plan: plan, ...times }] = rows[0]!['QUERY PLAN'];
  return {
    rowsScanned: rowsScanned(plan),
    milliseconds: (times['Planning Time'] ?? 0) + (times['Execution Time'] ?? 0),
    plan,
  };
}
