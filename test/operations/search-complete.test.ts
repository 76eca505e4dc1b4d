import { PassThrough } from 'node:stream';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { type BatchOptions, searchBatch } from '../../src/operations/search/batch.ts';
import type { Hit } from '../../src/operations/search/hits.ts';
import { type SearchOptions, search } from '../../src/operations/search/search.ts';
import { resolveInputs } from '../../src/sources/inputs.ts';
import { eachDatabase } from '../support/databases.ts';
import { collectReports } from '../support/reports.ts';
import { temporaryFile } from '../support/temporary.ts';

const vector = '[0.5,0.5,0.5]';
const filters = [{ key: 'rare', operator: '=', values: ['true'] }] as const;

eachDatabase((fixture) => {
  // The embedded database has no parallel builds.
  const rows = fixture.kind === 'server' ? 50_000 : 10_000;
  /** All rows that are. */
  const rare = rows / 1000;
  let database: Database;
  beforeAll(async () => {
    database = await fixture.open();
    await database.query('CREATE EXTENSION vector');
    // One row in 1,000 is rare.
    await database.query(`CREATE TABLE docs AS
      SELECT i AS id, i % 1000 = 7 AS rare,
        ARRAY[sin(i)::float4, sin(i * 1.7)::float4, sin(i * 2.3)::float4]::vector(3) AS embedding
      FROM generate_series(1, ${rows}) AS i`);
    await database.query('ALTER TABLE docs ADD PRIMARY KEY (id)');
    await database.query('ANALYZE docs');
    await database.query(
      'CREATE INDEX docs_hnsw ON docs USING hnsw (embedding vector_l2_ops) WITH (m = 4, ef_construction = 16)',
    );
    // What the planner would choose for so small a table is not the question here.
    await database.query('SET enable_seqscan = off');
    // The default of 20,000, beside 50,000 rows.
    await database.query(`SET hnsw.max_scan_tuples = ${rows * 0.4}`);
  }, 120_000);

  async function found(options: Partial<SearchOptions>) {
    const reports = collectReports();
    const result = await search(database, { query: { vector }, k: 10, explain: true, ...options }, reports);
    return { ...result, ids: result.hits.map(({ id }) => id), notes: reports.notes };
  }

  async function nearest(k: number, condition = 'true'): Promise<number[]> {
    const { rows } = await database.query<{ id: number }>(
      `SELECT id FROM docs WHERE ${condition} ORDER BY (embedding <-> '${vector}') + 0, id LIMIT ${k}`,
    );
    return rows.map(({ id }) => id);
  }

  describe('a filter that one row in 1,000 passes', () => {
    test.each(['strict_order', 'relaxed_order'] as const)(
      '%s: the index goes on until it has k',
      async (scan) => {
        const { ids, hits, explanation, notes } = await found({
          k: rare / 5,
          filters,
          iterativeScan: scan,
        });
        expect(ids).toHaveLength(rare / 5);
        expect(ids.every((id) => Number(id) % 1000 === 7)).toBe(true);
        const distances = hits.map(({ distance }) => distance);
        expect(distances).toEqual([...distances].sort((a, b) => a - b));
        expect(explanation).toMatchObject({ road: 'iterative', index: 'docs_hnsw', cutShort: null });
        expect(explanation!.rowsScanned).toBeGreaterThan(500);
        expect(notes).toEqual([]);
      },
    );

    test('through half precision too, and where that gives up every row is compared exactly', async () => {
      await database.query(`CREATE INDEX docs_half ON docs USING hnsw ((embedding::halfvec(3)) halfvec_l2_ops)
        WITH (m = 4, ef_construction = 16)`);
      const some = await found({ k: rare / 5, filters, rerank: rare / 5 + 2 });
      expect(some.ids).toHaveLength(rare / 5);
      expect(some.explanation).toMatchObject({ road: 'iterative', index: 'docs_half', cutShort: null });
      expect(some.explanation!.reranked).toBeGreaterThanOrEqual(rare / 5);
      const all = await found({ k: rare, filters, rerank: rare });
      expect(all.ids).toEqual(await nearest(rare, 'rare'));
      expect(all.explanation).toMatchObject({ road: 'exact', cutShort: { index: 'docs_half' } });
      await database.query('DROP INDEX docs_half');
    });

    test('where the index gives up before, every row is compared', async () => {
      const { ids, explanation, notes } = await found({ k: rare, filters });
      expect(ids).toEqual(await nearest(rare, 'rare'));
      expect(ids).toHaveLength(rare);
      expect(explanation).toMatchObject({ road: 'exact', index: null, rowsScanned: rows });
      expect(explanation!.cutShort).toMatchObject({ index: 'docs_hnsw' });
      expect(notes.join()).toMatch(/^index docs_hnsw gave \d+ of \d+ rows, so every row was compared/);
    });

    test('without iterative scans neither 40 nor 1,000 candidates hold ten of them', async () => {
      const { ids, explanation } = await found({ filters, iterativeScan: 'off' });
      expect(ids).toEqual(await nearest(10, 'rare'));
      expect(explanation).toMatchObject({ road: 'exact', cutShort: { index: 'docs_hnsw' } });
    });
  });

  test('without iterative scans a filter that one row in 20 passes takes more candidates', async () => {
    const { ids, explanation, notes } = await found({ where: 'id % 20 = 3', iterativeScan: 'off' });
    expect(ids).toHaveLength(10);
    expect(explanation).toMatchObject({ road: 'wider', index: 'docs_hnsw' });
    expect(notes.join()).toContain('asked again with ef_search 1000');
  });

  test('a bound on the distance does not hide what an index left out', async () => {
    const all = await found({ k: rare, filters, exact: true });
    const maxDistance = all.hits[rare - 3]!.distance;
    const { ids } = await found({ k: rare, filters, maxDistance });
    expect(ids).toEqual(all.ids.slice(0, rare - 2));
    const minScore = all.hits[rare - 3]!.score;
    expect((await found({ k: rare, filters, minScore })).ids).toEqual(ids);
  });

  test('nothing to add: one scan of the index, or none', async () => {
    expect((await found({ iterativeScan: 'off' })).explanation).toMatchObject({
      road: 'index',
      index: 'docs_hnsw',
    });
    const exact = await found({ exact: true });
    expect(exact.explanation).toMatchObject({
      road: 'exact',
      index: null,
      cutShort: null,
      rowsScanned: rows,
    });
    expect(exact.explanation!.plan['Node Type']).toEqual(expect.any(String));
    expect(exact.ids).toEqual(await nearest(10));
  });

  describe('a batch', () => {
    const lines = Array.from({ length: 230 }, (_, i) => `[${Math.sin(i)},${Math.cos(i * 3)},0.5]`);

    async function batch(options: Partial<BatchOptions>) {
      const file = await temporaryFile('queries.jsonl', lines.map((line) => `{"v":${line}}\n`).join(''));
      const [input] = await resolveInputs([file], { cwd: '/', stdin: new PassThrough() }, () => {});
      const reports = collectReports();
      const asked = { input: input!, reading: {}, k: 3, table: 'docs', ...options };
      const { queries } = await searchBatch(database, asked, reports, new AbortController().signal);
      expect(queries.map(({ query }) => query)).toEqual([...lines.keys()]);
      return { answers: queries.map(({ hits }) => hits), notes: reports.notes };
    }

    /** What each line's search finds on its own, exactly, a few of them. */
    async function expectExact(answers: readonly Hit[][], k: number, options: Partial<SearchOptions>) {
      for (const i of [0, 99, 100, 229]) {
        const alone = await found({
          query: { vector: lines[i]! },
          table: 'docs',
          k,
          exact: true,
          ...options,
        });
        expect(answers[i]).toEqual(alone.hits);
      }
    }

    test('exact, over lanes that share the chunks', async () => {
      const { answers, notes } = await batch({ exact: true, jobs: 3, where: 'id <= 1000' });
      expect(notes).toEqual([]);
      await expectExact(answers, 3, { where: 'id <= 1000' });
    });

    test('queries that the index cuts short are asked again, until they have k rows', async () => {
      const { answers, notes } = await batch({ where: 'id % 200 = 3', k: 9, iterativeScan: 'off', jobs: 1 });
      expect(answers.every((hits) => hits.length === 9)).toBe(true);
      expect(notes.join()).toMatch(
        /^an index gave \d+ of the queries fewer than 9 rows, so they were asked again$/,
      );
    });

    test('where more candidates do not do, every row is compared', async () => {
      const { answers, notes } = await batch({ filters, k: rare, iterativeScan: 'off', jobs: 1 });
      expect(notes.join()).toMatch(/^an index gave 230 of the queries/);
      await expectExact(answers, rare, { filters });
    });

    test('what is wrong in it is wrong usage', async () => {
      await expect(batch({ where: 'nope = 1' })).rejects.toMatchObject({
        message: expect.stringContaining('column "nope" does not exist'),
        hint: 'check --file and --where',
      });
    });
  });

  test('the session has its own settings after a search, and none of them is asked for in vain', async () => {
    await found({ k: rare, filters, efSearch: 123, exact: true });
    const { rows } = await database.query(
      "SELECT current_setting('hnsw.ef_search') AS ef, current_setting('enable_indexscan') AS scan",
    );
    expect(rows).toEqual([{ ef: '40', scan: 'on' }]);
  });

  // The same on both, and a server answers faster.
  if (fixture.kind === 'server') {
    test('more rows than a call takes arguments, and more than there can be', async () => {
      await database.query(
        'CREATE TABLE many AS SELECT i AS id, ARRAY[i]::vector(1) AS v FROM generate_series(1, 150000) AS i',
      );
      await database.query('CREATE INDEX ON many USING ivfflat (v vector_l2_ops) WITH (lists = 1)');
      await database.query('SET enable_seqscan = off');
      const file = await temporaryFile('one.jsonl', '{"v":[0]}');
      const [input] = await resolveInputs([file], { cwd: '/', stdin: new PassThrough() }, () => {});
      const options = { table: 'many', input: input!, reading: {}, columns: [], k: 3_000_000_000 };
      const { queries } = await searchBatch(
        database,
        options,
        collectReports(),
        new AbortController().signal,
      );
      expect(queries[0]!.hits).toHaveLength(150_000);
      await database.query('DROP TABLE many');
    });
  }

  // The embedded database has one session, which has loaded the library long ago.
  if (fixture.kind === 'server') {
    test('settings hold in a session that has not loaded the library', async () => {
      const other = await fixture.open();
      await other.query('SET enable_seqscan = off');
      const result = await search(
        other,
        { query: { vector }, k: 10, efSearch: 1, iterativeScan: 'off', where: 'id % 20 = 3', explain: true },
        collectReports(),
      );
      expect(result.explanation).toMatchObject({ road: 'wider' });
      expect(result.explanation!.cutShort!.rows).toBeLessThan(10);
    });
  }

  test('a zero vector under cosine is told, and is an answer only where nothing else is', async () => {
    await database.query('CREATE TABLE few (id int PRIMARY KEY, embedding vector(2))');
    await database.query(`INSERT INTO few VALUES (1, '[0,0]'), (2, '[1,0]'), (3, NULL)`);
    await database.query('CREATE INDEX ON few USING hnsw (embedding vector_cosine_ops)');
    const search = (query: string, k: number) => found({ table: 'few', query: { vector: query }, k });
    const reports = collectReports();
    expect((await search('[1,1]', 1)).ids).toEqual([2]);
    expect((await search('[1,1]', 5)).ids).toEqual([2, 1]);
    const zero = await searchWith(database, reports, '[0,0]');
    expect(zero.hits.every(({ distance }) => Number.isNaN(distance))).toBe(true);
    expect(reports.warnings.join()).toMatch(/^\d of \d hits have no distance: .* zero/);
    await database.query('DROP TABLE few');
  });
});

function searchWith(database: Database, reports: ReturnType<typeof collectReports>, vector: string) {
  return search(database, { query: { vector }, k: 5, table: 'few' }, reports);
}
