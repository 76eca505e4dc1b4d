import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ratioScale, recallScale, type Scale } from '../src/scale.ts';

function labels(scale: Scale): string {
  return scale.ticks.map(({ label }) => label).join(' ');
}

describe('times', () => {
  test.each([
    ['of some decades', [0.4, 12], 6, '0.5 1 2 5 10'],
    ['of more', [0.02, 80], 5, '0.1 1 10 100'],
    ['of very many', [1e-7, 1e9], 5, '0.0001 1 10000 100000000'],
    ['that are near each other', [0.8, 2.4], 6, '1.0 1.5 2.0 2.5'],
    ['that are all the same', [3], 6, '2.5 3.0 3.5'],
  ])('%s', (_, values, most, expected) => {
    expect(labels(ratioScale(values, most))).toBe(expected);
  });

  test('as far apart as their ratio says', () => {
    const { at } = ratioScale([1, 100], 6);
    expect(at(10) - at(1)).toBeCloseTo(at(100) - at(10));
  });
});

describe('recall', () => {
  test.each([
    ['from half to all', [0.5, 1], 0.95, '0.50 0.80 0.90 0.95 1.00'],
    ['nearly all', [0.999, 1], 0.999, '0.990 0.995 0.999 1.000'],
    ['nothing', [0], 0.9, '0.0 0.5 0.8 0.9 1.0'],
  ])('%s', (_, values, target, expected) => {
    expect(labels(recallScale(values, target, 7))).toBe(expected);
  });

  test('a point near the target is further than one far below it', () => {
    const { at } = recallScale([0.5, 1], 0.95, 7);
    expect(at(0.97) - at(0.95)).toBeGreaterThan(4 * (at(0.57) - at(0.55)));
  });
});

test('every value has its place, in order, and the ticks too', () => {
  const latency = fc.double({ min: 0.001, max: 1e7, noNaN: true });
  const recall = fc.double({ min: 0, max: 1, noNaN: true });
  const most = fc.integer({ min: 3, max: 20 });
  const scales = fc.oneof(
    fc.record({ values: fc.array(latency, { minLength: 1 }), most }).map(({ values, most }) => ({
      ...ratioScale(values, most),
      values,
      most,
    })),
    fc
      .record({ values: fc.array(recall, { minLength: 1 }), target: recall, most })
      .map(({ values, target, most }) => ({
        ...recallScale(values, target, most),
        values,
        most,
      })),
  );
  fc.assert(
    fc.property(scales, ({ at, ticks, values, most }) => {
      const ordered = [...new Set(values)].sort((a, b) => a - b);
      for (const list of [ordered, ticks.map((tick) => tick.value)]) {
        const places = list.map(at);
        expect(places.every((place) => place >= 0 && place <= 1)).toBe(true);
        expect(places).toEqual([...places].sort((a, b) => a - b));
      }
      expect(ticks.length).toBeGreaterThan(0);
      expect(ticks.length).toBeLessThanOrEqual(most + 1);
      for (const { value, label } of ticks) expect(Number(label)).toBe(value);
    }),
    { numRuns: 200 },
  );
});
