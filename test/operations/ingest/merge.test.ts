import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Database } from '../../../src/database/database.ts';
import { type MergeOptions, makeStaging, mergeRows } from '../../../src/operations/ingest/staging.ts';
import { describeTable } from '../../../src/operations/tables.ts';
import { quoteName } from '../../../src/sql/identifiers.ts';
import type { Merge } from '../../../src/sql/staging.ts';
import { eachDatabase } from '../../support/databases.ts';

eachDatabase((fixture) => {
  let database: Database;

  beforeAll(async () => {
    database = await fixture.open();
    await database.query('CREATE EXTENSION vector');
  });

  beforeEach(async () => {
    await database.query('DROP TABLE IF EXISTS staged, docs');
  });

  /** A merge into docs of columns that are staged. */
  async function stage(
    columns: readonly string[],
    rows: readonly (readonly (string | number | null)[])[],
    options: Partial<Merge> = {},
  ): Promise<Merge> {
    const table = (await describeTable(database, 'docs'))!;
    const merge: Merge = {
      target: 'public.docs',
      staging: 'public.staged',
      temporary: false,
      partitioned: table.kind === 'partitioned table',
      columns,
      onConflict: 'update',
      key: table.primaryKey,
      ...options,
    };
    await makeStaging(database, table.oid, merge);
    const names = ['pgv_row', ...columns].map(quoteName).join(', ');
    for (const [at, row] of rows.entries()) {
      const values = row.map((value, i) => {
        const type = table.columns.find(({ name }) => name === columns[i])!.declared;
        return `${value === null ? 'NULL' : `'${String(value).replaceAll("'", "''")}'`}::${type}`;
      });
      await database.query(`INSERT INTO staged (${names}) VALUES (${[at + 1, ...values].join(', ')})`);
    }
    return merge;
  }

  const merged = (merge: Merge, options?: MergeOptions) =>
    database.transaction((session) => mergeRows(session, merge, options));

  async function contents(columns: string): Promise<string[]> {
    const { rows } = await database.query<{ row: string }>(
      `SELECT concat_ws(' ', ${columns}) AS row FROM docs ORDER BY 1`,
    );
    return rows.map(({ row }) => row);
  }

  /** Where each row lies: another place means that it was written again. */
  async function places(): Promise<string[]> {
    return contents('id, ctid');
  }

  describe.each([
    ['a plain table', ''],
    ['a table in partitions', 'PARTITION BY HASH (id)'],
  ])('%s', (_, partitioning) => {
    beforeEach(async () => {
      await database.query(`CREATE TABLE docs (id int PRIMARY KEY, t text, v vector(2)) ${partitioning}`);
      if (partitioning !== '') {
        for (const remainder of [0, 1])
          await database.query(
            `CREATE TABLE docs_${remainder} PARTITION OF docs FOR VALUES WITH (MODULUS 2, REMAINDER ${remainder})`,
          );
      }
      await database.query(
        "INSERT INTO docs VALUES (1, 'one', '[1,1]'), (2, 'two', '[2,2]'), (3, NULL, NULL), (4, 'four', '[4,4]')",
      );
    });

    const columns = ['id', 't', 'v'];

    test('update: every row is inserted, updated, unchanged or skipped, and the last of a key counts', async () => {
      const before = await places();
      const merge = await stage(columns, [
        [1, 'one', '[1,1]'],
        [2, 'two', '[2,3]'],
        [5, 'first', null],
        [3, null, null],
        [4, 'gone', null],
        [5, 'last', null],
        [4, 'four', '[4,4]'],
      ]);
      expect(await merged(merge)).toEqual({ inserted: 1, updated: 1, unchanged: 3, skipped: 2, deleted: 0 });
      expect(await contents('id, t, v')).toEqual([
        '1 one [1,1]',
        '2 two [2,3]',
        '3',
        '4 four [4,4]',
        '5 last',
      ]);
      const same = (row: string) => /^[134] /.test(row);
      expect((await places()).filter(same)).toEqual(before.filter(same));
    });

    test('skip: what is there stays, and the first of a key comes in', async () => {
      const rows = [
        [1, 'other', null],
        [5, 'first', null],
        [5, 'last', null],
      ];
      const merge = await stage(columns, rows, { onConflict: 'skip', key: [] });
      expect(await merged(merge)).toEqual({ inserted: 1, updated: 0, unchanged: 0, skipped: 2, deleted: 0 });
      expect(await contents('id, t')).toEqual(['1 one', '2 two', '3', '4 four', '5 first']);
    });

    test('a file of keys alone leaves the rows of these keys as they are', async () => {
      const merge = await stage(['id'], [[1], [7], [7]]);
      expect(await merged(merge)).toEqual({ inserted: 1, updated: 0, unchanged: 1, skipped: 1, deleted: 0 });
    });

    test('--delete-missing: keys that the file has no more go', async () => {
      const merge = await stage(columns, [
        [2, 'two', '[2,2]'],
        [9, 'nine', null],
      ]);
      const outcome = await merged(merge, { deleteMissing: {} });
      expect(outcome).toEqual({ inserted: 1, updated: 0, unchanged: 1, skipped: 0, deleted: 3 });
      expect(await contents('id, t')).toEqual(['2 two', '9 nine']);
    });

    test('--delete-missing refuses a file without rows', async () => {
      const merge = await stage(columns, []);
      await expect(merged(merge, { deleteMissing: {} })).rejects.toMatchObject({
        name: 'DataError',
        code: 'no-rows',
      });
      expect(await contents('id')).toHaveLength(4);
    });

    test('--truncate: what the table held is gone, all or nothing', async () => {
      const bad = await stage(columns, [[null, 'x', null]].slice(1), { onConflict: 'error' });
      await expect(
        database.transaction(async (session) => {
          await mergeRows(session, bad, { truncate: true });
          throw new Error('later');
        }),
      ).rejects.toThrow('later');
      expect(await contents('id')).toHaveLength(4);
      await database.query('DROP TABLE staged');
      const merge = await stage(columns, [[9, 'nine', null]], { onConflict: 'error' });
      expect(await merged(merge, { truncate: true })).toMatchObject({ inserted: 1, deleted: 0 });
      expect(await contents('id, t')).toEqual(['9 nine']);
    });
  });

  test('--delete-missing makes room for what comes, and leaves other tenants alone', async () => {
    await database.query('CREATE TABLE docs (id int PRIMARY KEY, email text UNIQUE, tenant uuid)');
    const [a, b] = ['00000000-0000-0000-0000-00000000000a', '00000000-0000-0000-0000-00000000000b'];
    await database.query(
      `INSERT INTO docs VALUES (1, 'x', '${a}'), (2, 'y', '${a}'), (3, 'z', '${b}'), (4, 'w', NULL)`,
    );
    const merge = await stage(['id', 'email', 'tenant'], [[7, 'x', a]]);
    const tenant = { column: 'tenant', type: 'uuid', value: a };
    expect(await merged(merge, { deleteMissing: { tenant } })).toMatchObject({ inserted: 1, deleted: 2 });
    expect(await contents('id, email')).toEqual(['3 z', '4 w', '7 x']);
  });

  test('any type is compared, and values that equal each other but print differently are another', async () => {
    await database.query(`CREATE TABLE docs (id int PRIMARY KEY, j json, p point, b box, n numeric, i interval, c char(3),
      f float8, x xml, g polygon, h halfvec(2), s sparsevec(3), w bit(3), l text[], k jsonb)`);
    const columns = 'id j p b n i c f x g h s w l k'.split(' ');
    const rest = ['<a/>', '((0,0),(1,1))', '[1,2]', '{1:1}/3', '101', '{a,NULL}', '{"a": 1}'];
    const rows = [
      [1, '{"a":1}', '(1,2)', '(1,1),(0,0)', '1.0', '1 mon', 'a', '0', ...rest],
      [2, null, null, null, null, null, null, null, ...rest.map(() => null)],
    ];
    const first = await stage(columns, rows);
    expect(await merged(first)).toMatchObject({ inserted: 2 });
    expect(await merged(first)).toMatchObject({ inserted: 0, updated: 0, unchanged: 2 });
    // A box of the same area is equal to it, and -0 to 0.
    const others = [
      ['j', '{"a": 1}'],
      ['p', '(1,3)'],
      ['b', '(2,2),(1,1)'],
      ['n', '1.00'],
      ['i', '30 days'],
      ['f', '-0'],
      ['x', '<b/>'],
      ['l', '{a,b}'],
      ['k', null],
    ] as const;
    for (const [column, value] of others) {
      await database.query('DROP TABLE staged');
      const merge = await stage(['id', column], [[1, value]]);
      expect({ column, ...(await merged(merge)) }).toMatchObject({ column, updated: 1, unchanged: 0 });
      expect({ column, ...(await merged(merge)) }).toMatchObject({ column, updated: 0, unchanged: 1 });
    }
  });

  test('values that lie apart from their row are compared too', async () => {
    await database.query('CREATE TABLE docs (id int PRIMARY KEY, t text, v vector(4000))');
    const vector = (first: number) => `[${[first, ...Array.from({ length: 3999 }, (_, i) => i)].join(',')}]`;
    const text = Array.from({ length: 4000 }, (_, i) => (i * 7919).toString(36)).join(' ');
    const merge = await stage(['id', 't', 'v'], [[1, text, vector(1)]]);
    expect(await merged(merge)).toMatchObject({ inserted: 1 });
    expect(await merged(merge)).toMatchObject({ unchanged: 1 });
    await database.query(`UPDATE staged SET v = '${vector(2)}'`);
    expect(await merged(merge)).toMatchObject({ updated: 1 });
  });

  describe('the staging table', () => {
    const refused = (row: string) => database.query(`INSERT INTO staged VALUES ${row}`);

    test('takes NOT NULL and the CHECKs of the loaded columns along, and no other', async () => {
      await database.query(`CREATE TABLE docs (id int PRIMARY KEY, n int CONSTRAINT "it's" CHECK (n > 0),
        "a b" int NOT NULL DEFAULT 1, c int NOT NULL DEFAULT 1, CHECK (n < "a b"), CHECK (n < c), CHECK (docs IS NOT NULL OR true))`);
      await stage(['n', 'id', 'a b'], []);
      await refused('(1, 1, 1, 2)');
      await expect(refused('(1, 0, 1, 2)')).rejects.toMatchObject({ sqlstate: '23514' });
      await expect(refused('(1, 3, 1, 2)')).rejects.toMatchObject({ sqlstate: '23514' });
      await expect(refused('(1, 1, NULL, 2)')).rejects.toMatchObject({ sqlstate: '23502' });
      await expect(refused('(1, 1, 1, NULL)')).rejects.toMatchObject({ sqlstate: '23502' });
      await refused('(1, NULL, 1, 2)');
      const { rows } = await database.query(
        "SELECT relpersistence AS kept FROM pg_class WHERE relname = 'staged'",
      );
      expect(rows).toEqual([{ kept: 'u' }]);
    });

    test('takes what a trigger on the table may mend', async () => {
      await database.query(`CREATE TABLE docs (id int PRIMARY KEY, t text NOT NULL);
        CREATE OR REPLACE FUNCTION mend() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.t = coalesce(NEW.t, 'mended'); RETURN NEW; END $$;
        CREATE TRIGGER mend BEFORE INSERT ON docs FOR EACH ROW EXECUTE FUNCTION mend()`);
      const merge = await stage(['id', 't'], [[1, null]]);
      expect(await merged(merge)).toMatchObject({ inserted: 1 });
      expect(await contents('id, t')).toEqual(['1 mended']);
      await database.query('DROP TABLE staged; ALTER TABLE docs DISABLE TRIGGER mend');
      await expect(stage(['id', 't'], [[2, null]])).rejects.toMatchObject({ sqlstate: '23502' });
    });
  });
});
