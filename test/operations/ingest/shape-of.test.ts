import { expect, test } from 'vitest';
import { shapeOf } from '../../../src/operations/ingest/shape-of.ts';

test('the same options in another order are the same shape; what is not given is not in it', () => {
  const one = shapeOf({
    map: [
      ['b', 'x'],
      ['a', 'old'],
      ['a', 'y'],
    ],
    set: [
      ['n', '1'],
      ['m', '2'],
    ],
    types: new Map([
      ['q', 'int'],
      ['p', 'text'],
    ]),
    normalize: true,
    tenantColumn: 'unused',
    limit: 5,
  });
  const other = shapeOf({
    limit: 5,
    types: new Map([
      ['p', 'text'],
      ['q', 'int'],
    ]),
    map: [
      ['a', 'y'],
      ['b', 'x'],
    ],
    set: [
      ['m', '2'],
      ['n', '1'],
    ],
    normalize: true,
  });
  expect(JSON.stringify(one)).toBe(JSON.stringify(other));
  expect(shapeOf({ map: [], types: new Map(), normalize: false })).toEqual({});
});

test('every option that changes rows changes the shape', () => {
  const shapes = [
    {},
    { columns: ['a', 'b'] },
    { columns: ['b', 'a'] },
    { map: [['a', 'b']] as const },
    { set: [['a', 'b']] as const },
    { tenant: 'a' },
    { tenant: 'a', tenantColumn: 'owner' },
    { type: 'halfvec' as const },
    { dimensions: 5 },
    { normalize: true },
    { vectorColumn: 'v' },
    { types: new Map([['a', 'int']]) },
    { limit: 5 },
  ].map((options) => JSON.stringify(shapeOf(options)));
  expect(new Set(shapes).size).toBe(shapes.length);
});
