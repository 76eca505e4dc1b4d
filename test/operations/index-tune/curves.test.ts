import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  buildCurves,
  curvesOf,
  paretoFront,
  settingText,
} from '../../../src/operations/index-tune/curves.ts';
import { builds, sweepPoint } from '../../support/tune-results.ts';

const at = (efSearch: number) => sweepPoint(efSearch, 0.9, 1);
const shape = (curves: ReturnType<typeof curvesOf>) =>
  curves.map(
    ({ name, points }) => `${name}: ${points.map(({ efSearch, probes }) => efSearch ?? probes).join(' ')}`,
  );

test('one way to search is one curve, the least effort first', () => {
  expect(shape(curvesOf([at(40), at(10), at(200)]))).toEqual(['ef_search: 10 40 200']);
  const { efSearch: _, ...point } = at(1);
  expect(shape(curvesOf([{ ...point, probes: 3 }]))).toEqual(['probes: 3']);
  expect(curvesOf([])).toEqual([]);
});

test('each kind of scan is a curve', () => {
  const sweep = (['off', 'strict_order', 'relaxed_order'] as const).flatMap((iterativeScan) =>
    [10, 40].map((efSearch) => ({ ...at(efSearch), iterativeScan })),
  );
  expect(shape(curvesOf(sweep))).toEqual([
    'no iterative scan: 10 40',
    'strict order: 10 40',
    'relaxed order: 10 40',
  ]);
});

test('reranking is a curve of its own only where it was varied by itself', () => {
  const together = [10, 40].map((efSearch) => ({ ...at(efSearch), rerank: efSearch }));
  expect(shape(curvesOf(together))).toEqual(['ef_search: 10 40']);
  const apart = [50, 100].flatMap((rerank) => [10, 40].map((efSearch) => ({ ...at(efSearch), rerank })));
  expect(shape(curvesOf(apart))).toEqual(['ef_search, 50 reranked: 10 40', 'ef_search, 100 reranked: 10 40']);
});

test('indexes that were built are named by what they were built with', () => {
  expect(buildCurves(builds()).map(({ name }) => name)).toEqual([
    'hnsw, m 16, ef_construction 64',
    'hnsw, m 16, ef_construction 64, halfvec',
    'hnsw, m 16, ef_construction 64, binary',
    'hnsw, m 32, ef_construction 128',
    'hnsw, m 8, ef_construction 64',
    'ivfflat, lists 63',
  ]);
});

test('a setting says all that is set', () => {
  expect(settingText({ ...at(80), iterativeScan: 'relaxed_order', rerank: 200 })).toBe(
    'ef_search 80, relaxed order, 200 reranked',
  );
});

test('no point outdoes one of the front, and each other point is outdone', () => {
  const point = fc
    .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 0, max: 9 }), fc.integer({ min: 1, max: 9 }))
    .map(([efSearch, recall, p50Ms]) => sweepPoint(efSearch, recall / 10, p50Ms));
  fc.assert(
    fc.property(fc.array(point), (points) => {
      const front = paretoFront(points);
      const outdone = (one: (typeof points)[number]) =>
        points.some(
          (other) =>
            other.p50Ms <= one.p50Ms &&
            other.recall >= one.recall &&
            (other.p50Ms < one.p50Ms || other.recall > one.recall),
        );
      for (const each of front) expect(outdone(each)).toBe(false);
      const same = (each: (typeof points)[number]) =>
        front.some(({ p50Ms, recall }) => p50Ms === each.p50Ms && recall === each.recall);
      for (const each of points) expect(outdone(each) || same(each)).toBe(true);
    }),
  );
});
