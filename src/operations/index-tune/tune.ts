import type { Database } from '../../database/database.ts';
import type { Reporter } from '../../progress.ts';
import { countVectors } from '../../sql/indexes.ts';
import { nearestDistances } from '../index-recall/exact.ts';
import { measure, type Searches } from '../index-recall/measure.ts';
import { loadQueries, type QuerySource, queryFlag } from '../index-recall/queries.ts';
import { ensureServed } from '../index-recall/served.ts';
import {
  findIndexSubject,
  type IndexSubject,
  type IndexSubjectOptions,
  measuredIndex,
  queryOf,
  withPredicate,
} from '../index-recall/subject.ts';
import { requireAnswers, warnOfPlan } from '../index-recall/warnings.ts';
import { asUsage, type Conditions } from '../search/request.ts';
import { alongside } from './alongside.ts';
import { compareBuilds } from './builds.ts';
import { queriesForTarget } from './certainty.ts';
import { begin, chooseSetting, type Tuned } from './choose.ts';
import { settingText } from './curves.ts';
import { generous } from './families.ts';
import { lossOfNewcomers, noLoss } from './newcomers.ts';
import type { TuneResult } from './result.ts';
import type { Goal } from './sweep.ts';
import { shuffled, type Trial, withAnswer } from './trials.ts';

export interface TuneOptions extends IndexSubjectOptions, QuerySource, Conditions {
  k: number;
  /** 0 to 1. */
  targetRecall: number;
  /** Whose settings are the present ones; default: the session's own. */
  role?: string | undefined;
  /** Other indexes are built on a sample, and compared. */
  builds?: boolean | undefined;
}

/** A loss of recall that is not worth a word. */
const negligible = 0.0005;

/**
 * Finds the cheapest setting by which an index reaches a recall: families of settings are swept on some of the queries,
 * and the one that promises to be cheapest is then tried on the others, until it is known with confidence which of its
 * efforts suffices.
 * @throws UsageError where there is no such index, or nothing to search with
 */
export async function tuneIndex(
  database: Database,
  options: TuneOptions,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<TuneResult> {
  const started = performance.now();
  const subject = await findIndexSubject(database, options);
  const conditions = withPredicate(options, subject, reporter.note);
  const { k, targetRecall } = options;
  try {
    const asked = queryOf(subject, conditions, k);
    const source = { ...options, needed: queriesForTarget(targetRecall) };
    const queries = shuffled(await loadQueries(database, subject, asked, source, reporter, signal));
    // No latency counts in either.
    const [trial, loss] = await alongside(
      database,
      signal,
      () => withAnswers(database, { subject, conditions, k, queries }, options, reporter, signal),
      async (lane, either) =>
        queries.own.length > 0
          ? lossOfNewcomers(lane, subject, k, { ...reporter, progress: () => {} }, either)
          : noLoss,
    );
    const goal = { targetRecall, loss };
    const tuned = await database.transaction((session) =>
      chooseSetting(session, trial, options.role, goal, reporter),
    );
    if (!tuned.planned) warnOfPlan(subject, reporter);
    else if (!tuned.currentPlanned) {
      reporter.warn(
        `at ${settingText(tuned.current)}, as it is now, the planner does not use index ${subject.index.shown}: for "now" it was measured with other ways made dear`,
      );
    }
    const newVectorsLose = lossAt(tuned, goal, reporter);
    const rows = subject.index.rows ?? (await rowsWithVector(database, subject));
    const compared = options.builds
      ? await compareBuilds(database, subject, { k, targetRecall, rows }, reporter, signal)
      : undefined;
    return {
      ...measuredIndex(database, subject),
      k,
      targetRecall,
      rows,
      where: conditions.where ?? null,
      partial: subject.index.predicate !== null,
      queriesFrom: options.queries === undefined ? 'rows' : 'file',
      ...tuned,
      ...(newVectorsLose !== undefined && { newVectorsLose }),
      ...compared,
      seconds: (performance.now() - started) / 1000,
    };
  } catch (error) {
    throw asUsage(error, queryFlag(options), conditions);
  }
}

/** The exact answers, near whose distances the index's own answers are. */
async function withAnswers(
  database: Database,
  searches: Searches,
  options: TuneOptions,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<Trial> {
  const found = await database.transaction(async (session) => {
    const { setting } = await begin(session, searches.subject, options.role);
    const wide = generous(searches.subject, searches.k, setting);
    await ensureServed(session, searches, wide);
    const [measured] = await measure(session, searches, [wide], reporter);
    return measured!.answers;
  });
  const nearest = await nearestDistances(database, searches, found, reporter, signal);
  requireAnswers(nearest, searches.conditions, reporter);
  return withAnswer({ searches, nearest });
}

function lossAt({ recommendation }: Tuned, { loss }: Goal, reporter: Reporter): number | undefined {
  if (recommendation?.efSearch === undefined) return undefined;
  const lost = loss(recommendation.efSearch);
  if (lost < negligible) return undefined;
  reporter.note(
    `rows of the table find more than new vectors do: by ${lost.toFixed(3)} at ef_search ${recommendation.efSearch}, which is made up for`,
  );
  return lost;
}

async function rowsWithVector(database: Database, { table, column }: IndexSubject): Promise<number> {
  const { rows } = await database.query<{ rows: number }>(countVectors(table, column.name));
  return rows[0]!.rows;
}
