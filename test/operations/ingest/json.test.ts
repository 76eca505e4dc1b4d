import { beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../../src/database/database.ts';
import { json, jsonl } from '../../../src/formats/read/json/json.ts';
import { describeTable } from '../../../src/operations/tables.ts';
import { expectSameRows } from '../../support/compare-tables.ts';
import { eachDatabase } from '../../support/databases.ts';
import { csvText, load } from '../../support/load.ts';
import { collectReports } from '../../support/reports.ts';
import { arrays, customTypes, scalars, vectors } from '../../support/value-cases.ts';

const lines = (rows: readonly unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
const uuid = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11';

eachDatabase((fixture) => {
  let database: Database;

  beforeAll(async () => {
    database = await fixture.open();
    await database.query('CREATE EXTENSION vector');
    for (const statement of customTypes) await database.query(statement);
  });

  async function columnsOf(table: string): Promise<string[] | undefined> {
    const found = await describeTable(database, table);
    return found?.columns.map(({ name, declared }) => `${name} ${declared}`);
  }

  /** Loads into a table `ours` of these columns; and each line by PostgreSQL's own reading of JSON into `theirs`. */
  async function loadBoth(columns: string, rows: readonly string[]): Promise<void> {
    for (const table of ['ours', 'theirs']) {
      await database.query(`DROP TABLE IF EXISTS ${table}`);
      await database.query(`CREATE TABLE ${table} (${columns})`);
    }
    for (const row of rows) {
      await database.query({
        text: 'INSERT INTO theirs SELECT * FROM json_populate_record(NULL::theirs, $1)',
        values: [row],
      });
    }
    await load(database, rows.join('\n'), { table: 'ours', format: jsonl });
    await expectSameRows(database, 'ours', 'theirs');
    await database.query('DELETE FROM ours');
    await load(database, `[${rows.join(',')}]`, { table: 'ours', format: json, pieceLength: 500 });
    await expectSameRows(database, 'ours', 'theirs');
  }

  describe('a new table', () => {
    test('a column a key, of the type that JSON says', async () => {
      const rows = [
        { id: 7, n: 1, x: 1, ok: true, key: uuid, at: '2024-02-29T12:30:15Z', code: '1' },
        { id: 8, x: 1.5, code: '2', meta: { a: 1 }, tags: ['x'], v: [1, 2.5, -3], mixed: 1, ragged: [1] },
        { id: 9, v: null, mixed: 'a', either: [1], ragged: [1, 2], quoted: '[1,2]', nothing: null },
        { either: { a: 1 }, id: 10 },
      ];
      const reporter = collectReports();
      const summary = await load(database, lines(rows), { table: 'kinds', format: jsonl, reporter });
      expect(summary).toMatchObject({ rows: 4, inserted: 4 });
      expect(await columnsOf('kinds')).toEqual([
        'id bigint',
        'n bigint',
        'x double precision',
        'ok boolean',
        'key uuid',
        'at timestamp with time zone',
        'code text',
        'meta jsonb',
        'tags jsonb',
        'v vector(3)',
        'mixed text',
        'ragged jsonb',
        'either jsonb',
        'quoted vector(2)',
        'nothing text',
      ]);
      expect(reporter.warnings.join('\n')).toMatch(
        /^ragged becomes jsonb, .* \(1 numbers at first, 2 in row 3\)/,
      );
      const found = await database.query(
        'SELECT id, n, x, code, meta, tags, v::text, mixed FROM kinds ORDER BY id',
      );
      expect(found.rows.slice(0, 2)).toEqual([
        { id: 7, n: 1, x: 1, code: '1', meta: null, tags: null, v: null, mixed: null },
        { id: 8, n: null, x: 1.5, code: '2', meta: { a: 1 }, tags: ['x'], v: '[1,2.5,-3]', mixed: '1' },
      ]);
    });

    test.each<[string, unknown, unknown]>([
      ['bigint', 1, 1.5],
      ['bigint', 1, 'x'],
      ['double precision', 1.5, [1]],
      ['boolean', true, 1],
      ['uuid', uuid, 'none'],
      ['timestamptz', '2024-02-29 12:30:15', 'tomorrow'],
      ['vector', [1, 2], [1, 2, 3]],
      ['vector', [1, 2], 'none'],
    ])(
      '%s from its first rows, like %j; a later %j is an error, and the table gone',
      async (type, value, later) => {
        const rows = Array.from({ length: 1500 }, (_, i) => ({ id: i, n: i === 1200 ? later : value }));
        await expect(load(database, lines(rows), { table: 'guessed', format: jsonl })).rejects.toMatchObject({
          name: 'DataError',
          file: 'test.jsonl',
          row: 1201,
          column: 'n',
          hint: expect.stringContaining(
            type === 'vector' ? '--on-error skip --reject-file' : '--types n=text',
          ),
        });
        expect(await columnsOf('guessed')).toBeUndefined();
      },
    );

    test('--columns and --map choose among the keys', async () => {
      const rows = [...Array(1100).fill({ a: 1, b: [1, 2], c: 'x' }), { a: 1, b: [3, 4], late: 1 }];
      await expect(load(database, lines(rows), { table: 'chosen', format: jsonl })).rejects.toMatchObject({
        code: 'unknown-key',
        row: 1101,
      });
      await load(database, lines(rows), {
        table: 'chosen',
        format: jsonl,
        columns: ['b', 'a'],
        map: [['a', 'n']],
      });
      expect(await columnsOf('chosen')).toEqual(['id bigint', 'b vector(2)', 'n bigint']);
    });
  });

  describe('a table that is there', () => {
    test('every type reads a string as it reads a field of CSV', async () => {
      const cases = [...scalars, ...vectors, ...arrays].filter(
        ({ type }) => !/^(?:jsonb?|citext)$/.test(type),
      );
      const texts = cases.map(({ ours, theirs = [] }) => [...ours, ...theirs]);
      for (const [take, count] of [
        [cases.map(({ ours }) => ours), Math.max(...cases.map(({ ours }) => ours.length))],
        [texts, Math.max(...texts.map(({ length }) => length))],
      ] as const) {
        for (const table of ['ours', 'theirs']) {
          await database.query(`DROP TABLE IF EXISTS ${table}`);
          await database.query(
            `CREATE TABLE ${table} (${cases.map(({ type }, i) => `v${i} ${type}`).join(', ')})`,
          );
        }
        const names = cases.map((_, i) => `v${i}`);
        const records = Array.from({ length: count }, (_, row) => take.map((values) => values[row] ?? null));
        await load(database, csvText([names, ...records]), { table: 'theirs' });
        const objects = records.map((record) =>
          Object.fromEntries(record.flatMap((text, i) => (text === null && i > 0 ? [] : [[names[i], text]]))),
        );
        await load(database, lines([...objects]), { table: 'ours', format: jsonl });
        await expectSameRows(database, 'ours', 'theirs');
      }
    });

    test('as PostgreSQL itself fills a row from JSON', () =>
      loadBoth(
        't text, u text, n int, x float8, b bool, j json, k jsonb, v vector(3), h halfvec(2), w vector',
        [
          '{"t":"plain","n":1,"x":1.5e0,"b":true,"v":[1, 2.5 ,-3e-2],"h":[1,2],"w":[1]}',
          '{"t":"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\uDE00","u":1.0,"j":"s\\n","k":"s\\u00e9","w":"[1,2]"}',
          '{"t":{"a": [1, "\\u00e9"]},"u":[1, {}],"j":{"b":1, "a":2},"k":{"b":1, "a":2,"a":3},"v":null}',
          '{"t":true,"u":-0,"j":[1, 2],"k":[1, 2],"n":"12","x":"-1.5","b":"f"}',
          '{"n":null,"t":null,"j":null,"k":null,"u":"null"}',
          '{"j":true,"k":1.50,"t":""}',
          '{}',
        ],
      ));

    test('lists fill arrays', () =>
      loadBoth('a text[], b int[], c jsonb[], d bool[], e float8[], f varchar[]', [
        '{"a":["x",null,"","NULL","a\\"b\\\\c\\u00e9,{}"," "],"b":[1, null ,-3],"d":[true,false,null],"e":[1.5,1e3]}',
        '{"a":[],"b":[],"c":[]}',
        '{"a":["1",2,true],"c":[{"a": "x\\"y"},1,"s\\n",null]}',
        '{"a":null,"b":"{1,2}","f":["a",["b"]]}'.replace('["a",["b"]]', '["a","b"]'),
      ]));

    test('lists of lists fill arrays of more dimensions', () =>
      loadBoth('a int[], b text[]', ['{"a":[[1,2],[3,4]],"b":[["x"],["y\\"z"]]}', '{"a":[1]}']));

    test('types whose binary form is not known', () =>
      loadBoth('i interval, p point, t text, a text[], v vector(2), j jsonb', [
        '{"i":"1 day","p":"(1,2)","t":"x\\ty\\\\N\\n","a":["a\\\\b","\\\\N"],"v":[1, 2],"j":{"a":"\\t"}}',
        '{"t":"\\\\N","i":null,"j":[1]}',
      ]));

    test.each<[what: string, bad: string, details: object]>([
      ['an object for an array', '{"k":2,"a":{"x":1}}', { column: 'a', sqlstate: '22P02' }],
      ['objects in a list for an array', '{"k":2,"a":[{}]}', { column: 'a', sqlstate: '22P02' }],
      [
        'too many dimensions',
        `{"k":2,"a":${'['.repeat(1e5)}1${']'.repeat(1e5)}}`,
        { column: 'a', sqlstate: '54000' },
      ],
      ['what only PostgreSQL refuses', '{"k":2,"j":"\\u0000"}', { sqlstate: '22P05' }],
      ['a missing key that must be there', '{"a":null}', { sqlstate: '23502' }],
      ['a word for a number', '{"k":"two"}', { column: 'k', sqlstate: '22P02' }],
    ])('%s is an error with its row', async (_, bad, details) => {
      await database.query('CREATE TABLE strict (k int NOT NULL, a int[], j jsonb)');
      try {
        const file = `{"k":1,"a":[1],"j":{}}\n\n${bad}\n{"k":3}\n`;
        await expect(load(database, file, { table: 'strict', format: jsonl })).rejects.toMatchObject({
          name: 'DataError',
          file: 'test.jsonl',
          row: 3,
          ...details,
        });
      } finally {
        await database.query('DROP TABLE strict');
      }
    });

    test('an upsert: the last of several rows wins, whatever lines are empty', async () => {
      await database.query('CREATE TABLE merged (id int PRIMARY KEY, t text)');
      const file = '{"id":1,"t":"a"}\n\n\n{"id":2,"t":"b"}\n{"id":1,"t":"c"}\n';
      const options = { table: 'merged', format: jsonl, onConflict: 'update', pieceLength: 20 } as const;
      await load(database, file, options);
      const { rows } = await database.query('SELECT id, t FROM merged ORDER BY id');
      expect(rows).toEqual([
        { id: 1, t: 'c' },
        { id: 2, t: 'b' },
      ]);
    });

    test('an array that ends too early: what comes before is stored, and said to be', async () => {
      await database.query('CREATE TABLE cut (id int)');
      const file = `[${Array.from({ length: 50 }, (_, i) => `{"id":${i}}`).join(',')}`;
      await expect(
        load(database, file, { table: 'cut', format: json, pieceLength: 64 }),
      ).rejects.toMatchObject({
        message: expect.stringContaining('the array is never closed'),
        hint: expect.stringContaining('50 rows are stored in cut already'),
      });
    });
  });
});
