import { z } from '../index-recall/interval.ts';
import type { SweepPoint, TuneResult } from './result.ts';
import { choosing } from './trials.ts';

// Wilson's lower bound is at t where (p - t)² = z² t (1 - t) / n (see index-recall/interval.ts), which gives n, the
// number of independent answers that it takes to know that p is above t.

/** Independent answers of a query: a query that misses anything is taken to miss half. */
const answersOfQuery = 2;

/** Beyond it `--sample` does not go. */
const mostQueries = 100_000;

/**
 * Queries that it takes to be sure of a setting that finds half of what the target lets it miss; those that choose it
 * are among them.
 * @returns infinite for a target of 1, which no number proves
 */
export function queriesForTarget(targetRecall: number): number {
  return withChoosing(answersNeeded((1 + targetRecall) / 2, targetRecall) / answersOfQuery);
}

/** A setting that may well reach the target, but was asked too few queries to be sure. */
export interface Unsure {
  point: SweepPoint;
  /** How many would be enough, about, those that choose among them; undefined where no number is that can be asked. */
  queries: number | undefined;
  /** The table has too few rows to ask so many; a file may have them. */
  tooFewRows: boolean;
}

/** Where nothing is recommended for want of queries, the setting that needs the fewest more; undefined: that is not why. */
export function unsure({
  sweep,
  recommendation,
  targetRecall,
  queriesFrom,
  rows,
}: Pick<TuneResult, 'sweep' | 'recommendation' | 'targetRecall' | 'queriesFrom' | 'rows'>):
  | Unsure
  | undefined {
  if (recommendation !== null) return undefined;
  // The highest efforts are among those that were confirmed, on the most queries.
  const mostAsked = Math.max(...sweep.map((point) => point.queries));
  const found = sweep
    .filter((point) => point.queries === mostAsked)
    .filter(({ recall, recallLow }) => recall >= targetRecall && recallLow < targetRecall)
    .map((point) => ({ point, queries: queriesNeeded(point, targetRecall) }))
    .sort((a, b) => a.queries - b.queries)[0];
  if (found === undefined) return undefined;
  const { point, queries } = found;
  if (queries > mostQueries) return { point, queries: undefined, tooFewRows: false };
  const tooFewRows = queriesFrom === 'rows' && queries > rows;
  const most = queriesFrom === 'rows' && !tooFewRows ? Math.min(mostQueries, rows) : mostQueries;
  return { point, queries: Math.min(most, rounded(queries)), tooFewRows };
}

/** How many independent answers the point's queries gave is read off its interval. */
function queriesNeeded({ recall, recallLow, queries }: SweepPoint, targetRecall: number): number {
  const ofQuery = answersNeeded(recall, recallLow) / queries;
  return withChoosing(answersNeeded(recall, targetRecall) / ofQuery);
}

function answersNeeded(recall: number, low: number): number {
  return recall <= low || low >= 1
    ? Number.POSITIVE_INFINITY
    : (z ** 2 * low * (1 - low)) / (recall - low) ** 2;
}

function withChoosing(confirming: number): number {
  return Math.ceil(confirming) + Math.min(choosing, Math.ceil(confirming));
}

/** Up to two digits. */
function rounded(count: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(count)) - 1);
  return Math.ceil(count / unit) * unit;
}
