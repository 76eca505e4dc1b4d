import { beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../../src/database/database.ts';
import { describeTable } from '../../../src/operations/tables.ts';
import { eachDatabase, emptyDatabase } from '../../support/databases.ts';
import { load } from '../../support/load.ts';
import { collectReports } from '../../support/reports.ts';
import { noServer } from '../../support/servers.ts';

const rows = (n: number, row: (i: number) => string) =>
  Array.from({ length: n }, (_, i) => `${row(i)}\n`).join('');

eachDatabase((fixture) => {
  let database: Database;

  beforeAll(async () => {
    database = await fixture.open();
  });

  async function columnsOf(table: string): Promise<string[]> {
    const found = await describeTable(database, table);
    return found!.columns.map(({ name, declared }) => `${name} ${declared}`);
  }

  test('a column a field, of the type that the rows are', async () => {
    const reporter = collectReports();
    const file =
      'id,n,x,ok,key,at,meta,v,note\n' +
      '7,1,1.5,true,a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11,2024-02-29T12:30:15Z,"{""a"":1}","[1,2,3]",007\n' +
      '8,,,,,,,,\n';
    const summary = await load(database, file, { table: 'everything', reporter });
    expect(summary).toMatchObject({ table: 'everything', rows: 2, inserted: 2, updated: 0, skipped: 0 });
    expect(await columnsOf('everything')).toEqual([
      'id bigint',
      'n bigint',
      'x double precision',
      'ok boolean',
      'key uuid',
      'at timestamp with time zone',
      'meta jsonb',
      'v vector(3)',
      'note text',
    ]);
    expect((await describeTable(database, 'everything'))!.primaryKey).toEqual(['id']);
    expect(reporter.notes.join('\n')).toContain('v vector(3), note text');
    const { rows } = await database.query('SELECT n, meta, v::text, note FROM everything ORDER BY id');
    expect(rows).toEqual([
      { n: 1, meta: { a: 1 }, v: '[1,2,3]', note: '007' },
      { n: null, meta: null, v: null, note: null },
    ]);
  });

  test('without an id, the table gives the rows numbers', async () => {
    await load(database, 't,v\na,"[1]"\nb,"[2]"\n', { table: 'unnumbered' });
    expect(await columnsOf('unnumbered')).toEqual(['id bigint', 't text', 'v vector(1)']);
    const { rows } = await database.query('SELECT id, t FROM unnumbered ORDER BY id');
    expect(rows).toEqual([
      { id: 1, t: 'a' },
      { id: 2, t: 'b' },
    ]);
  });

  test('ID is the key as id is, where it can be one, and id beside it', async () => {
    await load(database, 'ID,v\n7,"[1]"\n8,"[2]"\n', { table: 'upper' });
    expect(await columnsOf('upper')).toEqual(['ID bigint', 'v vector(1)']);
    expect((await describeTable(database, 'upper'))!.primaryKey).toEqual(['ID']);
    await load(database, 'ID,v\n7,"[1]"\n7,"[2]"\n', { table: 'repeated' });
    expect((await describeTable(database, 'repeated'))!.primaryKey).toEqual(['id']);
    await load(database, 'ID,id,v\n7,1,"[1]"\n', { table: 'both' });
    expect((await describeTable(database, 'both'))!.primaryKey).toEqual(['id']);
    await load(database, 'Id,a,v\n7,1,"[1]"\n', { table: 'gathered', map: [['*', 'meta']] });
    expect(await columnsOf('gathered')).toEqual(['Id bigint', 'v vector(1)', 'meta jsonb']);
  });

  test('where no row can be read, the first one is told of', async () => {
    const bad = load(database, 'id,t,v\n1,a,b,c\n2,x\n', { table: 'ragged', onError: 'skip' });
    await expect(bad).rejects.toMatchObject({
      row: 1,
      message: 'the row has 4 fields, not 3',
      hint: expect.stringMatching(/must be quoted; no row at the beginning .* new table/),
    });
  });

  test('where rows are left out already, that is no advice', async () => {
    const bad = load(database, 'id,v\n1,"[1,2]"\n2,"[1,2]"\n3,"[1]"\n4,"[NaN,1]"\n', {
      table: 'left_out',
      onError: 'skip',
      maxErrors: 0,
      types: new Map([['v', 'vector(2)']]),
    });
    await expect(bad).rejects.toMatchObject({
      code: 'too-many-errors',
      hint: expect.not.stringContaining('--on-error'),
    });
  });

  test('--dimensions above what the vectors have', async () => {
    const bad = load(database, 'id,v\n1,"[1,2]"\n', { table: 'longer', dimensions: 5 });
    await expect(bad).rejects.toMatchObject({
      row: 1,
      hint: '--dimensions cuts vectors, and makes none longer',
    });
  });

  test.each([
    ['n', 'bigint', '1', '007'],
    ['n', 'bigint', '1', '9223372036854775808'],
    ['n', 'bigint', '1', 'x'],
    ['n', 'double precision', '1.5', '007'],
    ['n', 'double precision', '1.5', '12345678901234567890'],
    ['n', 'boolean', 'true', '1'],
    ['n', 'uuid', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'none'],
    ['n', 'timestamptz', '2024-02-29 12:30:15', 'tomorrow'],
    ['n', 'timestamptz', '2024-02-29 12:30:15', '2024-02-30 12:30:15'],
    ['n', 'jsonb', '{}', '{'],
    ['v', 'vector', '"[1,2]"', '"[1,2,3]"'],
    ['v', 'vector', '"[1,2]"', 'none'],
  ])(
    '%s is %s from its first rows, like %s; a later %s is an error, and the table gone',
    async (column, _, value, later) => {
      const file = `id,${column}\n${rows(1500, (i) => `${i},${value}`)}\n1501,${later}\n${rows(10, (i) => `${2000 + i},${value}`)}`;
      await expect(load(database, file, { table: 'guessed' })).rejects.toMatchObject({
        name: 'DataError',
        file: 'test.csv',
        row: 1502,
        column,
        hint: expect.stringMatching(
          column === 'v' ? /^[^=]*--on-error skip --reject-file/ : /--types n=text .*--on-error skip/,
        ),
      });
      expect(await describeTable(database, 'guessed')).toBeUndefined();
    },
  );

  test('--types has the last word', async () => {
    const types = new Map([
      ['n', 'text'],
      ['v', 'halfvec'],
      ['w', 'vector'],
      ['code', 'varchar(5)'],
    ]);
    await load(database, 'n,v,w,code\n1,"[1,2]","[1]",a\n007,"[3,4]",,\n', { table: 'typed', types });
    expect(await columnsOf('typed')).toEqual([
      'id bigint',
      'n text',
      'v halfvec(2)',
      'w vector(1)',
      'code character varying(5)',
    ]);
    const { rows } = await database.query('SELECT n FROM typed ORDER BY id');
    expect(rows).toEqual([{ n: '1' }, { n: '007' }]);
  });

  test.each([
    ['none', { none: 'text' }, /--types names none/],
    ['no type', { a: 'text; DROP TABLE x' }, /not the name of a type/],
  ])('--types of %s is refused', async (_, types, message) => {
    const bad = load(database, 'a\nx\n', { table: 'bad_types', types: new Map(Object.entries(types)) });
    await expect(bad).rejects.toThrow(message);
    expect(await describeTable(database, 'bad_types')).toBeUndefined();
  });

  test('--no-header: --columns names the fields', async () => {
    const options = { table: 'unnamed', header: false };
    await expect(load(database, '1,"[1,2]"\n', options)).rejects.toMatchObject({ code: 'no-names' });
    await load(database, '1,"[1,2]"\n2,"[3,4]"\n', { ...options, columns: ['id', 'v'] });
    expect(await columnsOf('unnamed')).toEqual(['id bigint', 'v vector(2)']);
  });
});

describe.skipIf(noServer !== null)('a session in another zone than UTC', () => {
  test.each(['Europe/Berlin', 'UTC'])('%s: timestamps without a zone are of that zone', async (zone) => {
    const { open, url } = await emptyDatabase('server');
    const database = await open();
    await database.query(`ALTER DATABASE ${new URL(url).pathname.slice(1)} SET timezone TO '${zone}'`);
    const again = await open();
    await load(again, 'id,at\n1,2024-02-29 12:30:15\n2,2024-07-01T12:30:15+00\n', { table: 'zoned' });
    const { rows } = await again.query(
      `SELECT at = (CASE id WHEN 1 THEN '2024-02-29 12:30:15 ${zone}' ELSE '2024-07-01 12:30:15 UTC' END)::timestamptz AS same
FROM zoned`,
    );
    expect(rows).toEqual([{ same: true }, { same: true }]);
    expect((await describeTable(again, 'zoned'))!.columns[1]!.declared).toBe('timestamp with time zone');
    await expect(
      load(again, 'id,at\n1,2024-02-29 12:30:15\n', {
        table: 'zoned_2',
        types: new Map([['at', 'timestamptz']]),
      }),
    ).resolves.toMatchObject({ rows: 1 });
  });
});
