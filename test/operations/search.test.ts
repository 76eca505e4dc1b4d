import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { UsageError } from '../../src/errors.ts';
import { createVectorIndex } from '../../src/operations/index-create/index-create.ts';
import { type SearchOptions, search } from '../../src/operations/search/search.ts';
import { silentReporter } from '../../src/progress.ts';
import { type Metric, metricsOf, operatorOf, type VectorType } from '../../src/vector/metrics.ts';
import { eachDatabase } from '../support/databases.ts';
import { loadPackages, type PackageQuery, packageQueries } from '../support/packages.ts';
import { collectReports } from '../support/reports.ts';

type Partially = Partial<SearchOptions> & Pick<SearchOptions, 'query'>;

async function idsOf(database: Database, options: Partially): Promise<unknown[]> {
  const { hits } = await search(database, { k: 10, ...options }, silentReporter);
  return hits.map(({ id }) => id);
}

function failure(database: Database, options: Partially): Promise<unknown> {
  return search(database, { k: 10, ...options }, silentReporter).then(
    () => 'no error',
    (error: unknown) => error,
  );
}

/** Deterministic numbers in [−1, 1). */
function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

const asVector = (values: readonly number[]) => `[${values.join(',')}]`;

eachDatabase((fixture) => {
  let database: Database;
  beforeAll(async () => {
    database = await fixture.open();
  });
  afterEach(async () => {
    for (const setting of ['enable_seqscan', 'enable_bitmapscan', 'seq_page_cost'])
      await database.query(`RESET ${setting}`);
  });
  describe('real embeddings', () => {
    let queries: PackageQuery[];
    beforeAll(async () => {
      await loadPackages(database);
      queries = await packageQueries();
    });

    test('the exact neighbours are found with --exact', async () => {
      for (const { vector, neighbors } of queries) {
        const query = { vector: JSON.stringify(vector) };
        expect(await idsOf(database, { query, exact: true })).toEqual(neighbors);
      }
    });

    test('at least 95 % of them are found through HNSW at ef_search 100', async () => {
      await createVectorIndex(database, { type: 'hnsw', table: 'packages' }, silentReporter);
      // A table so small would be scanned as a whole.
      await database.query('SET enable_seqscan = off');
      let found = 0;
      for (const { vector, neighbors } of queries) {
        const ids = await idsOf(database, { query: { vector: JSON.stringify(vector) }, efSearch: 100 });
        found += neighbors.filter((id) => ids.includes(id)).length;
      }
      expect(found / (queries.length * 10)).toBeGreaterThanOrEqual(0.95);
    });

    test('a filter that few rows pass still gives k rows through the index', async () => {
      await database.query('SET enable_seqscan = off');
      await database.query('SET enable_bitmapscan = off');
      const query = { vector: JSON.stringify(queries[0]!.vector) };
      const { rows } = await database.query<{ section: string; n: number }>(
        'SELECT section, count(*)::int AS n FROM packages GROUP BY 1 HAVING count(*) BETWEEN 10 AND 30 ORDER BY 2, 1',
      );
      const { section } = rows[0]!;
      const reports = collectReports();
      const filters = [{ key: 'section', operator: '=', values: [section] }] as const;
      const { hits } = await search(database, { query, k: 10, filters }, reports);
      expect(hits).toHaveLength(10);
      expect(hits.every(({ values }) => values[1] === section)).toBe(true);
      const distances = hits.map(({ distance }) => distance);
      expect(distances).toEqual([...distances].sort((a, b) => a - b));
      expect(reports.notes).toEqual([]);
    });

    test('a result that an index cut short is told, and --exact asks no index', async () => {
      await database.query('SET seq_page_cost = 100000');
      const reports = collectReports();
      const query = { vector: JSON.stringify(queries[0]!.vector) };
      const { hits } = await search(database, { query, k: 1000, where: 'id % 2 = 0' }, reports);
      expect(hits).toHaveLength(500);
      expect(reports.notes.join()).toMatch(
        /index packages_embedding_hnsw_cosine gave \d+ of 1000 rows, so every/,
      );
      const exactly = collectReports();
      const all = await search(database, { query, k: 1000, where: 'id % 2 = 0', exact: true }, exactly);
      expect(all.hits).toHaveLength(500);
      expect(exactly.notes).toEqual([]);
    });

    test('the shown columns are all but the vector, and the key is the id', async () => {
      const query = { vector: JSON.stringify(queries[0]!.vector) };
      const result = await search(database, { query, k: 1 }, silentReporter);
      expect(result).toMatchObject({ table: 'packages', metric: 'cosine', k: 1 });
      expect(result.columns).toEqual(['package', 'section', 'description', 'metadata']);
      const [hit] = result.hits;
      expect(hit!.score).toBeCloseTo(1 - hit!.distance, 12);
      expect(hit!.values[3]).toMatchObject({ size: expect.any(Number) });
      const vectors = await search(database, { query, k: 1, columns: ['embedding'] }, silentReporter);
      expect(vectors.hits[0]!.values[0]).toHaveLength(64);
    });

    test("a stored row's neighbours leave itself out", async () => {
      const ids = await idsOf(database, { query: { id: '1' }, exact: true });
      const { rows } = await database.query<{ id: number }>(`SELECT b.id FROM packages a, packages b
        WHERE a.id = 1 AND b.id <> 1 ORDER BY a.embedding <=> b.embedding LIMIT 10`);
      expect(ids).toEqual(rows.map(({ id }) => id));
    });

    test('--max-distance cuts off what lies farther', async () => {
      const query = { vector: JSON.stringify(queries[0]!.vector) };
      const all = await search(database, { query, k: 10 }, silentReporter);
      const maxDistance = all.hits[4]!.distance;
      const near = await search(database, { query, k: 10, maxDistance }, silentReporter);
      expect(near.hits).toEqual(all.hits.slice(0, 5));
    });

    test('wrong dimensions are told in both numbers', async () => {
      const error = await failure(database, { query: { vector: '[1,2,3]' } });
      expect(error).toBeInstanceOf(UsageError);
      expect(error).toMatchObject({ message: 'query vector has 3 dimensions, not 64', sqlstate: '22000' });
      expect((error as UsageError).hint).toContain('vector(64)');
    });

    test('a metric without an index is pointed out, and one for another type refused', async () => {
      const reports = collectReports();
      const query = { vector: JSON.stringify(queries[0]!.vector) };
      await search(database, { query, k: 1, metric: 'l1' }, reports);
      expect(reports.notes.join()).toMatch(/no index serves l1 .*there is one for cosine/);
      const named = collectReports();
      await search(database, { query, k: 1, metric: 'l1', table: 'packages' }, named);
      expect(named.notes.join()).toContain('--metric l1 -t packages`');
      expect(await failure(database, { query, metric: 'hamming' })).toMatchObject({
        message: 'metric hamming is not for vector, the type of embedding',
      });
    });
  });

  describe('every metric and type beside plain SQL', () => {
    const dimensions = 6;
    const random = noise(7);
    const value = () => Math.round(random() * 1000) / 1000;
    const list = () => Array.from({ length: dimensions }, value);
    const literals: Record<VectorType, () => string> = {
      vector: () => asVector(list()),
      halfvec: () => asVector(list()),
      sparsevec: () => `{1:${value() || 1},4:${value() || 1}}/${dimensions}`,
      bit: () =>
        list()
          .map((each) => (each > 0 ? '1' : '0'))
          .join(''),
    };
    const types = Object.keys(literals) as VectorType[];

    beforeAll(async () => {
      await database.query('CREATE SCHEMA IF NOT EXISTS ext');
      await database.query('DROP EXTENSION IF EXISTS vector CASCADE');
      await database.query('CREATE EXTENSION vector SCHEMA ext');
      for (const type of types) {
        const sqlType = type === 'bit' ? 'bit' : `ext.${type}`;
        await database.query(
          `CREATE TABLE "of ${type}" ("the ""id""" int PRIMARY KEY, v ${sqlType}(${dimensions}))`,
        );
        const rows = Array.from({ length: 100 }, (_, i) => `(${i}, '${literals[type]()}')`);
        await database.query(`INSERT INTO "of ${type}" VALUES ${rows.join(', ')}, (100, NULL)`);
      }
    });

    test.each(types.flatMap((type) => metricsOf(type).map((metric) => [type, metric] as const)))(
      '%s, %s',
      async (type: VectorType, metric: Metric) => {
        const vector = literals[type]();
        const result = await search(
          database,
          { query: { vector }, table: `of ${type}`, k: 200, metric },
          silentReporter,
        );
        const operator = `OPERATOR(ext.${operatorOf(metric)})`;
        const cast = type === 'bit' ? `bit(${dimensions})` : `ext.${type}`;
        const { rows } = await database.query<{ id: number; distance: number }>(`SELECT "the ""id""" AS id,
          v ${operator} '${vector}'::${cast} AS distance FROM "of ${type}" WHERE v IS NOT NULL ORDER BY 2, 1`);
        expect(result.hits.map(({ id, distance }) => ({ id, distance }))).toEqual(rows);
        expect(result.hits).toHaveLength(100);
        const { distance, score } = result.hits[3]!;
        const expected = {
          cosine: 1 - distance,
          jaccard: 1 - distance,
          ip: -distance,
          l2: 1 / (1 + distance),
          l1: 1 / (1 + distance),
          hamming: 1 / (1 + distance),
        };
        expect(score).toBe(expected[metric]);
      },
    );

    test('a dense list finds in a sparse column', async () => {
      const table = 'of sparsevec';
      const sparse = await idsOf(database, { query: { vector: '{2:0.5,6:-1}/6' }, table });
      expect(await idsOf(database, { query: { vector: '[0,0.5,0,0,0,-1]' }, table })).toEqual(sparse);
    });

    test('the default metric is cosine, hamming for bit, or what the index serves', async () => {
      const metricOf = async (table: string, vector: string) =>
        (await search(database, { query: { vector }, table, k: 1 }, silentReporter)).metric;
      expect(await metricOf('of halfvec', '[1,2,3,4,5,6]')).toBe('cosine');
      expect(await metricOf('of bit', '101010')).toBe('hamming');
      await database.query('CREATE INDEX ON "of halfvec" USING hnsw (v ext.halfvec_l2_ops)');
      expect(await metricOf('of halfvec', '[1,2,3,4,5,6]')).toBe('l2');
      await database.query('DROP INDEX "of halfvec_v_idx"');
    });

    test('an ivfflat index with few probes still gives k rows, in order', async () => {
      await createVectorIndex(database, { type: 'ivfflat', table: 'of vector', lists: 50 }, silentReporter);
      await database.query('SET enable_seqscan = off');
      const { hits } = await search(
        database,
        { query: { vector: '[1,2,3,4,5,6]' }, table: 'of vector', k: 40, probes: 1 },
        silentReporter,
      );
      const distances = hits.map(({ distance }) => distance);
      expect(distances).toHaveLength(40);
      expect(distances).toEqual([...distances].sort((a, b) => a - b));
    });

    const base64 = Buffer.from(Float32Array.of(1, 2, 3, 4.5, -5, 6).buffer).toString('base64');
    test.each([
      ['vector', '{1,2,3,4.5,-5,6}'],
      ['vector', '1 2  3 4.5 -5 6'],
      ['vector', '[1 2 3 4.5 -5 6]'],
      ['vector', '1, 2, 3, 4.5, -5, 6'],
      ['vector', base64],
      ['vector', '{1:1,2:2,3:3,4:4.5,5:-5,6:6}/6'],
      ['halfvec', base64],
      ['sparsevec', '1 2 3 4.5 -5 6'],
      ['bit', base64],
      ['bit', '1 2 3 4.5 -5 6'],
    ])('%s is searched with %s, as ingest would read it', async (type, vector) => {
      const table = `of ${type}`;
      const expected = await idsOf(database, { query: { vector: '[1,2,3,4.5,-5,6]' }, table });
      expect(await idsOf(database, { query: { vector }, table })).toEqual(expected);
    });

    test.each([
      ['vector', 'AACAPw==', 'query vector is no vector: AACAPw=='],
      ['vector', '1 2 3', 'query vector has 3 dimensions, not 6'],
      ['vector', '{1:1}/7', 'query vector has 7 dimensions, not 6'],
      ['vector', '[1,2,x,4,5,6]', "query vector's element 3 is not a finite number: x"],
      ['vector', '[1,2,NaN,4,5,6]', "query vector's element 3 is not a finite number: NaN"],
      ['vector', '[]', "query vector's element 1 is not a finite number: "],
      ['vector', 'hello', 'query vector is no vector: hello'],
      ['vector', '[1,2,3,4,5,1e400]', '"1e400" is out of range for type vector'],
      ['halfvec', '[1,2,3,4,5,70000]', '"70000" is out of range for type halfvec'],
      ['sparsevec', '{1:1}/7', 'query vector has 7 dimensions, not 6'],
      ['bit', '10102', 'query vector is no bit: 10102'],
      ['bit', '10101', 'query vector has 5 dimensions, not 6'],
    ])('%s refuses %s', async (type, vector, message) => {
      const error = await failure(database, { query: { vector }, table: `of ${type}` });
      expect(error).toBeInstanceOf(UsageError);
      expect((error as UsageError).message).toBe(message);
    });
  });
});
