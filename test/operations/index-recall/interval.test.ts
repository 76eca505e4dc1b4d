import { expect, test } from 'vitest';
import { estimate } from '../../../src/operations/index-recall/interval.ts';
import { noise } from './plain.ts';

const k = 10;

/** Queries of which a share is hard: these find half of their answers, each by chance; the others nearly all. */
function recalls(random: () => number, queries: number, mean: number, hard: number): number[] {
  const easy = (mean - 0.5 * hard) / (1 - hard);
  return Array.from({ length: queries }, () => {
    const found = random() < hard ? 0.5 : easy;
    return Array.from({ length: k }, () => (random() < found ? 1 : 0)).reduce<number>((a, b) => a + b, 0) / k;
  });
}

test.each([
  [100, 0.9, 0],
  [100, 0.95, 0.08],
  [100, 0.99, 0.015],
  [400, 0.99, 0],
  [400, 0.998, 0.003],
])(
  '%i queries of a mean recall of %d, %d of them hard: the mean is within as often as it says',
  (queries, mean, hard) => {
    const random = noise(5);
    const trials = 400;
    let below = 0;
    let above = 0;
    for (let i = 0; i < trials; i++) {
      const { low, high } = estimate(recalls(random, queries, mean, hard), k);
      if (low > mean) below++;
      if (high < mean) above++;
    }
    expect(below / trials).toBeLessThan(0.045);
    expect(above / trials).toBeLessThan(0.055);
  },
);

test('it narrows with the queries, and keeps to what there is', () => {
  const perfect = (queries: number) => estimate(Array<number>(queries).fill(1), k);
  expect(perfect(100)).toMatchObject({ mean: 1, high: 1 });
  expect(perfect(100).low).toBeGreaterThan(0.96);
  expect(perfect(1000).low).toBeGreaterThan(0.995);
  const none = estimate([0, 0, 0, 0], k);
  expect(none).toMatchObject({ mean: 0, low: 0 });
  expect(none.high).toBeLessThan(0.75);
});

test('no bound is outside of 0 to 1, for whatever number of queries', () => {
  for (let queries = 1; queries < 400; queries++) {
    expect(estimate(Array(queries).fill(1), k).high).toBeLessThanOrEqual(1);
    expect(estimate(Array(queries).fill(0), k).low).toBeGreaterThanOrEqual(0);
  }
});
