import { beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../../src/database/database.ts';
import { DatabaseError, UsageError } from '../../../src/errors.ts';
import { vacuumTables } from '../../../src/operations/vacuum/vacuum.ts';
import { silentReporter } from '../../../src/progress.ts';
import { pgv } from '../../support/cli.ts';
import { eachDatabase, emptyDatabase } from '../../support/databases.ts';
import { collectReports } from '../../support/reports.ts';
import { noServer } from '../../support/servers.ts';

eachDatabase((fixture) => {
  let database: Database;
  beforeAll(async () => {
    database = await fixture.open();
    await database.query('CREATE EXTENSION vector');
    for (const name of ['docs', '"two; DROP TABLE docs"']) {
      // An autovacuum would count meanwhile.
      await database.query(
        `CREATE TABLE ${name} (id int PRIMARY KEY, v vector(3)) WITH (autovacuum_enabled = off)`,
      );
      await database.query(`INSERT INTO ${name} SELECT i, '[1,2,3]' FROM generate_series(1, 2000) i`);
    }
    await database.query('CREATE TABLE other (id int)');
  });

  test('dead rows go, and the statistics are fresh', async () => {
    await vacuumTables(database, 'docs', {}, silentReporter);
    await database.query('DELETE FROM docs WHERE id > 500');
    await database.query('SELECT pg_stat_force_next_flush()');
    const [docs, ...others] = await vacuumTables(database, 'docs', {}, silentReporter);
    expect(others).toEqual([]);
    expect(docs).toMatchObject({ table: 'docs', status: 'vacuumed', after: { rows: 500, deadRows: 0 } });
    expect(docs!.before!.deadRows).toBe(1500);
    expect(docs!.after!.bytes).toBeGreaterThan(0);
    const { rows } = await database.query<{ n: number }>(
      `SELECT reltuples::float8 AS n FROM pg_class WHERE relname = 'docs'`,
    );
    expect(rows).toEqual([{ n: 500 }]);
  });

  test('what nobody has counted since the start is not known, rather than nothing; embedded, it is counted', async () => {
    const forget = () => database.query("SELECT pg_stat_reset_single_table_counters('docs'::regclass)");
    // As the test before has left it, also where this one is tried again: an autovacuum may have looked on, and kept rows.
    await database.query(
      "INSERT INTO docs SELECT i, '[1,2,3]' FROM generate_series(1, 500) i ON CONFLICT DO NOTHING",
    );
    await database.query('SELECT pg_stat_force_next_flush()');
    await vacuumTables(database, 'docs', {}, silentReporter);
    await forget();
    const [docs] = await vacuumTables(database, 'docs', {}, silentReporter);
    const before = fixture.kind === 'server' ? { rows: null, deadRows: null } : { rows: 500, deadRows: 0 };
    expect(docs).toMatchObject({ before, after: { rows: 500, deadRows: 0 } });
    await database.query('DELETE FROM docs WHERE id <= 300');
    await database.query('SELECT pg_stat_force_next_flush()');
    await forget();
    const [due] = await vacuumTables(database, 'docs', { ifNeeded: true, full: true }, silentReporter);
    const reason =
      fixture.kind === 'server'
        ? 'nobody has counted its dead rows since the counters began'
        : '300 dead rows, more than 150';
    expect(due).toMatchObject({ status: 'vacuumed', due: { due: true, reason }, after: { rows: 200 } });
    const [done] = await vacuumTables(database, 'docs', { ifNeeded: true }, silentReporter);
    expect(done).toMatchObject({ status: 'not-needed', before: null });
    await database.query("INSERT INTO docs SELECT i, '[1,2,3]' FROM generate_series(1, 300) i");
  });

  // The same on both, and a server answers faster.
  if (fixture.kind === 'embedded') return;

  test('without a table, all that have vectors', async () => {
    const done = await vacuumTables(database, undefined, {}, silentReporter);
    expect(done.map(({ table }) => table)).toEqual(['docs', 'two; DROP TABLE docs']);
  });

  test('--full gives the space back', async () => {
    await database.query('INSERT INTO docs SELECT i, $$[1,2,3]$$ FROM generate_series(10000, 30000) i');
    await database.query('DELETE FROM docs WHERE id >= 10000');
    const vacuumFull = async () => (await vacuumTables(database, 'docs', { full: true }, silentReporter))[0]!;
    const first = await vacuumFull();
    expect(first.status).toBe('vacuumed');
    // As long as somebody else's snapshot, such as autovacuum's, may see the deleted rows, they stay.
    const smaller = first.before!.bytes / 4;
    if (first.after!.bytes < smaller) return;
    await expect
      .poll(async () => (await vacuumFull()).after!.bytes, { timeout: 30_000 })
      .toBeLessThan(smaller);
  });

  test('a view, no such table, and --full with --parallel are wrong usage', async () => {
    await database.query('CREATE OR REPLACE VIEW glance AS SELECT * FROM docs');
    const failure = (name: string, options = {}) =>
      vacuumTables(database, name, options, silentReporter).catch((error: unknown) => error);
    expect(await failure('glance')).toMatchObject({ message: expect.stringContaining('glance is a view') });
    expect(await failure('nope')).toMatchObject({ message: 'table nope does not exist' });
    for (const options of [
      { full: true, parallel: 2 },
      { full: true, reindex: true },
      { skipLocked: true, reindex: true },
    ]) {
      expect(await failure('docs', options)).toBeInstanceOf(UsageError);
    }
  });

  test('a partitioned table is counted with its parts', async () => {
    await database.query('CREATE TABLE parts (id int, v vector(3)) PARTITION BY RANGE (id)');
    await database.query('CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (1000)');
    await database.query('INSERT INTO parts SELECT i, $$[1,2,3]$$ FROM generate_series(1, 100) i');
    const [parts] = await vacuumTables(database, 'parts', {}, silentReporter);
    expect(parts).toMatchObject({ table: 'parts', after: { rows: 100, deadRows: 0 } });
    await database.query('DROP TABLE parts');
  });
});

describe.skipIf(noServer)('on a server in use', () => {
  test('progress is seen from a second connection', async () => {
    const fixture = await emptyDatabase('server');
    const database = await fixture.open();
    await database.query('CREATE EXTENSION vector');
    await database.query('CREATE TABLE docs (id int, v vector(3))');
    await database.query(`INSERT INTO docs SELECT i, '[1,2,3]' FROM generate_series(1, 100000) i`);
    await database.query('DELETE FROM docs WHERE id % 2 = 0');
    await database.query('SET vacuum_cost_delay = 5');
    await database.query('SET vacuum_cost_limit = 2');
    const reports = collectReports();
    await vacuumTables(database, 'docs', {}, reports);
    const scanned = reports.progressed.filter(
      ({ phase, total }) => phase === 'scanning heap' && (total ?? 0) > 0,
    );
    expect(scanned.length).toBeGreaterThan(0);
  });

  test('a locked table is skipped when asked, and a role that may not is told so', async () => {
    const fixture = await emptyDatabase('server');
    const database = await fixture.open();
    await database.query('CREATE EXTENSION vector');
    await database.query('CREATE TABLE docs (id int, v vector(3)) PARTITION BY LIST (id)');
    await database.query('CREATE TABLE docs_1 PARTITION OF docs DEFAULT');
    await database.query(`INSERT INTO docs VALUES (1, '[1,2,3]')`);
    const holder = await fixture.open();
    await holder.transaction(async (session) => {
      await session.query('LOCK TABLE docs_1');
      const [docs] = await vacuumTables(database, 'docs', { skipLocked: true }, silentReporter);
      expect(docs!.status).toBe('skipped');
      const blocked = vacuumTables(database, 'docs', { full: true }, silentReporter);
      await expect(blocked).rejects.toMatchObject({
        message: 'docs was not vacuumed: it is in use',
        sqlstate: '55P03',
        hint: expect.stringMatching(/^session \d+ of \w+ \(pgv\), idle in transaction for \d+ s: try again/),
      });
    });
    const [docs] = await vacuumTables(database, 'docs', { skipLocked: true }, silentReporter);
    expect(docs!.status).toBe('vacuumed');

    const role = `reader_${process.pid}_${Date.now()}`;
    await database.query(`CREATE ROLE ${role}`);
    await database.query(`GRANT SELECT ON docs TO ${role}`);
    await database.query(`SET ROLE ${role}`);
    const error = await vacuumTables(database, 'docs', {}, silentReporter).catch((thrown: unknown) => thrown);
    await database.query('RESET ROLE');
    await database.query(`DROP OWNED BY ${role}`);
    await database.query(`DROP ROLE ${role}`);
    expect(error).toBeInstanceOf(DatabaseError);
    expect(error).toMatchObject({ message: 'docs was not vacuumed: the role may not' });
  });

  test('without a table, one that fails or that the role may not vacuum does not end the turn of the others', async () => {
    const fixture = await emptyDatabase('server');
    const database = await fixture.open();
    await database.query(`CREATE EXTENSION vector;
      CREATE FUNCTION fail(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN IF $1 = 0 THEN RAISE ''no''; END IF; RETURN $1; END';
      CREATE TABLE a (id int, v vector(3)); CREATE INDEX ON a (fail(id)); CREATE TABLE b (id int, v vector(3))`);
    await database.query('INSERT INTO b (id) VALUES (1)');
    const role = `owner_${process.pid}_${Date.now()}`;
    await database.query(`CREATE ROLE ${role}`);
    await database.query(`SET ROLE ${role}`);
    const none = vacuumTables(database, undefined, {}, silentReporter);
    await expect(none).rejects.toMatchObject({
      code: 'not-allowed',
      message: 'the role may vacuum none of the tables with vectors',
    });
    await database.query(`RESET ROLE; ALTER TABLE b OWNER TO ${role}; SET ROLE ${role}`);
    const reports = collectReports();
    const done = await vacuumTables(database, undefined, {}, reports);
    await database.query(`RESET ROLE; ALTER TABLE b OWNER TO CURRENT_USER; DROP ROLE ${role}`);
    expect(done).toMatchObject([
      { table: 'a', status: 'not-allowed', error: { code: 'not-allowed' }, after: null },
      { table: 'b', status: 'vacuumed', error: null, after: { rows: 1 } },
    ]);
    expect(reports.notes).toEqual(['a is left out: the role may not vacuum it']);

    await database.query(
      `INSERT INTO a (id) VALUES (7); CREATE OR REPLACE FUNCTION fail(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RAISE ''no''; END'`,
    );
    const { code, stdout, stderr } = await pgv(['vacuum', '--json'], { env: { PGV_URL: fixture.url } });
    expect(code).toBe(4);
    expect(JSON.parse(stdout).tables).toMatchObject([
      { table: 'a', status: 'failed', error: { message: 'no', hint: null } },
      { table: 'b', status: 'vacuumed' },
    ]);
    expect(stderr).toContain('no');
  });
});
