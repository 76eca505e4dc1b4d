import fc from 'fast-check';
import { expect, test } from 'vitest';
import { allFinite, plainAllFinite, rowSwapper, swapMemory } from '../../src/vector/floats-wasm.ts';

test('floats are swapped where they stand, at any address and of any number', () => {
  const length = 600;
  const memory = swapMemory(length)!;
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 130 }), (at, count) => {
      for (let i = 0; i < length; i++) memory.bytes[i] = i;
      const expected = Buffer.from(memory.bytes);
      expected.subarray(at, at + 4 * count).swap32();
      memory.swap(at, count);
      expect(expected.equals(memory.bytes)).toBe(true);
    }),
  );
});

test('memories do not share their bytes', () => {
  const [one, other] = [swapMemory(10)!, swapMemory(3_000_000)!];
  one.bytes.fill(1);
  other.bytes.fill(2);
  expect([one.bytes.length, other.bytes.length]).toEqual([10, 3_000_000]);
  expect(one.bytes.every((byte) => byte === 1)).toBe(true);
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
