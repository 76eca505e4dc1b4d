import fc from 'fast-check';
import { expect, test } from 'vitest';
import { coarse, ladder, lowestPassing } from '../../../src/operations/index-tune/ladder.ts';

test('rungs rise by a twenty-third, in whole numbers, from one end to the other', () => {
  expect(ladder(10, 20)).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]);
  expect(ladder(40, 80)).toEqual([40, 42, 44, 46, 48, 50, 52, 54, 57, 59, 62, 64, 67, 70, 73, 77, 80]);
  expect(ladder(1, 4)).toEqual([1, 2, 3, 4]);
  expect(ladder(1000, 1000)).toEqual([1000]);
  expect(coarse(ladder(10, 1000))).toEqual([10, 20, 40, 80, 160, 320, 640, 1000]);
  expect(coarse([7])).toEqual([7]);
});

test('the lowest that passes is found from any guess, and no rung is asked twice', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 120 }),
      fc.nat(120),
      fc.nat(120),
      async (count, first, guess) => {
        const asked: number[] = [];
        const found = await lowestPassing(count, guess, async (rung) => {
          asked.push(rung);
          return rung >= first;
        });
        expect(found).toBe(first < count ? first : undefined);
        expect(new Set(asked).size).toBe(asked.length);
        expect(asked.every((rung) => rung >= 0 && rung < count)).toBe(true);
        expect(asked.length).toBeLessThan(16);
      },
    ),
  );
});
