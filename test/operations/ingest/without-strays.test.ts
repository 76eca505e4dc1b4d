import { expect, test } from 'vitest';
import type { OpenedFile } from '../../../src/formats/read/format.ts';
import { withoutStrays } from '../../../src/operations/ingest/without-strays.ts';

const fileOf = (sample: (string | null)[][]) =>
  ({ sample, fieldCount: sample[0]!.length }) as unknown as OpenedFile;
const column = (...values: (string | null)[]) =>
  withoutStrays(fileOf(values.map((value) => [value]))).sample.flat();

test('a value unlike nearly all others in its field is none to go by', () => {
  expect(column('1', '2', 'x', '4')).toEqual(['1', '2', '4']);
  expect(column('[1,2]', '[3,4]', '[5]', '[6,7]')).toEqual(['[1,2]', '[3,4]', '[6,7]']);
  expect(column('1', '2.5', '3', null, '4')).toEqual(['1', '2.5', '3', null, '4']);
  const many = Array.from({ length: 100 }, (_, i) => String(i));
  expect(column(...many, ...Array.from({ length: 10 }, () => 'x'))).toEqual(many);
});

test('where many are unlike, or most are text, all of them count', () => {
  const mixed = ['1', '2', 'x', 'y', '5'];
  expect(column(...mixed)).toEqual(mixed);
  const words = ['a', 'b', '3', 'd'];
  expect(column(...words)).toEqual(words);
  const lists = ['[1]', '[1,2]', '[1,2,3]', '[1,2,3,4]'];
  expect(column(...lists)).toEqual(lists);
});

test('a record goes as a whole', () => {
  const sample = [
    ['1', '[1,2]'],
    ['x', '[1,2]'],
    ['3', '[1]'],
    ['4', '[1,2]'],
    ['5', '[1,2]'],
  ];
  expect(withoutStrays(fileOf(sample)).sample).toEqual([sample[0], sample[3], sample[4]]);
});
