import { expect, test } from 'vitest';
import { unionOfFields } from '../../../src/operations/dataset/union.ts';

/** One field in each of several files; a type with a ? is of a file without a value. */
const union = (...types: string[]): string =>
  unionOfFields(
    types.map((type) => ({
      fieldNames: ['f'],
      types: [type.replace('?', '')],
      sample: [[type.endsWith('?') ? null : 'x']],
    })),
  ).get('f')!;

test.each([
  [['bigint', 'bigint'], 'bigint'],
  [['smallint', 'bigint', 'integer'], 'bigint'],
  [['bigint', 'double precision'], 'double precision'],
  [['real', 'integer'], 'double precision'],
  [['real', 'real'], 'real'],
  [['numeric', 'bigint'], 'numeric'],
  [['vector(3)', 'vector(4)'], 'vector'],
  [['text', 'bigint'], 'text'],
  [['integer?', 'text'], 'text'],
  [['jsonb', 'integer?', 'integer?'], 'jsonb'],
  [['integer?', 'bigint?'], 'bigint'],
  [['timestamp', 'jsonb'], 'text'],
])('%j are read as %s', (types, type) => {
  expect(union(...types)).toBe(type);
  expect(union(...[...types].reverse())).toBe(type);
});

test('fields come in the order of the first file, new ones behind', () => {
  const file = (...fieldNames: string[]) => ({ fieldNames, types: fieldNames.map(() => 'text'), sample: [] });
  expect([...unionOfFields([file('b', 'a'), file('c', 'a')]).keys()]).toEqual(['b', 'a', 'c']);
});
