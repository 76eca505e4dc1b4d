import { UsageError } from '../../errors.ts';
import type { Reporter } from '../../progress.ts';
import type { Conditions } from '../search/request.ts';
import { answerable } from './recall-of.ts';
import type { IndexSetting } from './setting.ts';
import type { IndexSubject } from './subject.ts';

/** A setting under which the index cannot give k rows, whatever it holds. */
export function warnOfSetting(
  { index }: IndexSubject,
  { efSearch, iterativeScan = 'off' }: IndexSetting,
  k: number,
  reporter: Reporter,
): void {
  if (efSearch === undefined || efSearch >= k || iterativeScan !== 'off') return;
  reporter.warn(
    `hnsw.ef_search is ${efSearch}, and ${index.shown} gives no more rows than that: \`pgv search\` raises it to k, other clients have to`,
  );
}

/** The planner leaves the index aside. */
export function warnOfPlan({ index }: IndexSubject, reporter: Reporter): void {
  reporter.warn(
    `the planner does not use index ${index.shown} for these searches by itself: it was measured with other ways made dear`,
  );
}

/** @throws UsageError where no query has anything to find; some such queries are told of */
export function requireAnswers(
  nearest: readonly (readonly number[])[],
  { where }: Conditions,
  reporter: Reporter,
): void {
  const missing = nearest.length - answerable(nearest).length;
  if (missing === nearest.length) {
    throw new UsageError('no query has a row to find', {
      code: 'no-queries',
      hint:
        where === undefined
          ? 'vectors of zeros have no distance under cosine'
          : 'check --where: hardly any row passes it',
    });
  }
  if (missing === 0) return;
  reporter.warn(`${missing} of ${nearest.length} queries have no row to find, and do not count`);
}
