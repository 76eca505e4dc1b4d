import { expect, test } from 'vitest';
import { ivecs, trec } from '../../commands/search/evaluation.ts';

const answer = (...ids: unknown[]) => [
  { query: 4, hits: ids.map((id) => ({ id, distance: 0.5, score: 0.5, values: [] })) },
];

const numbers = (parts: Iterable<Uint8Array>) => [
  ...new Int32Array(new Uint8Array(Buffer.concat([...parts])).buffer),
];

test.each([['a'], [2 ** 31], ['9007199254740993'], [null], [[1, 2]], [1.5]])(
  '%j is no id for ivecs',
  (id) => {
    expect(() => ivecs(answer(id), 1)).toThrow(/no integer of 32 bits/);
  },
);

test('ivecs takes every int32', () => {
  expect(numbers(ivecs(answer(2 ** 31 - 1, -(2 ** 31)), 3))).toEqual([3, 2 ** 31 - 1, -(2 ** 31), -1]);
});

test('ivecs comes in parts, whatever k is', () => {
  const parts = [...ivecs(answer(...Array(20_000).keys()), 30_000)];
  expect(parts.map(({ length }) => length)).toEqual([2 ** 16, 120_004 - 2 ** 16]);
  expect(numbers(parts)).toEqual([30_000, ...Array(20_000).keys(), ...Array(10_000).fill(-1)]);
});

test.each([['a b'], ['a\n'], [''], [null]])('%j is no id for a run', (id) => {
  expect(() => trec(answer(id))).toThrow(/run of TREC/);
});

test('a run names the query, the row, its rank and score', () => {
  const run = [...trec(answer('x', 7, ['a', 1]))].join('');
  expect(run).toBe('4 Q0 x 1 0.5 pgv\n4 Q0 7 2 0.5 pgv\n4 Q0 ["a",1] 3 0.5 pgv\n');
});

test('a run leaves out what has no score', () => {
  const hit = (id: number, distance: number) => ({ id, distance, score: 1 - distance, values: [] });
  const run = trec([{ query: 0, hits: [hit(1, 0.5), hit(2, Number.NaN), hit(3, 0.75)] }]);
  expect([...run]).toEqual(['0 Q0 1 1 0.5 pgv\n', '0 Q0 3 2 0.25 pgv\n']);
});
