import { mkdtemp, readFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Database } from '../../../src/database/database.ts';
import { json, jsonl } from '../../../src/formats/read/json/json.ts';
import { npy } from '../../../src/formats/read/vectors/npy.ts';
import { describeTable } from '../../../src/operations/tables.ts';
import { eachDatabase } from '../../support/databases.ts';
import { csvText, type Load, load } from '../../support/load.ts';
import { collectReports } from '../../support/reports.ts';
import { scratch } from '../../support/temporary.ts';
import { floatsNpy } from '../../support/vector-files.ts';

const base64 = (...values: number[]) => Buffer.from(Float32Array.from(values).buffer).toString('base64');

eachDatabase((fixture) => {
  let database: Database;

  beforeAll(async () => {
    database = await fixture.open();
    await database.query('CREATE EXTENSION IF NOT EXISTS vector');
  });

  beforeEach(async () => {
    await database.query('DROP TABLE IF EXISTS t');
  });

  const ingest = (file: string | Uint8Array, options: Partial<Load> = {}) =>
    load(database, file, { table: 't', ...options });

  async function rows(columns = '*'): Promise<unknown[]> {
    const found = await database.query<{ row: unknown }>(
      `SELECT to_jsonb(x) AS row FROM (SELECT ${columns} FROM t ORDER BY id) x`,
    );
    return found.rows.map(({ row }) => row);
  }

  async function columnsOf(): Promise<string> {
    const found = await describeTable(database, 't');
    return found!.columns.map(({ name, declared }) => `${name} ${declared}`).join(', ');
  }

  // Every piece on the text road: a type whose binary form is not known, beside the vectors.
  describe.each(['binary', 'text'])('on the %s road', (road) => {
    const other = road === 'text' ? ', p point' : '';

    test('vectors go in however they are written, each column in its own form', async () => {
      const forms: [type: string, first: string, second: string][] = [
        ['vector(3)', '{1,2.5,-3}', '{4,5,6}'],
        ['vector(3)', '1 2.5 -3', '4\t5   6'],
        ['vector(3)', '[1. 2.5 -3.]', '[4 5\n6]'],
        ['vector(3)', '1,2.5,-3', ' 4, 5, 6 '],
        ['vector(3)', base64(1, 2.5, -3), base64(4, 5, 6)],
        ['vector(3)', '{1:1,2:2.5,3:-3}/3', '{1:4,2:5,3:6}/3'],
        ['halfvec(3)', '{1,2.5,-3}', '{4,5,6}'],
        ['sparsevec(3)', '[1,2.5,-3]', '[4,5,6]'],
        ['sparsevec', base64(1, 2.5, -3), base64(4, 5, 6)],
        ['vector', '1 2.5 -3', '4 5 6'],
      ];
      const names = forms.map((_, i) => `v${i}`);
      const types = forms.map(([type], i) => `v${i} ${type}`);
      await database.query(`CREATE TABLE t (id int, ${types.join(', ')}${other})`);
      const records = [
        ['1', ...forms.map(([, first]) => first)],
        ['2', ...forms.map(() => null)],
        ['3', ...forms.map(([, , second]) => second)],
      ];
      await ingest(`id,${names.join(',')}\n${csvText(records)}`);
      const all = (text: string | null) => Object.fromEntries(names.map((name) => [name, text]));
      expect(await rows(`id, ${names.map((name) => `${name}::vector::text`).join(', ')}`)).toEqual([
        { id: 1, ...all('[1,2.5,-3]') },
        { id: 2, ...all(null) },
        { id: 3, ...all('[4,5,6]') },
      ]);
    });

    test('vectors are cut and normalised; each value is the float32 that it should be', async () => {
      await database.query(`CREATE TABLE t (id int, v vector(2), h halfvec(2)${other})`);
      const file = 'id,v,h\n1,"[3,4,12]","[3,4]"\n2,"[0.1,0.7,0.3]",\n3,,"[1,1]"\n';
      await ingest(file, { vectorColumn: 'v', dimensions: 2 });
      expect(
        await rows(`id, v = l2_normalize(subvector('[3,4,12]'::vector, 1, 2)) AS first,
        v = l2_normalize(subvector('[0.1,0.7,0.3]'::vector, 1, 2)) AS second, v IS NULL AS none`),
      ).toEqual([
        { id: 1, first: true, second: false, none: false },
        { id: 2, first: false, second: true, none: false },
        { id: 3, first: null, second: null, none: true },
      ]);
    });

    test('dimensions that are a field each become a vector', async () => {
      await database.query(`CREATE TABLE t (id int, v vector(3)${other})`);
      await ingest('id,dim_10,dim_8,dim_9\n1,3,1e0,2.5\n2,,,\n3,0.1,-0,5\n', { map: [['dim_*', 'v']] });
      expect(await rows('id, v::text')).toEqual([
        { id: 1, v: '[1,2.5,3]' },
        { id: 2, v: null },
        { id: 3, v: '[-0,5,0.1]' },
      ]);
    });

    test('all other fields become one object, and a path takes a value out of JSON', async () => {
      await database.query(
        `CREATE TABLE t (id int, metadata jsonb, title text, year int, v vector(2)${other})`,
      );
      const meta = JSON.stringify({ title: 'A "b"\u00e9', at: { year: [1999, 2001] }, v: [1, 2] });
      await ingest(
        `id,doc,n,x,"odd ""k""",empty\n${csvText([['1', meta, '1.50', '007', 'true', null]])}2,,,,,\n`,
        {
          map: [
            ['*', 'metadata'],
            ['doc.title', 'title'],
            ['doc.at.year.1', 'year'],
            ['doc.v', 'v'],
          ],
        },
      );
      expect(await rows("id, metadata - 'doc' AS metadata, title, year, v::text AS v")).toEqual([
        {
          id: 1,
          metadata: { n: 1.5, x: '007', 'odd "k"': true },
          title: 'A "b"\u00e9',
          year: 2001,
          v: '[1,2]',
        },
        { id: 2, metadata: {}, title: null, year: null, v: null },
      ]);
      expect((await database.query("SELECT metadata->>'n' AS n FROM t WHERE id = 1")).rows).toEqual([
        { n: '1.50' },
      ]);
    });

    test('constants fill their columns in every row', async () => {
      await database.query(
        `CREATE TABLE t (id int, tenant_id uuid, lang text DEFAULT 'x', n numeric(5,1), at timestamptz, v vector(2)${other})`,
      );
      const set: [string, string][] = [
        ['lang', 'NULL'],
        ['n', ' 7.25 '],
        ['at', 'now'],
        ['v', '[ 1 , 2 ]'],
      ];
      const tenant = 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11';
      await ingest(`id\n${Array.from({ length: 300 }, (_, i) => `${299 - i}\n`).join('')}`, {
        set,
        tenant,
        pieceLength: 100,
      });
      const { rows: found } = await database.query(
        `SELECT count(*)::int, tenant_id, lang, n::text, count(DISTINCT at)::int AS moments, v::text FROM t
         WHERE at > now() - interval '1 minute' GROUP BY tenant_id, lang, n, v`,
      );
      expect(found).toEqual([
        { count: 300, tenant_id: tenant.toLowerCase(), lang: null, n: '7.3', moments: 1, v: '[1,2]' },
      ]);
    });

    test('a bad value has its row, and its field', async () => {
      await database.query(`CREATE TABLE t (id int, v vector(2), meta jsonb${other})`);
      const cases: [string, Partial<Load>, object][] = [
        ['id,v\n1,1 2\n\n2,"[1,2]"\n', {}, { row: 3, column: 'v', message: 'not a vector: "[1,2]"' }],
        ['id,v\n1,1 2\n2,1 2 3\n', {}, { row: 2, column: 'v', message: 'expected 2 dimensions, not 3' }],
        ['id,v\n1,"{1,2}"\n2,"{0x1,2}"\n', {}, { row: 2, column: 'v', message: 'not a vector: "{0x1,2}"' }],
        [
          'id,v\n1,"[1,2]"\n2,[3]\n',
          { dimensions: 2 },
          { row: 2, message: 'expected at least 2 dimensions, not 1' },
        ],
        ['id,d1,d2\n1,1,2\n2,,2\n', { map: [['d*', 'v']] }, { row: 2, column: 'd1', message: /is missing/ }],
        [
          'id,d1,d2\n1,1,2\n2,1,x\n',
          { map: [['d*', 'v']] },
          { row: 2, column: 'd2', message: '"x" is no number' },
        ],
        [
          'id,d1,d2\n1,"1,2",""\n',
          { map: [['d*', 'v']] },
          {
            row: 1,
            column: 'd1',
            message: '"1,2" is no number',
            hint: expect.stringContaining('decimal commas are not read'),
          },
        ],
        [
          'id,m\n1,{}\n2,{\n',
          { map: [['m.a', 'meta']], columns: ['id'] },
          { row: 2, column: 'meta', message: /^not JSON/ },
        ],
      ];
      for (const [file, options, { message, ...details }] of cases as [
        string,
        Partial<Load>,
        { message: unknown },
      ][]) {
        await expect(ingest(file, options), file).rejects.toMatchObject({
          name: 'DataError',
          file: 'test.csv',
          ...details,
          message: message instanceof RegExp ? expect.stringMatching(message) : message,
        });
        expect(await rows('id')).toEqual([]);
      }
    });
  });

  test('a new table has vectors where nothing else can be meant, and text elsewhere', async () => {
    const fields: [type: string, first: string, second: string | null][] = [
      ['vector(3)', '{1,2,3}', '{1,2,4}'],
      ['vector(3)', '0.1 2 3', '1 2 4'],
      ['vector(2)', '[1 2]', '[3 4]'],
      ['vector(3)', '1,2,0.5', '4,5,6'],
      ['vector(8)', base64(1, 2, 3, 4, 5, 6, 7, 8), null],
      ['sparsevec(30000)', '{1:0.5}/30000', '{}/30000'],
      ['text', '030 123 4567', null],
      ['text', '1,2', '52.5,13.4'],
      ['text', '1 2.5 3', '1 2.5'],
    ];
    const names = fields.map((_, i) => `f${i}`);
    const records = [
      ['1', ...fields.map(([, first]) => first)],
      ['2', ...fields.map(([, , second]) => second)],
    ];
    await expect(ingest(`id,${names.join(',')}\n${csvText(records)}`)).resolves.toMatchObject({ rows: 2 });
    expect(await columnsOf()).toBe(`id bigint, ${fields.map(([type], i) => `f${i} ${type}`).join(', ')}`);
  });

  test('the form is said, and so is what may be vectors', async () => {
    const reporter = collectReports();
    await ingest('id,v,w\n1,0.1 0.2 0.3,1 2 3\n', { reporter });
    expect(reporter.notes).toContain('the vectors of v are read as they are written: 0.1 0.2 0.3');
    expect(reporter.warnings.join()).toContain(
      "w becomes text, though 1 2 3 could be a vector; --types w='vector(3)'",
    );
    await database.query('DROP TABLE t');
    await ingest('id,w\n1,1 2 3\n', { types: new Map([['w', 'halfvec']]) });
    expect(await rows('id, w::text')).toEqual([{ id: 1, w: '[1,2,3]' }]);
  });

  test('JSON: strings in every form, lists, paths, other fields as they are', async () => {
    const lines = [
      {
        id: 1,
        e: base64(1, 2),
        s: [0, 2],
        meta: { a: 'x', b: [1], n: null },
        big: 12345678901234567890n,
        t: '1',
      },
      { id: 2, e: null, s: [1, 0], meta: null, t: true },
    ].map((line) => JSON.stringify(line, (_, value) => (typeof value === 'bigint' ? Number(value) : value)));
    const file = `${lines.join('\n').replace('12345678901234567000', '12345678901234567890')}\n`;
    await database.query(
      'CREATE TABLE t (id int, e vector(2), s sparsevec(2), metadata json, a text, b jsonb)',
    );
    await ingest(file, {
      format: jsonl,
      map: [
        ['*', 'metadata'],
        ['meta.a', 'a'],
        ['meta.b', 'b'],
      ],
    });
    expect(await rows('id, e::text, s::text, metadata::text, a, b')).toEqual([
      {
        id: 1,
        e: '[1,2]',
        s: '{2:2}/2',
        metadata: '{"meta":{"a":"x","b":[1],"n":null},"big":12345678901234567890,"t":"1"}',
        a: 'x',
        b: [1],
      },
      { id: 2, e: null, s: '{1:1}/2', metadata: '{"t":true}', a: null, b: null },
    ]);
    const later = Array.from({ length: 1200 }, (_, i) =>
      i < 1100 ? `{"id":${i}}` : `{"id":${i}, "n\\u0061me" : [${i}, null]}`,
    );
    later[1150] = '{"id":1150,"x":null,"y":{"z":1},"id":7}';
    await database.query('DROP TABLE t; CREATE TABLE t (id int, metadata jsonb)');
    const rejectFile = path.join(await mkdtemp(path.join(scratch, 'composed-')), 'bad.jsonl');
    const summary = await ingest(`${later.join('\n')}\n{"id":1200,"x":true} ?\n`, {
      format: jsonl,
      map: [['*', 'metadata']],
      onError: 'skip',
      rejectFile,
    });
    expect(summary).toMatchObject({ rows: 1199, rejected: 2 });
    expect((await rows()).slice(1098, 1102)).toEqual([
      { id: 1098, metadata: {} },
      { id: 1099, metadata: {} },
      { id: 1100, metadata: { name: [1100, null] } },
      { id: 1101, metadata: { name: [1101, null] } },
    ]);
    expect((await rows()).at(-1)).toEqual({ id: 1199, metadata: { name: [1199, null] } });
    await database.query('DROP TABLE t; CREATE TABLE t (id int, e vector(2))');
    await expect(
      ingest('[{"id":3,"e":"AACAPwAAAEA="},{"id":4,"e":[1,2]}]', { format: json }),
    ).rejects.toMatchObject({ row: 2, column: 'e', hint: expect.stringContaining('base64') });
  });

  test('a new table from fields, an object, a path and constants', async () => {
    const reporter = collectReports();
    await ingest('id,text,lang,d0,d1,d2,meta\n1,a,en,1,2,3,"{""y"":1}"\n2,b,de,4,5,6,"{""y"":20}"\n', {
      reporter,
      map: [
        ['d*', 'embedding'],
        ['*', 'metadata'],
        ['text', 'content'],
        ['meta.y', 'year'],
      ],
      set: [['source', 'wiki']],
      tenant: '7',
    });
    expect(await columnsOf()).toBe(
      'id bigint, content text, embedding vector(3), metadata jsonb, year bigint, source text, tenant_id text',
    );
    expect(await rows('id, content, embedding::text, metadata, year, source, tenant_id')).toMatchObject([
      {
        id: 1,
        content: 'a',
        embedding: '[1,2,3]',
        metadata: { lang: 'en', meta: '{"y":1}' },
        year: 1,
        tenant_id: '7',
      },
      { id: 2, source: 'wiki' },
    ]);
  });

  test.each<[string, Partial<Load>, string]>([
    ['--type halfvec', { type: 'halfvec' }, 'halfvec(4)'],
    ['--type sparsevec --dimensions 3', { type: 'sparsevec', dimensions: 3 }, 'sparsevec(3)'],
    ['--type bit', { type: 'bit' }, 'bit(4)'],
    ['--dimensions with --types', { types: new Map([['v', 'halfvec']]), dimensions: 2 }, 'halfvec(2)'],
  ])('%s makes the column, and fills it as pgvector would', async (_, options, type) => {
    await ingest('id,v\n1,"[0.5,-2,0,3]"\n', options);
    expect(await columnsOf()).toBe(`id bigint, v ${type}`);
    const cut = options.dimensions;
    const from =
      cut === undefined
        ? "'[0.5,-2,0,3]'::vector"
        : `l2_normalize(subvector('[0.5,-2,0,3]'::vector, 1, ${cut}))`;
    const expected = options.type === 'bit' ? `binary_quantize(${from})` : `(${from})::${type}`;
    expect(await rows(`id, v = ${expected} AS same`)).toEqual([{ id: 1, same: true }]);
  });

  test('arrays of a file are normalised, cut and turned into bits too', async () => {
    const file = floatsNpy([
      [3, 4, 0],
      [0, 0, 0],
    ]);
    const reporter = collectReports();
    await ingest(file, { format: npy, normalize: true, reporter });
    expect(reporter.notes.join()).toContain('1 vector holds nothing but zeros');
    expect(await rows('id, embedding::text AS v')).toEqual([
      { id: 0, v: '[0.6,0.8,0]' },
      { id: 1, v: '[0,0,0]' },
    ]);
    await database.query('DROP TABLE t');
    await ingest(file, { format: npy, type: 'bit', dimensions: 2 });
    expect(await rows('id, embedding::text AS v')).toEqual([
      { id: 0, v: '11' },
      { id: 1, v: '00' },
    ]);
  });

  test('bad rows are left out, each told once and in the order of the file', async () => {
    const rejectFile = path.join(await mkdtemp(path.join(scratch, 'composed-')), 'bad.csv');
    const bad = ['2,"[1]"\n', 'x,1 2\n', '4,1 b\n'];
    const file = `id,v\n1,1 2\n${bad[0]}${bad[1]}3,3 4\n${bad[2]}5,5 6\n`;
    await database.query('CREATE TABLE t (id int UNIQUE, v vector(2))');
    const summary = await ingest(`${file}5,7 8\n`, { onError: 'skip', rejectFile });
    expect(summary).toMatchObject({ rows: 3, rejected: 4 });
    expect(await rows('id, v::text')).toEqual([
      { id: 1, v: '[1,2]' },
      { id: 3, v: '[3,4]' },
      { id: 5, v: '[5,6]' },
    ]);
    expect(await readFile(rejectFile, 'utf8')).toBe(`id,v\n${bad.join('')}5,7 8\n`);
    const told = (await readFile(`${rejectFile}.errors.jsonl`, 'utf8')).trim().split('\n');
    expect(told.map((line) => JSON.parse(line))).toMatchObject([
      { row: 2, column: 'v' },
      { row: 3, column: 'id' },
      { row: 5, column: 'v', reason: 'not a vector: "1 b"' },
      { row: 7, sqlstate: '23505' },
    ]);
  });

  test('--limit takes the first records, and never minds what stands behind', async () => {
    const file = `id,v\n${Array.from({ length: 100 }, (_, i) => `${i + 1},"[1]"\n`).join('')}x,"[1,2]"\nbroken,"\n`;
    await expect(ingest(file, { limit: 100, pieceLength: 200 })).resolves.toMatchObject({ rows: 100 });
    await database.query('DROP TABLE t');
    await expect(ingest(file, { limit: 37, pieceLength: 200 })).resolves.toMatchObject({ rows: 37 });
    expect((await database.query('SELECT max(id)::int FROM t')).rows).toEqual([{ max: 37 }]);
    await database.query('DROP TABLE t');
    // What stands behind decides nothing either.
    await ingest('id,v\n1,2\n2,x\n', { limit: 1 });
    expect(await columnsOf()).toBe('id bigint, v bigint');
  });

  test.each<[string, string, Partial<Load>, object]>([
    ['a gap', 'id,d1,d3\n1,1,2\n', { map: [['d*', 'v']] }, { name: 'DataError', column: 'd3' }],
    ['a stranger', 'id,d1,dx\n1,1,2\n', { map: [['d*', 'v']] }, { name: 'UsageError', column: 'dx' }],
    ['no such fields', 'id,d1\n1,1\n', { map: [['e*', 'v']] }, { code: 'no-field', column: 'e*' }],
    ['dimensions into text', 'id,d1\n1,1\n', { map: [['d*', 'note']] }, { code: 'bad-type', column: 'note' }],
    ['an object into a vector', 'id,d1\n1,1\n', { map: [['*', 'v']] }, { code: 'bad-type', column: 'v' }],
    ['no field of that path', 'id\n1\n', { map: [['meta.a', 'note']] }, { code: 'no-field' }],
    [
      'a bad constant',
      'note\nx\n',
      { set: [['id', 'one']] },
      { name: 'UsageError', column: 'id', sqlstate: '22P02' },
    ],
    [
      'a constant that does not fit',
      'id\n1\n',
      { set: [['v', '[1,2,3]']] },
      { name: 'UsageError', column: 'v', message: expect.stringContaining('expected 2 dimensions, not 3') },
    ],
    ['a constant beside its field', 'id\n1\n', { set: [['id', '1']] }, { name: 'UsageError', column: 'id' }],
    [
      'two constants',
      'v\n[1]\n',
      {
        set: [
          ['id', '1'],
          ['id', '2'],
        ],
      },
      { name: 'UsageError', column: 'id' },
    ],
    ['no tenant column', 'id\n1\n', { tenant: 'a' }, { code: 'no-column', column: 'tenant_id' }],
    ['another --type', 'id,v\n1,[1]\n', { type: 'halfvec' }, { code: 'bad-type', column: 'v' }],
    ['other --dimensions', 'id,v\n1,[1]\n', { dimensions: 3 }, { code: 'bad-dimensions', column: 'v' }],
    ['no vectors to normalise', 'id\n1\n', { normalize: true }, { code: 'no-vector-column' }],
    [
      'no such vector column',
      'id,v\n1,[1]\n',
      { normalize: true, vectorColumn: 'note' },
      { code: 'no-column' },
    ],
  ])('%s is refused before anything loads', async (_, file, options, details) => {
    await database.query('CREATE TABLE t (id int, v vector(2), note text)');
    await expect(ingest(file, options)).rejects.toMatchObject(details);
    expect(await rows()).toEqual([]);
  });
});
