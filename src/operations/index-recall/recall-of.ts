import type { SweepPoint } from '../index-tune/result.ts';
import { estimate } from './interval.ts';
import type { Measured } from './measure.ts';

/**
 * What share of the k nearest an answer holds. Rows as far away as the k-th nearest are as good as it, so distances are
 * counted and not rows, as ann-benchmarks does (Aumüller, Bernhardsson and Faithfull, 2018, recall with ties); both
 * distances come from the same operator, so that equal is equal.
 * @param found distances of the answer
 * @param nearest distances of the k nearest rows, ascending; fewer where there are fewer
 * @returns NaN where there is nothing to find
 */
export function recallOf(found: readonly number[], nearest: readonly number[]): number {
  const farthest = nearest.at(-1);
  if (farthest === undefined) return Number.NaN;
  const hits = found.filter((distance) => distance <= farthest).length;
  return Math.min(hits, nearest.length) / nearest.length;
}

/** Which queries have anything to find. */
export function answerable(nearest: readonly (readonly number[])[]): number[] {
  return [...nearest.keys()].filter((i) => nearest[i]!.length > 0);
}

/** What was measured as a point of a sweep. @param nearest of each query, as `recallOf` takes it */
export function pointOf(measured: Measured, nearest: readonly (readonly number[])[], k: number): SweepPoint {
  const queries = answerable(nearest).filter((i) => i < measured.answers.length);
  const { mean, low, high } = estimate(
    queries.map((i) => recallOf(measured.answers[i]!, nearest[i]!)),
    k,
  );
  const times = measured.milliseconds.filter((_, i) => nearest[i]!.length > 0).sort((a, b) => a - b);
  return {
    ...measured.setting,
    recall: mean,
    recallLow: low,
    recallHigh: high,
    p50Ms: quantile(times, 0.5),
    p95Ms: quantile(times, 0.95),
    queries: queries.length,
  };
}

/** Between the two values next to it, in proportion (R's type 7). */
function quantile(ascending: readonly number[], share: number): number {
  const at = (ascending.length - 1) * share;
  const below = Math.floor(at);
  const low = ascending[below]!;
  return low + (at - below) * ((ascending[below + 1] ?? low) - low);
}
