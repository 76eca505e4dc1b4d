import { beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../../src/database/database.ts';
import { nearestDistances } from '../../../src/operations/index-recall/exact.ts';
import { loadQueries } from '../../../src/operations/index-recall/queries.ts';
import { measureRecall } from '../../../src/operations/index-recall/recall.ts';
import { findIndexSubject, queryOf } from '../../../src/operations/index-recall/subject.ts';
import {
  applyRecommendation,
  readApplyTo,
  requireMayApply,
} from '../../../src/operations/index-tune/apply.ts';
import { between, lossOfNewcomers } from '../../../src/operations/index-tune/newcomers.ts';
import { risingEfforts } from '../../../src/operations/index-tune/rising.ts';
import { pointsOf } from '../../../src/operations/index-tune/sweep.ts';
import { type TuneOptions, tuneIndex } from '../../../src/operations/index-tune/tune.ts';
import { eachDatabase } from '../../support/databases.ts';
import { collectReports } from '../../support/reports.ts';
import { noServer } from '../../support/servers.ts';
import { asText, randomVectors } from '../index-recall/plain.ts';

const { signal } = new AbortController();

test('a loss is read off between the points where it was measured', () => {
  const loss = between([
    [10, 0.08],
    [20, 0.04],
    [40, 0],
  ]);
  expect([5, 10, 20, 40, 500].map(loss)).toEqual([0.08, 0.08, 0.04, 0, 0]);
  expect(loss(Math.sqrt(200))).toBeCloseTo(0.06, 12);
  expect(between([])(10)).toBe(0);
});

test('whom a setting is for', () => {
  expect(readApplyTo('database')).toBe('database');
  expect(readApplyTo('role')).toEqual({ role: undefined });
  expect(readApplyTo('role:a:b')).toEqual({ role: 'a:b' });
  expect(readApplyTo('role:')).toBeUndefined();
  expect(readApplyTo('everybody')).toBeUndefined();
});

eachDatabase((fixture) => {
  const rows = 1000;
  let database: Database;
  beforeAll(async () => {
    database = await fixture.open();
    await database.query('CREATE EXTENSION vector');
    await database.query('CREATE TABLE docs (id int PRIMARY KEY, v vector(16))');
    const values = randomVectors('vector', rows, 16, 3).map(
      (vector, id) => `(${id}, '${asText('vector', vector)}')`,
    );
    await database.query(`INSERT INTO docs VALUES ${values.join(',')}`);
    await database.query(
      'CREATE INDEX docs_hnsw ON docs USING hnsw (v vector_l2_ops) WITH (m = 4, ef_construction = 16)',
    );
    await database.query('ANALYZE docs');
  });

  async function tune(options: Partial<TuneOptions> = {}) {
    const reports = collectReports();
    const asked = { index: 'docs_hnsw', k: 5, targetRecall: 0.9, sample: 200, ...options };
    return { ...(await tuneIndex(database, asked, reports, signal)), reports };
  }

  test('the setting that it recommends finds enough, and a much lower one does not', async () => {
    const { recommendation, current, sweep, ...result } = await tune();
    expect(result).toMatchObject({
      table: 'docs',
      column: 'v',
      type: 'hnsw',
      metric: 'l2',
      rows,
      where: null,
    });
    expect(current).toMatchObject({ efSearch: 40, queries: 100 });
    expect(sweep.map(({ efSearch }) => efSearch)).toEqual(expect.arrayContaining([5, 10, 20, 40]));
    expect(recommendation!.recallLow).toBeGreaterThanOrEqual(0.9);
    expect(recommendation!.queries).toBe(100);
    const at = async (efSearch: number) => {
      await database.query(`SET hnsw.ef_search = ${efSearch}`);
      const options = { index: 'docs_hnsw', k: 5, sample: 300 };
      const { recall } = await measureRecall(database, options, collectReports(), signal);
      await database.query('RESET hnsw.ef_search');
      return recall;
    };
    expect(await at(recommendation!.efSearch!)).toBeGreaterThan(0.89);
    expect(await at(5)).toBeLessThan(0.88);
  });

  // The same on both, and a server answers faster.
  if (fixture.kind === 'embedded' && noServer === null) return;

  test('a target that nothing reaches has no recommendation, and nothing is applied', async () => {
    await database.query('CREATE INDEX docs_ivf ON docs USING ivfflat (v vector_l2_ops) WITH (lists = 60)');
    await database.query('DROP INDEX docs_hnsw');
    const result = await tune({ index: 'docs_ivf', targetRecall: 1, sample: 60 });
    expect(result.recommendation).toBeNull();
    expect(await applyRecommendation(database, result, 'database', result.reports)).toBeUndefined();
    expect(result.reports.warnings.join()).toContain('nothing is applied');
    const reached = await tune({ index: 'docs_ivf', sample: 100 });
    expect(reached.recommendation!.probes).toBeGreaterThan(1);
    expect(reached.current).toMatchObject({ probes: 1 });
    await database.query('DROP INDEX docs_ivf');
    await database.query(
      'CREATE INDEX docs_hnsw ON docs USING hnsw (v vector_l2_ops) WITH (m = 4, ef_construction = 16)',
    );
  });

  test('filtered searches are tried with every kind of scan', async () => {
    const { sweep, recommendation, current } = await tune({ where: 'id % 3 = 1', sample: 60 });
    expect(new Set(sweep.map(({ iterativeScan }) => iterativeScan))).toEqual(
      new Set(['off', 'strict_order', 'relaxed_order']),
    );
    expect(recommendation).not.toBeNull();
    expect(current).toMatchObject({ efSearch: 40, iterativeScan: 'off' });
  });

  test('what searches use now is measured by the index, and said where the planner leaves it', async () => {
    await database.query('CREATE TABLE few (v vector(16))');
    await database.query('INSERT INTO few SELECT v FROM docs LIMIT 300');
    await database.query(
      'CREATE INDEX few_hnsw ON few USING hnsw (v vector_l2_ops) WITH (m = 2, ef_construction = 4)',
    );
    await database.query('ANALYZE few');
    await database.query('SET hnsw.ef_search = 1000');
    const { current, planned, currentPlanned, recommendation, reports } = await tune({
      index: 'few_hnsw',
      targetRecall: 1,
    });
    await database.query('RESET hnsw.ef_search');
    expect({ planned, currentPlanned, recommendation }).toEqual({
      planned: true,
      currentPlanned: false,
      recommendation: null,
    });
    expect(current).toMatchObject({ efSearch: 1000 });
    // So thin a graph does not hold together: a scan of all rows finds every one.
    expect(current.recall).toBeLessThan(1);
    expect(reports.warnings.join()).toMatch(/at ef_search 1000, as it is now, the planner does not use/);
    expect(reports.notes.join()).toMatch(/from ef_search \d+ on the planner does not use index few_hnsw/);
  });

  test('a partial index is tuned without iterative scans by its own condition', async () => {
    await database.query(
      'CREATE INDEX third ON docs USING hnsw (v vector_l2_ops) WITH (m = 4) WHERE id % 3 = 1',
    );
    const { sweep, where } = await tune({ index: 'third', sample: 60 });
    await database.query('DROP INDEX third');
    expect(where).toBe('((id % 3) = 1)');
    expect(new Set(sweep.map(({ iterativeScan }) => iterativeScan))).toEqual(new Set([undefined]));
  });

  test('a higher target is tried on more queries, where the rows are too many to ask with a thousand', async () => {
    await database.query('CREATE TABLE many AS SELECT v FROM docs');
    await database.query('CREATE INDEX many_ivf ON many USING ivfflat (v vector_l2_ops) WITH (lists = 10)');
    await database.query('ANALYZE many');
    await database.query("UPDATE pg_class SET reltuples = 1e6 WHERE oid = 'many'::regclass");
    const { current, partial } = await tune({ index: 'many_ivf', sample: undefined, targetRecall: 0.95 });
    expect(partial).toBe(false);
    expect(current.queries).toBe(146);
  });

  test('other indexes are built on a sample, which is gone afterwards', async () => {
    const { builds } = await tune({ builds: true, sample: 60 });
    expect(builds!.map(({ type, quantization }) => `${type} ${quantization}`)).toEqual([
      'hnsw none',
      'hnsw none',
      'hnsw none',
      'hnsw none',
      'hnsw half',
      'hnsw binary',
      'ivfflat none',
    ]);
    for (const build of builds!) {
      expect(build.rows).toBeGreaterThan(rows * 0.8);
      expect(build.bytes).toBeGreaterThan(0);
      expect(build.whole.bytes).toBeGreaterThanOrEqual(build.bytes);
      expect(build.whole.memory).toBeGreaterThan(0);
      if (build.best !== null) expect(build.best.recall).toBeGreaterThanOrEqual(0.9);
    }
    const { rows: left } = await database.query("SELECT 1 FROM pg_class WHERE relname LIKE 'pgv_tune%'");
    expect(left).toEqual([]);
  });

  test('what cannot be built is named, and nothing else is lost', async () => {
    await database.query('CREATE TABLE large (v vector(2))');
    await database.query(`INSERT INTO large
      SELECT ARRAY[70000, i]::vector FROM generate_series(1, 200) i`);
    await database.query('CREATE INDEX large_hnsw ON large USING hnsw (v vector_l2_ops)');
    await database.query('ANALYZE large');
    const options = { index: 'large_hnsw', sample: 60, targetRecall: 0.5, builds: true };
    const { builds, failedBuilds } = await tune(options);
    expect(builds!.map(({ quantization }) => quantization)).not.toContain('half');
    expect(builds!.length).toBeGreaterThan(4);
    expect(failedBuilds).toEqual([
      {
        type: 'hnsw',
        quantization: 'half',
        parameters: { m: 16, ef_construction: 64 },
        reason: expect.stringContaining('halfvec'),
      },
    ]);
    await database.query('SET default_transaction_read_only = on');
    const unbuilt = await tune(options);
    await database.query('RESET default_transaction_read_only');
    expect(unbuilt.builds).toBeUndefined();
    expect(unbuilt.current.recall).toBeGreaterThan(0.9);
    expect(unbuilt.reports.warnings.join()).toContain('other indexes are not compared');
  });

  test('new vectors find less than rows of the table do, by ever less with more effort', async () => {
    await database.query('CREATE TABLE more (v vector(16))');
    const values = randomVectors('vector', 2500, 16, 4).map((vector) => `('${asText('vector', vector)}')`);
    await database.query(`INSERT INTO more VALUES ${values.join(',')}`);
    await database.query(
      'CREATE INDEX more_hnsw ON more USING hnsw (v vector_l2_ops) WITH (m = 6, ef_construction = 16)',
    );
    await database.query('ANALYZE more');
    const subject = await findIndexSubject(database, { index: 'more_hnsw' });
    const loss = await lossOfNewcomers(database, subject, 5, collectReports(), signal);
    expect(loss(5)).toBeGreaterThan(0.02);
    expect(loss(40)).toBeLessThan(loss(5));
    expect(loss(500)).toBe(0);
    // A recommendation makes up for it, and is sought on more queries than a measurement takes.
    const { sweep, recommendation, newVectorsLose } = await tune({ index: 'more_hnsw', sample: undefined });
    expect(newVectorsLose).toBeGreaterThan(0);
    expect(recommendation!.recall - newVectorsLose!).toBeGreaterThanOrEqual(0.9);
    expect(Math.max(...sweep.map(({ queries }) => queries))).toBe(fixture.kind === 'server' ? 2300 : 200);
    // Where no temporary table can be made, nothing is known, and nothing fails.
    await database.query('SET default_transaction_read_only = on');
    const reports = collectReports();
    const unknown = await lossOfNewcomers(database, subject, 5, reports, signal);
    await database.query('RESET default_transaction_read_only');
    expect(unknown(5)).toBe(0);
    expect(reports.notes.join()).toContain('is not known');
  });

  test('queries that have found all are not asked with more effort, and none is told otherwise for it', async () => {
    const subject = await findIndexSubject(database, { index: 'docs_hnsw' });
    const queries = await loadQueries(
      database,
      subject,
      queryOf(subject, {}, 5),
      { sample: 600 },
      collectReports(),
      signal,
    );
    const searches = { subject, conditions: {}, k: 5, queries };
    const unknown = queries.vectors.map(() => []);
    const nearest = await nearestDistances(database, searches, unknown, collectReports(), signal);
    const settingOf = (efSearch: number) => ({ efSearch });
    await database.transaction(async (session) => {
      const reports = collectReports();
      const pointAt = risingEfforts(session, { searches, nearest }, settingOf, reports);
      for (const efSearch of [5, 40, 10]) {
        const { recall, recallLow, queries } = await pointAt(efSearch);
        const [plain] = await pointsOf(
          session,
          { searches, nearest },
          [settingOf(efSearch)],
          collectReports(),
        );
        expect({ efSearch, recall, recallLow, queries }).toEqual({
          efSearch,
          recall: expect.closeTo(plain!.recall, 12),
          recallLow: expect.closeTo(plain!.recallLow, 12),
          queries: 600,
        });
        if (efSearch === 5) expect(reports.progressed.at(-1)!.total).toBe(600);
        else expect(reports.progressed.at(-1)!.total).toBeLessThan(500);
      }
    });
  });

  test('too few queries to tell', async () => {
    await database.query('CREATE TABLE small (v vector(2))');
    await database.query("INSERT INTO small VALUES ('[1,2]'), ('[2,1]'), ('[0,1]')");
    await database.query('CREATE INDEX small_hnsw ON small USING hnsw (v vector_l2_ops)');
    await expect(tune({ index: 'small_hnsw' })).rejects.toMatchObject({ code: 'too-few-queries' });
  });

  describe('what is recommended is set for good', () => {
    const result = {
      type: 'hnsw',
      recommendation: { efSearch: 55, iterativeScan: 'relaxed_order' },
    } as never;
    const setting = async (user?: string) => {
      const other = await fixture.open(user === undefined ? {} : { user });
      const { rows } = await other.query(
        "SELECT '[0]'::vector, current_setting('hnsw.ef_search') AS ef, current_setting('hnsw.iterative_scan') AS scan",
      );
      await other.close();
      return rows[0];
    };

    test('for all of the database, unless a role has its own', async () => {
      const reports = collectReports();
      const applied = await applyRecommendation(database, result, 'database', reports);
      expect(applied).toMatchObject({ role: null });
      expect(applied!.statements[0]).toMatch(/^ALTER DATABASE ".*" SET hnsw\.ef_search = '55'$/);
      expect(reports.warnings).toEqual([]);
      expect(await setting()).toMatchObject({ ef: '55', scan: 'relaxed_order' });
    });

    test('for a role, by itself or by whoever may', async () => {
      const { rows } = await database.query<{ d: string }>('SELECT current_database() AS d');
      const role = `${rows[0]!.d}_tuned`;
      await database.query(`CREATE ROLE ${role} LOGIN`);
      await database.query(`ALTER DATABASE ${rows[0]!.d} RESET ALL`);
      await applyRecommendation(database, result, { role }, collectReports());
      expect(await setting(role)).toMatchObject({ ef: '55' });
      expect(await setting()).toMatchObject({ ef: '40', scan: 'off' });
      const own = await fixture.open({ user: role });
      await own.query('RESET ALL');
      const more = { type: 'hnsw', recommendation: { efSearch: 66 } } as never;
      await applyRecommendation(own, more, { role: undefined }, collectReports());
      expect(await setting(role)).toMatchObject({ ef: '66' });
      const notAllowed = { code: 'not-allowed', hint: expect.stringContaining('--apply role') };
      await expect(applyRecommendation(own, more, 'database', collectReports())).rejects.toMatchObject(
        notAllowed,
      );
      // The same is known before anything is measured, and trying it leaves nothing behind.
      await expect(requireMayApply(own, 'database')).rejects.toMatchObject(notAllowed);
      await requireMayApply(own, { role: undefined });
      await requireMayApply(database, 'database');
      await expect(requireMayApply(database, { role: 'nobody at all' })).rejects.toMatchObject({
        sqlstate: '42704',
      });
      expect(await setting(role)).toMatchObject({ ef: '66' });
      await expect(
        applyRecommendation(database, more, { role: 'nobody at all' }, collectReports()),
      ).rejects.toMatchObject({ message: expect.stringContaining('does not exist') });
      const reports = collectReports();
      await database.query(`ALTER ROLE CURRENT_USER IN DATABASE ${rows[0]!.d} SET hnsw.ef_search = 77`);
      await applyRecommendation(database, more, 'database', reports);
      expect(reports.warnings.join()).toMatch(
        /do not have hnsw\.ef_search so: settings of their own have .*_tuned/,
      );
      await own.close();
      await database.query(`ALTER ROLE CURRENT_USER IN DATABASE ${rows[0]!.d} RESET ALL`);
      await database.query(`ALTER ROLE ${role} IN DATABASE ${rows[0]!.d} RESET ALL; DROP ROLE ${role}`);
    });
  });
});
