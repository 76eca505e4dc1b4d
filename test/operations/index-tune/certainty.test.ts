import { expect, test } from 'vitest';
import { moreQueries } from '../../../commands/index/tune-tables.ts';
import { estimate } from '../../../src/operations/index-recall/interval.ts';
import { queriesForTarget, unsure } from '../../../src/operations/index-tune/certainty.ts';
import type { TuneResult } from '../../../src/operations/index-tune/result.ts';

/** So many queries, of which a share misses half. */
function recalls(queries: number, missing: number): number[] {
  return Array.from({ length: queries }, (_, i) => (i < Math.round(queries * missing) ? 0.5 : 1));
}

function point(queries: number, missing: number) {
  const { mean: recall, low: recallLow, high: recallHigh } = estimate(recalls(queries, missing), 10);
  return { efSearch: 100, recall, recallLow, recallHigh, p50Ms: 1, p95Ms: 1, queries };
}

test.each([0.8, 0.95, 0.97, 0.99])('as many queries for %d as a setting halfway above it needs', (target) => {
  const queries = queriesForTarget(target);
  const confirming = queries - Math.min(200, queries / 2);
  expect(point(Math.round(confirming * 1.2), 1 - target).recallLow).toBeGreaterThan(target);
  expect(point(Math.round(confirming / 2), 1 - target).recallLow).toBeLessThan(target);
});

test('more queries are asked for where they would tell', () => {
  const none = { recommendation: null, targetRecall: 0.99, queriesFrom: 'rows', rows: 5000 } as const;
  const perfect = point(100, 0);
  expect(perfect.recallLow).toBeLessThan(0.99);
  const { queries } = unsure({ ...none, sweep: [point(100, 0.1), perfect] })!;
  expect(point(queries! / 2, 0).recallLow).toBeGreaterThanOrEqual(0.99);
  expect(queries).toBeLessThan(1000);
  expect(unsure({ ...none, rows: 300, sweep: [perfect] })).toMatchObject({ queries, tooFewRows: true });
  expect(unsure({ ...none, rows: 30_000, sweep: [perfect] })).toMatchObject({ tooFewRows: false });
  // The index is to blame: what few queries seem to show, more do not.
  expect(unsure({ ...none, sweep: [perfect, point(200, 0.1)] })).toBeUndefined();
  expect(unsure({ ...none, sweep: [point(100, 0.1)] })).toBeUndefined();
  // No number proves a recall of 1, nor one that is as good as the target.
  expect(unsure({ ...none, targetRecall: 1, sweep: [perfect] })).toMatchObject({ queries: undefined });
  expect(unsure({ ...none, recommendation: perfect, sweep: [perfect] })).toBeUndefined();
});

test('a table with too few rows to ask with is told apart from a target that no number proves', () => {
  const result = { queriesFrom: 'rows', rows: 50 } as TuneResult;
  expect(moreQueries(result, { point: point(100, 0), queries: 280, tooFewRows: true })).toBe(
    'about 280 would be, and the table has but 50 rows to ask with: --queries <file> names others',
  );
  expect(moreQueries(result, { point: point(100, 0), queries: undefined, tooFewRows: false })).toMatch(
    /aim a little/,
  );
});
