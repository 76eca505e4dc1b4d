import type { Session } from '../../database/database.ts';
import type { Reporter } from '../../progress.ts';
import { measure } from '../index-recall/measure.ts';
import { pointOf, recallOf } from '../index-recall/recall-of.ts';
import type { IndexSetting } from '../index-recall/setting.ts';
import type { SweepPoint } from './result.ts';
import { inOrder, type Trial } from './trials.ts';

/** Queries that are asked at every effort, since latencies are told of: those of hard queries alone would be too long. */
const timed = 200;

/**
 * Measures efforts of one family on many queries. A query that has found all is not asked again with more effort, since it
 * finds all again (63,000 × 384 text embeddings: each of 2,800 such queries did at each of nine higher ef_search): so an
 * effort above one that was measured costs a tenth of it.
 * @param session a transaction
 */
export function risingEfforts(
  session: Session,
  { searches, nearest }: Trial,
  settingOf: (effort: number) => IndexSetting,
  reporter: Reporter,
): (effort: number) => Promise<SweepPoint> {
  const { queries, k } = searches;
  /** The least effort with which each query was seen to find all. */
  const enough = nearest.map(() => Number.POSITIVE_INFINITY);
  return async (effort) => {
    const setting = settingOf(effort);
    const asked = [...nearest.keys()].filter((i) => i < timed || enough[i]! > effort);
    const some = { ...searches, queries: inOrder(queries, asked) };
    const [measured] = await measure(session, some, [setting], reporter);
    const answers = nearest.map((all) => [...all]);
    for (const [at, i] of asked.entries()) {
      answers[i] = measured!.answers[at]!;
      if (recallOf(answers[i]!, nearest[i]!) === 1) enough[i] = Math.min(enough[i]!, effort);
    }
    return pointOf({ setting, answers, milliseconds: measured!.milliseconds.slice(0, timed) }, nearest, k);
  };
}
