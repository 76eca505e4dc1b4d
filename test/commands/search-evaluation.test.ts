import { expect, test } from 'vitest';
import { ivecs, trec } from '../../commands/search/evaluation.ts';

const answer = (...ids: unknown[]) => [
  { query: 4, hits: ids.map((id) => ({ id, distance: 0.5, score: 0.5, values: [] })) },
];

test.each([['a'], [2 ** 31], ['9007199254740993'], [null], [[1, 2]], [1.5]])(
  '%j is no id for ivecs',
  (id) => {
    expect(() => ivecs(answer(id), 1)).toThrow(/no integer of 32 bits/);
  },
);

test('ivecs takes every int32', () => {
  const bytes = ivecs(answer(2 ** 31 - 1, -(2 ** 31)), 3);
  expect([...new Int32Array(bytes.slice().buffer)]).toEqual([3, 2 ** 31 - 1, -(2 ** 31), -1]);
});

test.each([['a b'], ['a\n'], [''], [null]])('%j is no id for a run', (id) => {
  expect(() => trec(answer(id))).toThrow(/run of TREC/);
});

test('a run names the query, the row, its rank and score', () => {
  expect(trec(answer('x', 7, ['a', 1]))).toBe('4 Q0 x 1 0.5 pgv\n4 Q0 7 2 0.5 pgv\n4 Q0 ["a",1] 3 0.5 pgv\n');
});
