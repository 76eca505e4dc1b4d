import fc from 'fast-check';
import { expect, test } from 'vitest';
import { allFinite, plainAllFinite, rowSwapper } from '../../src/vector/floats-wasm.ts';

test('memories do not share their bytes', () => {
  const [one, other] = [rowSwapper(4, 10)!, rowSwapper(8, 3_000_000)!];
  const all = [one.from, one.to, other.from, other.to];
  for (const [i, bytes] of all.entries()) bytes.fill(i);
  expect(all.map(({ length }) => length)).toEqual([4, 10, 8, 3_000_000]);
  for (const [i, bytes] of all.entries()) expect(bytes.every((byte) => byte === i)).toBe(true);
});

test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
  'one %s is found wherever it is, as its twin finds it',
  (bad) => {
    // Beyond what is looked at in one go.
    const floats = Float32Array.from({ length: 2 ** 16 + 39 }, (_, i) =>
      i % 2 ? -3.4028234663852886e38 : 1e-45,
    );
    const both = (some: Float32Array) => [allFinite(some), plainAllFinite(some)];
    expect(both(floats)).toEqual([true, true]);
    for (const at of [0, 1, 2, 3, 4, 17, 2 ** 16 - 1, 2 ** 16, floats.length - 1]) {
      const before = floats[at]!;
      floats[at] = bad;
      expect(both(floats), `at ${at}`).toEqual([false, false]);
      expect(both(floats.subarray(at + 1)), `after ${at}`).toEqual([true, true]);
      floats[at] = before;
    }
    expect(both(new Float32Array(0))).toEqual([true, true]);
  },
);

test('rows of floats are swapped into rows of another length', () => {
  const { from, to, swap } = rowSwapper(1000, 900)!;
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 9 }),
      fc.integer({ min: 0, max: 9 }),
      fc.integer({ min: 0, max: 21 }),
      fc.integer({ min: 0, max: 9 }),
      (at, toAt, count, rows) => {
        for (let i = 0; i < from.length; i++) from[i] = i;
        to.fill(7);
        const strides = { from: 4 * count + 13, to: 4 * count + 2 };
        const expected = Buffer.from(to);
        for (let row = 0; row < rows; row++) {
          const floats = Buffer.from(from.subarray(at + row * strides.from).subarray(0, 4 * count));
          floats.swap32().copy(expected, toAt + row * strides.to);
        }
        swap(at, toAt, strides, count, rows);
        expect(expected.equals(to)).toBe(true);
      },
    ),
  );
});
