import type { Database } from '../../database/database.ts';
import { UsageError } from '../../errors.ts';
import type { Reporter } from '../../progress.ts';
import type { MeasuredIndex, SweepPoint } from '../index-tune/result.ts';
import { asUsage, type Conditions } from '../search/request.ts';
import { nearestDistances } from './exact.ts';
import { type Measured, measure, type Searches, selected } from './measure.ts';
import { loadQueries, type QuerySource, queryFlag } from './queries.ts';
import { pointOf } from './recall-of.ts';
import { ensureServed } from './served.ts';
import { asRole, settingInForce, withRerank } from './setting.ts';
import {
  findIndexSubject,
  type IndexSubjectOptions,
  measuredIndex,
  queryOf,
  withPredicate,
} from './subject.ts';
import { requireAnswers, warnOfPlan, warnOfSetting } from './warnings.ts';

export interface RecallOptions extends IndexSubjectOptions, QuerySource, Conditions {
  k: number;
  /** Whose settings are in force; default: the session's own. */
  role?: string | undefined;
  /** Candidates that are ordered by their exact distance, where the index is quantised. */
  rerank?: number | undefined;
}

/** What an index finds of what there is, at the settings in force. */
export interface RecallResult extends MeasuredIndex, SweepPoint {
  k: number;
  /** The user's own SQL that every query was filtered by. */
  where: string | null;
  /** False: the planner answers otherwise, and the index was measured with other ways made dear. */
  planned: boolean;
  seconds: number;
}

/** Queries that are asked before the clock counts, so that what they read is in memory. */
const warmUp = 20;

/**
 * How much of what is nearest an index finds.
 * @throws UsageError where there is no such index, or nothing to search with
 */
export async function measureRecall(
  database: Database,
  options: RecallOptions,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<RecallResult> {
  const started = performance.now();
  const subject = await findIndexSubject(database, options);
  const conditions = withPredicate(options, subject, reporter.note);
  const { k, role, rerank } = options;
  if (rerank !== undefined && subject.quantized === undefined) {
    throw new UsageError(
      `index ${subject.index.shown} holds vectors as they are, so there is nothing to rerank`,
      {
        code: 'nothing-to-rerank',
        hint: 'leave --rerank out',
      },
    );
  }
  try {
    const asked = queryOf(subject, conditions, k);
    const queries = await loadQueries(database, subject, asked, options, reporter, signal);
    const searches: Searches = { subject, conditions, k, queries };
    const { measured, planned } = await database.transaction(async (session) => {
      await session.query('SET TRANSACTION READ ONLY');
      if (role !== undefined) await asRole(session, role);
      const { setting } = await settingInForce(session, subject.index.type, subject.extensionSchema);
      const reranked = withRerank(setting, k, rerank);
      warnOfSetting(subject, reranked, k, reporter);
      const byPlanner = await ensureServed(session, searches, reranked);
      await measure(session, selected(searches, 0, warmUp), [reranked], reporter);
      const [all] = await measure(session, searches, [reranked], reporter);
      return { measured: all as Measured, planned: byPlanner };
    });
    if (!planned) warnOfPlan(subject, reporter);
    const nearest = await nearestDistances(database, searches, measured.answers, reporter, signal);
    requireAnswers(nearest, conditions, reporter);
    return {
      ...measuredIndex(database, subject),
      k,
      where: conditions.where ?? null,
      planned,
      ...pointOf(measured, nearest, k),
      seconds: (performance.now() - started) / 1000,
    };
  } catch (error) {
    throw asUsage(error, queryFlag(options), conditions);
  }
}
