import type { Session } from '../../database/database.ts';
import type { Reporter } from '../../progress.ts';
import { ensureServed, isServed } from '../index-recall/served.ts';
import { asRole, type IndexSetting, type InForce, settingInForce } from '../index-recall/setting.ts';
import { type IndexSubject, isFiltered } from '../index-recall/subject.ts';
import { settingText } from './curves.ts';
import { type Family, familiesOf } from './families.ts';
import type { SweepPoint, TuneResult } from './result.ts';
import { confirm, type Goal, guess, pointsOf, servedRungs, sweep } from './sweep.ts';
import { inHalves, type Trial } from './trials.ts';

/** What the sweep came to. */
export type Tuned = Pick<TuneResult, 'current' | 'currentPlanned' | 'recommendation' | 'sweep' | 'planned'>;

/** Prepares a transaction. @param role whose settings are in force; default: the session's own */
export async function begin(
  session: Session,
  subject: IndexSubject,
  role: string | undefined,
): Promise<InForce> {
  await session.query('SET TRANSACTION READ ONLY');
  if (role !== undefined) await asRole(session, role);
  return settingInForce(session, subject.index.type, subject.extensionSchema);
}

/**
 * Sweeps, chooses what promises to be cheapest, and confirms it on other queries.
 * @param session a transaction
 */
export async function chooseSetting(
  session: Session,
  trial: Trial,
  role: string | undefined,
  goal: Goal,
  reporter: Reporter,
): Promise<Tuned> {
  const { searches } = trial;
  const { subject, conditions, k } = searches;
  const inForce = await begin(session, subject, role);
  const filtered = isFiltered(conditions, subject);
  const { iterativeScan, ...searched } = inForce.setting;
  // Without a filter it is not what is tried.
  const present = filtered && iterativeScan !== undefined ? { ...searched, iterativeScan } : searched;
  const currentPlanned = await isServed(session, searches, present);
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
  if (best === undefined) {
    for (const [i, family] of all.entries()) noteLeftOut(family, families[i]!, subject, reporter);
  }
  const { current, recommendation } = await compare(session, confirming, present, best, reporter);
  return {
    planned,
    current,
    currentPlanned,
    recommendation,
    sweep: merged([...swept.flatMap((each) => each.points), ...points]),
  };
}

/** Efforts at which the planner prefers to compare all rows. */
function noteLeftOut(
  family: Family,
  { rungs }: Family,
  { index }: IndexSubject,
  { note }: Pick<Reporter, 'note'>,
): void {
  const first = family.rungs[rungs.length];
  if (first === undefined) return;
  const setting = settingText(family.settingOf(first));
  note(`from ${setting} on the planner does not use index ${index.shown}: such settings are left out`);
}

/** Cheaper where it is thought to reach the target, else nearer to it. */
function isBetter(one: ReturnType<typeof guess>, other: ReturnType<typeof guess>): boolean {
  if (one.p50Ms !== other.p50Ms) return one.p50Ms < other.p50Ms;
  return one.points.at(-1)!.recall >= other.points.at(-1)!.recall;
}

/** Seconds that it takes, about, to set what is recommended beside what is in force. */
const compareSeconds = 5;

/** What searches use now beside what is recommended, in turns. */
async function compare(
  session: Session,
  trial: Trial,
  inForce: IndexSetting,
  best: SweepPoint | undefined,
  reporter: Reporter,
): Promise<Pick<TuneResult, 'current' | 'recommendation'>> {
  // What is in force counts as the index's own, whatever the planner prefers to it.
  await ensureServed(session, trial.searches, inForce);
  const settings = best === undefined ? [inForce] : [inForce, settingIn(best)];
  const [current, again] = await pointsOf(session, trial, settings, reporter, compareSeconds);
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
