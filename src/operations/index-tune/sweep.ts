import type { Session } from '../../database/database.ts';
import type { Reporter } from '../../progress.ts';
import { measure, type Searches } from '../index-recall/measure.ts';
import { pointOf } from '../index-recall/recall-of.ts';
import { isServed } from '../index-recall/served.ts';
import type { IndexSetting } from '../index-recall/setting.ts';
import type { Family } from './families.ts';
import { coarse, lowestPassing, rungsToDouble } from './ladder.ts';
import type { SweepPoint } from './result.ts';
import { risingEfforts } from './rising.ts';
import type { Trial } from './trials.ts';

/** A family of settings, measured. */
export interface Swept {
  family: Family;
  /** In the order of the rungs. */
  points: SweepPoint[];
}

/** Seconds that a sweep takes, about, if it has asked queries enough by then. */
const sweepSeconds = 12;

/** Points of the settings, measured in turns. */
export async function pointsOf(
  session: Session,
  { searches, nearest }: Trial,
  settings: readonly IndexSetting[],
  reporter: Reporter,
  seconds?: number,
): Promise<SweepPoint[]> {
  const measured = await measure(session, searches, settings, reporter, seconds);
  return measured.map((each) => pointOf(each, nearest, searches.k));
}

/** The settings that the planner answers by the index: it leaves it where a search gets dearer than to compare all rows. */
export async function servedRungs(session: Session, searches: Searches, family: Family): Promise<Family> {
  const { rungs, settingOf } = family;
  const left = await lowestPassing(
    rungs.length,
    rungs.length - 1,
    async (at) => !(await isServed(session, searches, settingOf(rungs[at]!))),
  );
  return { ...family, rungs: rungs.slice(0, left) };
}

/** Each family at efforts that double. */
export async function sweep(
  session: Session,
  trial: Trial,
  families: readonly Family[],
  reporter: Reporter,
  seconds = sweepSeconds,
): Promise<Swept[]> {
  const efforts = families.map(({ rungs }) => coarse(rungs));
  const settings = families.flatMap(({ settingOf }, i) => efforts[i]!.map(settingOf));
  const points = await pointsOf(session, trial, settings, reporter, seconds);
  return families.map((family, i) => ({ family, points: points.splice(0, efforts[i]!.length) }));
}

/** How much less of what is nearest an index finds for vectors that it does not hold, by the effort. */
export type Loss = (effort: number) => number;

/** What is wanted of a setting. */
export interface Goal {
  targetRecall: number;
  /** What new vectors find less than the queries. */
  loss: Loss;
}

/** The recall that is expected of new vectors. */
function expected(point: SweepPoint, { loss }: Goal): number {
  return point.recall - loss(effortOf(point));
}

/** Where a swept family is thought to reach the target first. */
export interface Guess extends Swept {
  /** Place among the family's rungs. */
  rung: number;
  /** What it would cost; infinite where it is not thought to reach it. */
  p50Ms: number;
}

/** Between two swept efforts misses fall as a power of the effort: so it is read off a line between their logarithms. */
export function guess({ family, points }: Swept, goal: Goal): Guess {
  const { targetRecall } = goal;
  const { rungs } = family;
  const above = points.findIndex((point) => expected(point, goal) >= targetRecall);
  if (above < 0) return { family, points, rung: rungs.length - 1, p50Ms: Number.POSITIVE_INFINITY };
  const upper = points[above]!;
  const lower = points[above - 1];
  if (lower === undefined) return { family, points, rung: 0, p50Ms: upper.p50Ms };
  const misses = (recall: number) => Math.log(Math.max(1 - recall, 1e-4));
  const fall = misses(expected(lower, goal)) - misses(expected(upper, goal));
  const way = fall > 0 ? Math.min(1, (misses(expected(lower, goal)) - misses(targetRecall)) / fall) : 1;
  const [from, to] = [rungs.indexOf(effortOf(lower)), rungs.indexOf(effortOf(upper))];
  const p50Ms = lower.p50Ms * (upper.p50Ms / lower.p50Ms) ** way;
  return { family, points, rung: Math.ceil(from + way * (to - from)), p50Ms };
}

function effortOf({ efSearch, probes }: SweepPoint): number {
  return efSearch ?? probes!;
}

/**
 * The least effort whose recall is above the target with confidence, on queries that the guess did not see, and is
 * expected to be for new vectors too. The rungs
 * are there before these queries are, and all above the one that is found pass too: such a fixed sequence keeps the
 * error of the whole search at that of one question (Westfall and Krishen, Optimally weighted, fixed sequence and
 * gatekeeper multiple testing procedures, J. Stat. Plan. Inference 99, 2001).
 * @returns all points that it measured, and that point among them
 */
export async function confirm(
  session: Session,
  trial: Trial,
  { family, rung }: Guess,
  goal: Goal,
  reporter: Reporter,
): Promise<{ points: SweepPoint[]; best: SweepPoint | undefined }> {
  const { rungs, settingOf } = family;
  const measured = new Map<number, SweepPoint>();
  const pointAt = risingEfforts(session, trial, settingOf, reporter);
  const measureAt = async (at: number): Promise<SweepPoint> => {
    const point = measured.get(at) ?? (await pointAt(rungs[at]!));
    measured.set(at, point);
    return point;
  };
  // What finds all with half of the effort need not be asked with more.
  await measureAt(Math.max(0, rung - rungsToDouble));
  const found = await lowestPassing(rungs.length, rung, async (at) => {
    const point = await measureAt(at);
    return point.recallLow >= goal.targetRecall && expected(point, goal) >= goal.targetRecall;
  });
  return { points: [...measured.values()], best: found === undefined ? undefined : measured.get(found) };
}
