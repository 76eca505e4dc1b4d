import type { Reporter } from '../../progress.ts';
import { scoreOf } from '../../vector/metrics.ts';
import { vectorValue } from './query-vector.ts';
import type { Subject } from './subject.ts';

/** @typeParam Distance null where a search by words has none */
export interface Hit<Distance extends number | null = number> {
  /** The primary key's value; a list where it has several columns; null where the table has none. */
  id: unknown;
  /** NaN under cosine where a vector is zero. */
  distance: Distance;
  score: number;
  /** The shown columns' values, in order. */
  values: unknown[];
}

/** A row of `nearest` as a hit. */
export function toHit(row: Record<string, unknown>, { key, metric, shown }: Subject): Hit {
  const distance = row.distance as number;
  const keys = key.map((_, i) => row[`k${i}`]);
  return {
    id: keys.length > 1 ? keys : (keys[0] ?? null),
    distance,
    score: scoreOf(metric, distance),
    values: shown.map(({ vector }, i) => {
      const value = row[`c${i}`];
      return vector !== undefined && typeof value === 'string' ? vectorValue(value, vector) : value;
    }),
  };
}

export interface Bounds {
  maxDistance?: number | undefined;
  minScore?: number | undefined;
}

/** Bounds are kept here, not in SQL, where they would hide whether an index gave all k rows. NaN is within none. */
export function isNear({ maxDistance, minScore }: Bounds): (hit: Hit<number | null>) => boolean {
  return ({ distance, score }) =>
    (maxDistance === undefined || (distance !== null && distance <= maxDistance)) &&
    (minScore === undefined || score >= minScore);
}

/** @param answers the hits of each query */
export function warnOfZeroVectors(answers: readonly (readonly Hit[])[], reporter: Reporter): void {
  let [all, without] = [0, 0];
  for (const hits of answers) {
    all += hits.length;
    for (const { distance } of hits) if (Number.isNaN(distance)) without += 1;
  }
  if (without === 0) return;
  reporter.warn(
    `${without} of ${all} hits have no distance: their vector or the query is zero, which has no direction for cosine to compare`,
  );
}
