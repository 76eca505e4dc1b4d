import { beforeAll, expect, test } from 'vitest';
import type { Database } from '../../../../src/database/database.ts';
import { checkTruncate } from '../../../../src/operations/ingest/around/before-truncate.ts';
import { describeTable } from '../../../../src/operations/tables.ts';
import { truncate } from '../../../../src/sql/truncate.ts';
import { eachDatabase } from '../../../support/databases.ts';

eachDatabase((fixture) => {
  let database: Database;

  beforeAll(async () => {
    database = await fixture.open();
    await database.query(`CREATE TABLE alone (id int PRIMARY KEY, parent int REFERENCES alone);
      CREATE TABLE topics (id int PRIMARY KEY);
      CREATE TABLE parts (id int PRIMARY KEY) PARTITION BY RANGE (id);
      CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10);
      CREATE TABLE "Notes" (topic int REFERENCES topics, part int REFERENCES parts);
      CREATE TABLE pages (topic int REFERENCES topics) PARTITION BY RANGE (topic);
      CREATE TABLE pages_1 PARTITION OF pages FOR VALUES FROM (0) TO (10)`);
  });

  const check = async (name: string, tenant = false) =>
    checkTruncate(database, (await describeTable(database, name))!, { tenant }).then(
      () => 'nothing in the way',
      (error: unknown) => error,
    );

  test('a table that only refers to itself can be emptied', async () => {
    expect(await check('alone')).toBe('nothing in the way');
    await database.query('INSERT INTO alone VALUES (1, 1)');
    await database.transaction(async (session) => {
      await session.query(truncate('public.alone', 5000));
      const { rows } = await session.query(
        "SELECT current_setting('lock_timeout') AS timeout, count(*) AS n FROM alone",
      );
      expect(rows).toEqual([{ timeout: '0', n: 0 }]);
    });
  });

  test.each([
    ['topics', '"Notes", pages'],
    ['parts', '"Notes"'],
    ['parts_1', '"Notes"'],
  ])('%s cannot, as %s refer to it', async (name, tables) => {
    expect(await check(name)).toMatchObject({
      name: 'UsageError',
      message: `--truncate cannot empty ${name}: foreign keys of ${tables} refer to its rows`,
    });
    await expect(
      database.transaction((session) => session.query(truncate(name, 5000))),
    ).rejects.toMatchObject({
      sqlstate: '0A000',
    });
  });

  test("a tenant's load leaves the others' rows alone", async () => {
    expect(await check('alone', true)).toMatchObject({ code: 'others-rows' });
  });

  test('a role that may not is told so, and one under row security is refused', async () => {
    const role = `pgv_truncate_${process.pid}`;
    await database.query(`CREATE ROLE ${role}; GRANT SELECT, INSERT ON alone TO ${role}; SET ROLE ${role}`);
    try {
      expect(await check('alone')).toMatchObject({ name: 'DatabaseError', sqlstate: '42501' });
      await database.query('RESET ROLE; ALTER TABLE alone ENABLE ROW LEVEL SECURITY');
      await database.query(`GRANT TRUNCATE ON alone TO ${role}; SET ROLE ${role}`);
      expect(await check('alone')).toMatchObject({ code: 'others-rows' });
    } finally {
      await database.query(`RESET ROLE; DROP OWNED BY ${role}; DROP ROLE ${role}`);
    }
  });
});
