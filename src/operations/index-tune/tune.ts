import type { Database, Session } from '../../database/database.ts';
import type { Reporter } from '../../progress.ts';
import { countVectors } from '../../sql/indexes.ts';
import { nearestDistances } from '../index-recall/exact.ts';
import { measure, type Searches } from '../index-recall/measure.ts';
import { loadQueries, type QuerySource } from '../index-recall/queries.ts';
import { ensureServed } from '../index-recall/served.ts';
import { asRole, type IndexSetting, type InForce, settingInForce } from '../index-recall/setting.ts';
import {
  findIndexSubject,
  type IndexSubject,
  type IndexSubjectOptions,
  queryOf,
  withPredicate,
} from '../index-recall/subject.ts';
import { requireAnswers } from '../index-recall/warnings.ts';
import { asUsage, type Conditions } from '../search/request.ts';
import { compareBuilds } from './builds.ts';
import { type Family, familiesOf, generous } from './families.ts';
import { lossOfNewcomers, noLoss } from './newcomers.ts';
import type { SweepPoint, TuneResult } from './result.ts';
import {
  confirm,
  type Goal,
  guess,
  pointsOf,
  servedRungs,
  sweep,
  sweepSeconds,
  type Trial,
} from './sweep.ts';
import { inHalves, shuffled, withAnswer } from './trials.ts';

export interface TuneOptions extends IndexSubjectOptions, QuerySource, Conditions {
  k: number;
  /** 0 to 1. */
  targetRecall: number;
  /** Whose settings are the present ones; default: the session's own. */
  role?: string | undefined;
  /** Other indexes are built on a sample, and compared. */
  builds?: boolean | undefined;
}

/** What the sweep came to. */
type Tuned = Pick<TuneResult, 'current' | 'recommendation' | 'sweep' | 'planned'>;

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
    const queries = shuffled(await loadQueries(database, subject, asked, options, reporter, signal));
    const trial = await withAnswers(database, { subject, conditions, k, queries }, options, reporter, signal);
    const loss =
      queries.own.length > 0 ? await lossOfNewcomers(database, subject, k, reporter, signal) : noLoss;
    const goal = { targetRecall, loss };
    const tuned = await database.transaction((session) => tune(session, trial, options, goal, reporter));
    tellOfLoss(tuned, goal, reporter);
    const rows = subject.index.rows ?? (await rowsWithVector(database, subject));
    const builds = options.builds
      ? await compareBuilds(database, subject, { k, targetRecall, rows }, reporter, signal)
      : undefined;
    return {
      database: database.target.description,
      table: subject.table.name,
      column: subject.column.name,
      index: subject.index.name,
      type: subject.index.type,
      metric: subject.metric,
      k,
      targetRecall,
      rows,
      where: conditions.where ?? null,
      queriesFrom: options.queries === undefined ? 'rows' : 'file',
      ...tuned,
      ...(builds && { builds }),
      seconds: (performance.now() - started) / 1000,
    };
  } catch (error) {
    throw asUsage(error, options.queries === undefined ? '--sample' : '--queries', conditions);
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
    const { setting } = await begin(session, searches.subject, options);
    const wide = generous(searches.subject, searches.k, setting);
    await ensureServed(session, searches, wide);
    const [measured] = await measure(session, searches, [wide], reporter);
    return measured!.answers;
  });
  const nearest = await nearestDistances(database, searches, found, reporter, signal);
  requireAnswers(nearest, searches.conditions, reporter);
  return withAnswer({ searches, nearest });
}

async function begin(session: Session, subject: IndexSubject, { role }: TuneOptions): Promise<InForce> {
  await session.query('SET TRANSACTION READ ONLY');
  if (role !== undefined) await asRole(session, role);
  return settingInForce(session, subject.index.type, subject.extensionSchema);
}

async function tune(
  session: Session,
  trial: Trial,
  options: TuneOptions,
  goal: Goal,
  reporter: Reporter,
): Promise<Tuned> {
  const { searches } = trial;
  const { subject, conditions, k } = searches;
  const inForce = await begin(session, subject, options);
  const filtered = conditions.where !== undefined || conditions.tenant !== undefined;
  const all = familiesOf(subject, k, { filtered, iterative: inForce.iterative });
  const first = all[0]!;
  const planned = await ensureServed(session, searches, first.settingOf(first.rungs[0]!));
  const families: Family[] = [];
  for (const family of all) families.push(await servedRungs(session, searches, family));
  const [choosing, confirming] = inHalves(trial);
  const swept = await sweep(
    session,
    choosing,
    families.filter(({ rungs }) => rungs.length > 0),
    reporter,
  );
  const guesses = swept.map((each) => guess(each, goal));
  const likeliest = guesses.reduce((best, each) => (isBetter(best, each) ? best : each));
  const { points, best } = await confirm(session, confirming, likeliest, goal, reporter);
  const { iterativeScan, ...searched } = inForce.setting;
  // Without a filter it is not what is tried.
  const present = filtered && iterativeScan !== undefined ? { ...searched, iterativeScan } : searched;
  const { current, recommendation } = await compare(session, confirming, present, best, reporter);
  return {
    planned,
    current,
    recommendation,
    sweep: merged([...swept.flatMap((each) => each.points), ...points]),
  };
}

/** Cheaper where it is thought to reach the target, else nearer to it. */
function isBetter(one: ReturnType<typeof guess>, other: ReturnType<typeof guess>): boolean {
  if (one.p50Ms !== other.p50Ms) return one.p50Ms < other.p50Ms;
  return one.points.at(-1)!.recall >= other.points.at(-1)!.recall;
}

/** What searches use now beside what is recommended, in turns. */
async function compare(
  session: Session,
  trial: Trial,
  inForce: IndexSetting,
  best: SweepPoint | undefined,
  reporter: Reporter,
): Promise<Pick<TuneResult, 'current' | 'recommendation'>> {
  const settings = best === undefined ? [inForce] : [inForce, settingIn(best)];
  const [current, again] = await pointsOf(session, trial, settings, reporter, sweepSeconds);
  const recommendation = best === undefined ? null : { ...best, p50Ms: again!.p50Ms, p95Ms: again!.p95Ms };
  return { current: current!, recommendation };
}

function settingIn({ efSearch, probes, iterativeScan, rerank }: SweepPoint): IndexSetting {
  return {
    ...(efSearch !== undefined && { efSearch }),
    ...(probes !== undefined && { probes }),
    ...(iterativeScan !== undefined && { iterativeScan }),
    ...(rerank !== undefined && { rerank }),
  };
}

/** Each setting once, as it was measured on the most queries. */
function merged(points: readonly SweepPoint[]): SweepPoint[] {
  const bySetting = new Map<string, SweepPoint>();
  for (const point of points) {
    const name = JSON.stringify(Object.values(settingIn(point)));
    if ((bySetting.get(name)?.queries ?? 0) < point.queries) bySetting.set(name, point);
  }
  return [...bySetting.values()];
}

function tellOfLoss({ recommendation }: Tuned, { loss }: Goal, reporter: Reporter): void {
  const lost = recommendation?.efSearch === undefined ? 0 : loss(recommendation.efSearch);
  if (lost < 0.0005) return;
  reporter.note(
    `rows of the table find more than new vectors do: by ${lost.toFixed(3)} at ef_search ${recommendation!.efSearch}, which is made up for`,
  );
}

async function rowsWithVector(database: Database, { table, column }: IndexSubject): Promise<number> {
  const { rows } = await database.query<{ rows: number }>(countVectors(table, column.name));
  return rows[0]!.rows;
}
