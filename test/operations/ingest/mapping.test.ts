import { beforeAll, beforeEach, expect, test } from 'vitest';
import type { Database } from '../../../src/database/database.ts';
import { eachDatabase } from '../../support/databases.ts';
import { type Load, load } from '../../support/load.ts';

eachDatabase((fixture) => {
  let database: Database;

  beforeAll(async () => {
    database = await fixture.open();
  });

  beforeEach(async () => {
    await database.query('DROP TABLE IF EXISTS t');
    await database.query(`CREATE TABLE t (id int PRIMARY KEY, "Odd ""name""" text, n int DEFAULT 5, must text NOT NULL DEFAULT 'x',
  twice int GENERATED ALWAYS AS (id * 2) STORED)`);
  });

  async function loaded(file: string, options: Partial<Load> = {}): Promise<string[]> {
    await load(database, file, { table: 't', ...options });
    const { rows } = await database.query<{ row: string }>('SELECT t::text AS row FROM t ORDER BY id');
    return rows.map(({ row }) => row);
  }

  test('fields go into the columns of their names, in whatever order', async () => {
    expect(await loaded('must,id,"Odd ""name"""\na,1,b\n')).toEqual(['(1,b,5,a,2)']);
  });

  test('--map names other columns, --columns takes some fields', async () => {
    const file = 'key,note,junk,id\n1,a,z,z\n';
    expect(
      await loaded(file, {
        columns: ['note', 'key'],
        map: [
          ['key', 'id'],
          ['note', 'Odd "name"'],
        ],
      }),
    ).toEqual(['(1,a,5,x,2)']);
  });

  test('without a header, fields are those of the table that take values, or of --columns', async () => {
    expect(await loaded('1,a,2,b\n', { header: false })).toEqual(['(1,a,2,b,2)']);
    expect(await loaded('c,3\n', { header: false, columns: ['must', 'id'] })).toHaveLength(2);
    expect(await loaded('9,4\n', { header: false, columns: ['k', 'id'], map: [['k', 'n']] })).toContain(
      '(4,,9,x,8)',
    );
  });

  test.each<[string, string, Partial<Load>, object]>([
    ['a column that is not there', 'id,none\n1,2\n', {}, { code: 'no-column', column: 'none' }],
    ['a generated column', 'id,twice\n1,2\n', {}, { code: 'generated-column', column: 'twice' }],
    ['a name twice', 'id,n,n\n1,2,3\n', {}, { code: 'bad-header', message: 'the header names n twice' }],
    ['a field without a name', 'id,\n1,2\n', {}, { code: 'bad-header' }],
    [
      'two fields into one column',
      'id,n,m\n1,2,3\n',
      { map: [['m', 'n']] },
      { name: 'UsageError', column: 'n' },
    ],
    ['--map of no field', 'id\n1\n', { map: [['none', 'id']] }, { code: 'no-field', column: 'none' }],
    ['--columns of no field', 'id\n1\n', { columns: ['none'] }, { code: 'no-field', column: 'none' }],
    ['other fields than columns', '1,2\n', { header: false }, { code: 'field-count' }],
    ['other fields than --columns', '1,2\n', { header: false, columns: ['id'] }, { code: 'field-count' }],
    ['no key', 'n\n1\n', {}, { code: 'missing-column', column: 'id', sqlstate: '23502' }],
    [
      '--types of a table that is there',
      'id\n1\n',
      { types: new Map([['id', 'text']]) },
      { name: 'UsageError' },
    ],
  ])('%s is refused before anything loads', async (_, file, options, details) => {
    await expect(loaded(file, options)).rejects.toMatchObject({ hint: expect.anything(), ...details });
    expect((await database.query('SELECT FROM t')).rowCount).toBe(0);
  });

  test('a view is no table; --no-create makes none', async () => {
    await database.query('CREATE OR REPLACE VIEW seen AS SELECT 1 AS id');
    await expect(load(database, 'id\n1\n', { table: 'seen' })).rejects.toMatchObject({ code: 'not-a-table' });
    const absent = load(database, 'id\n1\n', { table: 'absent', create: false });
    await expect(absent).rejects.toMatchObject({ code: 'no-table' });
  });
});
