import { beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../../src/database/database.ts';
import { describeTable } from '../../../src/operations/tables.ts';
import { vacuumDue } from '../../../src/operations/vacuum/due.ts';
import type { VacuumRequest } from '../../../src/operations/vacuum/options.ts';
import { planVacuum, vacuumStatements } from '../../../src/operations/vacuum/plan.ts';
import { vacuumTables } from '../../../src/operations/vacuum/vacuum.ts';
import { silentReporter } from '../../../src/progress.ts';
import { emptyDatabase } from '../../support/databases.ts';
import { collectReports } from '../../support/reports.ts';
import { noServer } from '../../support/servers.ts';

// Only a server counts: what an embedded database does without is tested beside.
describe.skipIf(noServer)('what a vacuum finds to do', () => {
  let database: Database;
  beforeAll(async () => {
    const fixture = await emptyDatabase('server');
    database = await fixture.open();
    await database.query(`CREATE EXTENSION vector;
      CREATE TABLE docs (id int, v vector(64)) WITH (autovacuum_enabled = off);
      INSERT INTO docs SELECT i, ARRAY(SELECT random()::real FROM generate_series(1, 64) WHERE i > 0)::vector(64) FROM generate_series(1, 3000) i;
      CREATE INDEX docs_hnsw ON docs USING hnsw (v vector_l2_ops) WITH (m = 8, ef_construction = 16);
      CREATE INDEX docs_ivf ON docs USING ivfflat (v vector_l2_ops) WITH (lists = 10)`);
    await database.query('SELECT pg_stat_force_next_flush()');
    await database.query('VACUUM ANALYZE docs');
  });

  const remove = async (condition: string) => {
    await database.query(`DELETE FROM docs WHERE ${condition}`);
    await database.query('SELECT pg_stat_force_next_flush()');
  };
  const plan = (options: VacuumRequest) => planVacuum(database, 'docs', options);
  const advised = async () =>
    (await plan({ reindex: true })).advice.map(({ index, rebuild, reason }) => [index.name, rebuild, reason]);

  test('a table is due when autovacuum would see to it, by its own settings too', async () => {
    const docs = (await describeTable(database, 'docs'))!;
    expect(await vacuumDue(database, docs)).toMatchObject({
      due: false,
      reason: '0 of 650 dead rows, 0 of 350 changed ones',
      deadLimit: 650,
    });
    await remove('id <= 20');
    expect(await vacuumDue(database, docs)).toMatchObject({ due: false, deadRows: 20, changedRows: 20 });
    await database.query(
      'ALTER TABLE docs SET (autovacuum_vacuum_threshold = 10, autovacuum_vacuum_scale_factor = 0)',
    );
    expect(await vacuumDue(database, docs)).toMatchObject({
      due: true,
      reason: '20 dead rows, more than 10',
    });
    await database.query(
      'ALTER TABLE docs RESET (autovacuum_vacuum_threshold, autovacuum_vacuum_scale_factor)',
    );
    await database.query('CREATE TABLE fresh (v vector(3))');
    expect(await vacuumDue(database, (await describeTable(database, 'fresh'))!)).toMatchObject({
      due: true,
      reason: 'it was never analysed',
    });
    const done = await vacuumTables(database, undefined, { ifNeeded: true }, silentReporter);
    expect(done.map(({ table, status }) => [table, status])).toEqual([
      ['docs', 'not-needed'],
      ['fresh', 'vacuumed'],
    ]);
  });

  test('below one dead row in a hundred an hnsw index is vacuumed, above it built anew first', async () => {
    const rest = '20 of 3,000 rows are dead';
    expect(await advised()).toEqual([
      ['docs_hnsw', false, rest],
      ['docs_ivf', false, rest],
    ]);
    await remove('id <= 600');
    const much = '600 of 3,000 rows are dead';
    expect(await advised()).toEqual([
      ['docs_hnsw', true, much],
      ['docs_ivf', false, much],
    ]);
    const without = collectReports();
    const sql = (
      await vacuumStatements(database, await plan({ reindex: true, parallel: 2 }), {
        reindex: true,
        parallel: 2,
      })
    ).map(({ text }) => text);
    expect(sql).toEqual([
      'REINDEX INDEX CONCURRENTLY "public"."docs_hnsw"',
      'VACUUM (ANALYZE, PARALLEL 2) "public"."docs"',
    ]);
    const plain = await vacuumStatements(database, await plan({}), {});
    expect(plain.map(({ text }) => text)).toEqual(['VACUUM (ANALYZE) "public"."docs"']);
    const [docs] = await vacuumTables(database, 'docs', { reindex: true }, without);
    expect(docs).toMatchObject({
      status: 'vacuumed',
      before: { deadRows: 600 },
      after: { rows: 2400, deadRows: 0 },
    });
    expect(docs!.reindexed).toMatchObject([{ index: 'docs_hnsw', table: 'docs' }]);
    expect(docs!.reindexed[0]!.after).toBeLessThan(docs!.reindexed[0]!.before);
    expect(without.notes).toEqual([
      `building docs_hnsw anew first: ${much}`,
      `docs_ivf is not built anew: ${much}`,
    ]);
  });

  test('without --reindex, it is said that it pays', async () => {
    await remove('id <= 700');
    const reports = collectReports();
    await vacuumTables(database, 'docs', {}, reports);
    expect(reports.notes).toEqual([
      'docs_hnsw is better built anew first, with --reindex: 100 of 2,400 rows are dead',
    ]);
  });

  test('what is mostly air, or INVALID, is built anew whatever is dead', async () => {
    await remove('id <= 2600');
    await vacuumTables(database, 'docs', {}, silentReporter);
    await database.query(`UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'docs_ivf'::regclass`);
    expect(await advised()).toEqual([
      ['docs_hnsw', true, expect.stringMatching(/^it takes \d\.\d times the room that it would take anew$/)],
      ['docs_ivf', true, 'it is INVALID'],
    ]);
    const [docs] = await vacuumTables(database, 'docs', { ifNeeded: true, reindex: true }, silentReporter);
    expect(docs!.reindexed.map(({ index }) => index)).toEqual(['docs_hnsw', 'docs_ivf']);
    const all = '0 of 400 rows are dead';
    expect(await advised()).toEqual([
      ['docs_hnsw', false, all],
      ['docs_ivf', false, all],
    ]);
  });
});
