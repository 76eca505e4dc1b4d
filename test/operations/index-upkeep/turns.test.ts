import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Database } from '../../../src/database/database.ts';
import { createVectorIndex } from '../../../src/operations/index-create/index-create.ts';
import { findIndexSubject } from '../../../src/operations/index-recall/subject.ts';
import { dropPlanned, planDrop } from '../../../src/operations/index-upkeep/drop.ts';
import { findIndex, findIndexesOf } from '../../../src/operations/index-upkeep/find.ts';
import { listIndexes } from '../../../src/operations/index-upkeep/list.ts';
import { rebuild } from '../../../src/operations/index-upkeep/reindex.ts';
import { planVacuum, vacuumStatements } from '../../../src/operations/vacuum/plan.ts';
import { vacuumTables } from '../../../src/operations/vacuum/vacuum.ts';
import { silentReporter } from '../../../src/progress.ts';
import { runInMemory } from '../../commands/memory-io.ts';
import { emptyDatabase, type Fixture } from '../../support/databases.ts';
import { collectReports, type Reports } from '../../support/reports.ts';
import { noServer } from '../../support/servers.ts';

// Only a server has others who work on the same table.
describe.skipIf(noServer)('indexes of a table that others work on', () => {
  let fixture: Fixture;
  let database: Database;
  beforeAll(async () => {
    fixture = await emptyDatabase('server');
    database = await fixture.open();
    await database.query('CREATE EXTENSION vector');
  });
  beforeEach(async () => {
    // What a test that failed has left is not there when it is tried again.
    await database.query(`ALTER DATABASE ${nameOf(fixture)} RESET lock_timeout`);
    await database.query(`DROP TABLE IF EXISTS docs, parts;
      CREATE TABLE docs (id int, v vector(3)) WITH (autovacuum_enabled = off);
      INSERT INTO docs SELECT i, ARRAY[i, i % 7, 1] FROM generate_series(1, 100) i;
      CREATE INDEX i1 ON docs USING hnsw (v vector_l2_ops);
      CREATE INDEX i2 ON docs USING hnsw (v vector_l1_ops)`);
    await database.query('SELECT pg_stat_force_next_flush()');
    await database.query('VACUUM ANALYZE docs');
  });

  const nameOf = ({ url }: Fixture) => new URL(url).pathname.slice(1);
  const drop = async (on: Database, name: string, reporter: Reports) =>
    dropPlanned(on, await planDrop(on, name, undefined), reporter);
  const reindex = async (on: Database, name: string, reporter: Reports = collectReports()) =>
    rebuild(on, await findIndex(on, name, undefined), {}, reporter);
  const states = async (table = 'docs') =>
    (await listIndexes(database, table, silentReporter)).map(({ name, state }) => [name, state]);
  const invalid = (name: string) =>
    database.query(`UPDATE pg_index SET indisvalid = false WHERE indexrelid = '${name}'::regclass`);
  const waitsForOne = (reports: Reports) =>
    expect
      .poll(() => reports.progressed.map(({ phase }) => phase))
      .toContainEqual(expect.stringMatching(/^waiting/));

  test('a drop and a rebuild wait for a build that they would end, whoever runs it', async () => {
    await database.query('CREATE INDEX old ON docs USING hnsw (v vector_ip_ops)');
    const [writer, psql, dropper, rebuilder] = await Promise.all(
      Array.from({ length: 4 }, () => fixture.open()),
    );
    await writer!.query('BEGIN; DELETE FROM docs WHERE id = 0; INSERT INTO docs VALUES (0)');
    const building = psql!.query('CREATE INDEX CONCURRENTLY raw ON docs USING hnsw (v vector_cosine_ops)');
    await expect.poll(async () => (await states()).at(-1)).toEqual(['raw', 'building']);
    const [dropping, reindexing] = [collectReports(), collectReports()];
    const dropped = drop(dropper!, 'old', dropping);
    await waitsForOne(dropping);
    expect(dropping.notes).toEqual([
      expect.stringMatching(/^the indexes of docs are being worked on: waiting for session \d+ of /),
    ]);
    const rebuilt = reindex(rebuilder!, 'i1', reindexing);
    await waitsForOne(reindexing);
    expect(reindexing.notes).toEqual(['another pgv is at the indexes of docs: waiting for it']);
    await writer!.query('COMMIT');
    await Promise.all([building, dropped, rebuilt]);
    expect(await states()).toEqual(['i1', 'i2', 'raw'].map((name) => [name, 'valid']));
  });

  test('a rebuild and a drop that wait for a rebuild find what it has made, which has the name alone', async () => {
    await database.query('CREATE INDEX old ON docs USING hnsw (v vector_ip_ops)');
    const [reader, one, other] = await Promise.all(Array.from({ length: 3 }, () => fixture.open()));
    const [index, planned] = [
      await findIndex(other!, 'i1', undefined),
      await planDrop(other!, 'old', undefined),
    ];
    for (const [name, work] of [
      ['i1', (reports: Reports) => rebuild(other!, index, {}, reports)],
      ['old', (reports: Reports) => dropPlanned(other!, planned, reports)],
    ] as const) {
      // It has the name given to the new index when it waits for whoever has used the table.
      await reader!.query('BEGIN; SELECT FROM docs LIMIT 1');
      const first = reindex(one!, name);
      await expect.poll(() => states()).toContainEqual([`${name}_ccold`, expect.anything()]);
      const reports = collectReports();
      const second = work(reports);
      await expect.poll(() => reports.progressed.length).toBeGreaterThan(1);
      await reader!.query('COMMIT');
      await Promise.all([first, second]);
    }
    expect(await states()).toEqual(['i1', 'i2'].map((name) => [name, 'valid']));
  });

  test('what a failed rebuild left is not built anew, but dropped, by a vacuum too', async () => {
    await database.query('CREATE INDEX i1_ccnew ON docs USING hnsw (v vector_l2_ops)');
    await invalid('i1_ccnew');
    expect((await findIndexesOf(database, 'docs')).map(({ name }) => name)).toEqual(['i1', 'i2']);
    const all = await runInMemory(['index', 'reindex', '-t', 'docs'], { env: { PGV_URL: fixture.url } });
    expect(all).toMatchObject({ code: 0, err: expect.stringContaining('dropping i1_ccnew') });
    expect(await states()).toEqual(['i1', 'i2'].map((name) => [name, 'valid']));
    await database.query('CREATE INDEX i2_ccnew ON docs USING hnsw (v vector_l1_ops)');
    await invalid('i2_ccnew');
    const options = { ifNeeded: true, reindex: true };
    const sql = await vacuumStatements(database, await planVacuum(database, 'docs', options), options);
    expect(sql.map(({ text }) => text)).toEqual([
      'DROP INDEX CONCURRENTLY IF EXISTS "public"."i2_ccnew"',
      'VACUUM (ANALYZE) "public"."docs"',
    ]);
    const reports = collectReports();
    const [vacuumed] = await vacuumTables(database, 'docs', options, reports);
    expect(vacuumed).toMatchObject({ status: 'vacuumed', reindexed: [] });
    expect(reports.notes[0]).toBe('dropping i2_ccnew: it is what a failed REINDEX has left');
    expect(await states()).toEqual(['i1', 'i2'].map((name) => [name, 'valid']));
  });

  test('while another index is built, what a failed build left is no part of it', async () => {
    await database.query('CREATE INDEX left_over ON docs USING hnsw (v vector_ip_ops)');
    await invalid('left_over');
    const [writer, psql] = [await fixture.open(), await fixture.open()];
    await writer.query('BEGIN; INSERT INTO docs VALUES (0)');
    const building = psql.query('CREATE INDEX CONCURRENTLY raw ON docs USING hnsw (v vector_cosine_ops)');
    await expect.poll(states).toEqual([
      ['i1', 'valid'],
      ['i2', 'valid'],
      ['left_over', 'invalid'],
      ['raw', 'building'],
    ]);
    await writer.query('COMMIT');
    await building;
  });

  test("a role's lock_timeout does not end what waits in nobody's way", async () => {
    const writer = await fixture.open();
    await database.query(`ALTER DATABASE ${nameOf(fixture)} SET lock_timeout = '50ms'`);
    const impatient = await fixture.open();
    for (const work of [
      (reports: Reports) => reindex(impatient, 'i1', reports),
      (reports: Reports) =>
        createVectorIndex(impatient, { type: 'hnsw', table: 'docs', metric: 'ip', name: 'new' }, reports),
      (reports: Reports) => drop(impatient, 'new', reports),
    ]) {
      await writer.query('BEGIN; INSERT INTO docs VALUES (0)');
      const reports = collectReports();
      const done = work(reports);
      await waitsForOne(reports);
      await writer.query('COMMIT');
      await done;
    }
    expect(await states()).toEqual(['i1', 'i2'].map((each) => [each, 'valid']));
  });

  test('a partitioned index that lacks parts is not said to be built anew', async () => {
    await database.query(`CREATE TABLE parts (id int, v vector(3)) PARTITION BY RANGE (id);
      CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (100);
      CREATE INDEX hollow ON ONLY parts USING hnsw (v vector_l2_ops)`);
    await expect(reindex(database, 'hollow')).rejects.toMatchObject({
      name: 'UsageError',
      message: 'index hollow is INVALID, as it is not on every partition of parts',
      hint: '`pgv index drop hollow`, then `pgv index create -t parts` makes one on all of them',
    });
    await expect(findIndexSubject(database, { index: 'hollow' })).rejects.toMatchObject({
      hint: expect.stringContaining('`pgv index drop hollow`'),
    });
  });
});
