import { beforeAll, expect, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { eachDatabase } from '../support/databases.ts';

eachDatabase((fixture) => {
  let database: Database;

  beforeAll(async () => {
    database = await fixture.open();
  });

  test.each([
    ['true', true],
    ['32767::int2', 32767],
    ['-5::int4', -5],
    ['4294967295::oid', 4294967295],
    ['9007199254740991::int8', Number.MAX_SAFE_INTEGER],
    ['9007199254740992::int8', '9007199254740992'],
    ["'-9223372036854775808'::int8", '-9223372036854775808'],
    ['0.1::float4', 0.1],
    ['0.1::float8 + 0.2::float8', 0.30000000000000004],
    ["'-Infinity'::float8", Number.NEGATIVE_INFINITY],
    ["'NaN'::float4", Number.NaN],
    [`'{"a": [1, null]}'::json`, { a: [1, null] }],
    [`'"text"'::jsonb`, 'text'],
    [
      `'{"9007199254740993": [9007199254740993, -9007199254740993, 9007199254740991]}'::json`,
      { '9007199254740993': ['9007199254740993', '-9007199254740993', 9007199254740991] },
    ],
    [
      `'["\\" 9007199254740993", 0.1234567890123456, 1234567890123456.5]'::json`,
      ['" 9007199254740993', 0.1234567890123456, 1234567890123456.5],
    ],
    ['1.10::numeric', '1.10'],
    ["'2024-02-29'::date", '2024-02-29'],
    ["'2024-02-29 12:00:00.000001'::timestamp", '2024-02-29 12:00:00.000001'],
    ["'1 day 2 hours'::interval", '1 day 02:00:00'],
    ["'\\x00ff'::bytea", '\\x00ff'],
    ["'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid", 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
    ["''::text", ''],
    ["' NULL '::varchar", ' NULL '],
    ['NULL::int4', null],
    ["'docs'::name", 'docs'],
    ['\'{a,NULL,"NULL","b \\"c\\\\,{}",""}\'::text[]', ['a', null, 'NULL', 'b "c\\,{}', '']],
    ["'{}'::text[]", []],
    ["'{a,b}'::name[]", ['a', 'b']],
    ["'[0:1]={7,8}'::int4[]", [7, 8]],
    [
      "'{{1,2},{3,NULL}}'::int2[]",
      [
        [1, 2],
        [3, null],
      ],
    ],
    ["'{1,9007199254740993}'::int8[]", [1, '9007199254740993']],
    ["'{1.5}'::float8[]", '{1.5}'],
  ])('%s', async (expression, value) => {
    const { rows } = await database.query<{ value: unknown }>(`SELECT ${expression} AS value`);
    expect(rows[0]!.value).toEqual(value);
  });

  test('columns of one name do not hide each other', async () => {
    expect(
      await database.query('SELECT 1 AS a, 2 AS a, 3 AS b, 4 AS a_2, 5 AS "__proto__", 6 AS a'),
    ).toMatchObject({
      columns: ['a', 'a_3', 'b', 'a_2', '__proto__', 'a_4'],
      rows: [
        Object.fromEntries(Object.entries({ a: 1, a_3: 2, b: 3, a_2: 4, a_4: 6 }).concat([['__proto__', 5]])),
      ],
      rowCount: 1,
    });
  });
});
