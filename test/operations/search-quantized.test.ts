import { PassThrough } from 'node:stream';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { searchBatch } from '../../src/operations/search/batch.ts';
import { type SearchOptions, search } from '../../src/operations/search/search.ts';
import { resolveInputs } from '../../src/sources/inputs.ts';
import { eachDatabase } from '../support/databases.ts';
import { loadPackages, type PackageQuery, packageQueries } from '../support/packages.ts';
import { collectReports } from '../support/reports.ts';
import { noServer } from '../support/servers.ts';
import { temporaryFile } from '../support/temporary.ts';

const half = '(embedding::halfvec(64)) halfvec_cosine_ops';
const bits = '(binary_quantize(embedding)::bit(64)) bit_hamming_ops';

eachDatabase((fixture) => {
  let database: Database;
  let queries: PackageQuery[];
  let vectors: string[];
  beforeAll(async () => {
    database = await fixture.open();
    await loadPackages(database);
    queries = await packageQueries();
    vectors = queries.map(({ vector }) => JSON.stringify(vector));
  });
  afterEach(async () => {
    const { rows } = await database.query<{ drop: string }>(
      `SELECT format('DROP INDEX %I', indexname) AS drop FROM pg_indexes WHERE indexname LIKE 'the%'`,
    );
    for (const { drop } of rows) await database.query(drop);
    await database.query('RESET enable_seqscan');
  });

  async function index(name: string, what: string, rest = ''): Promise<void> {
    await database.query(`CREATE INDEX ${name} ON packages USING hnsw (${what}) ${rest}`);
    // What the planner would choose for so small a table is not the question here.
    await database.query('SET enable_seqscan = off');
  }

  async function found(options: Partial<SearchOptions> = {}) {
    const reports = collectReports();
    const query = { vector: vectors[0]! };
    const asked = { table: 'packages', query, k: 10, explain: true, ...options };
    const result = await search(database, asked, reports);
    return { ...result, ids: result.hits.map(({ id }) => id), notes: reports.notes };
  }

  async function batch(vectors: readonly string[], options: Partial<SearchOptions>) {
    const file = await temporaryFile(
      'queries.jsonl',
      vectors.map((vector) => `{"embedding":${vector}}\n`).join(''),
    );
    const [input] = await resolveInputs([file], { cwd: '/', stdin: new PassThrough() }, () => {});
    const reports = collectReports();
    const asked = { table: 'packages', input: input!, reading: {}, k: 10, jobs: 1, ...options };
    const result = await searchBatch(database, asked, reports, new AbortController().signal);
    return { answers: result.queries.map(({ hits }) => hits), notes: reports.notes };
  }

  /** The share of the known neighbours that a search finds. */
  async function recall(options: Partial<SearchOptions>): Promise<number> {
    const { answers } = await batch(vectors, options);
    let right = 0;
    for (const [i, hits] of answers.entries()) {
      const distances = hits.map(({ distance }) => distance);
      expect(distances).toEqual([...distances].sort((a, b) => a - b));
      right += hits.filter(({ id }) => queries[i]!.neighbors.includes(id as number)).length;
    }
    return right / (queries.length * 10);
  }

  test('half precision and bits find real neighbours, in the order of their exact distance', async () => {
    await index('the_half', half);
    const byHalf = await found();
    expect(byHalf).toMatchObject({ metric: 'cosine', notes: [] });
    expect(byHalf.explanation).toMatchObject({ road: 'iterative', index: 'the_half', reranked: 11 });
    expect(await recall({ efSearch: 100 })).toBeGreaterThan(0.98);
    await database.query('DROP INDEX the_half');
    await index('the_bits', bits);
    expect((await found()).explanation).toMatchObject({ index: 'the_bits', reranked: 200 });
    expect((await found({ efSearch: 300 })).explanation).toMatchObject({ reranked: 300 });
    expect((await found({ efSearch: 300, rerank: 30 })).explanation).toMatchObject({ reranked: 30 });
    // Of all signs, the 10 nearest hold 39 % of the neighbours, the 200 nearest 86 %, the 400 nearest 93 %.
    expect(await recall({ rerank: 10 })).toBeLessThan(0.5);
    expect(await recall({})).toBeGreaterThan(0.8);
    expect(await recall({ rerank: 400 })).toBeGreaterThan(0.9);
  });

  // The same on both, and a server answers faster.
  if (fixture.kind === 'embedded' && noServer === null) return;

  describe('which index', () => {
    test('one on the vectors themselves goes before others, but for --rerank', async () => {
      await index('the_half', half);
      await index('the_bits', bits);
      await index('the_plain', 'embedding vector_cosine_ops');
      expect((await found()).explanation).toMatchObject({ index: 'the_plain', reranked: null });
      expect((await found({ rerank: 30 })).explanation).toMatchObject({ index: 'the_half', reranked: 30 });
      expect((await found({ exact: true, rerank: 30 })).explanation).toMatchObject({ index: null });
    });

    test('a metric that only the quantised one serves, and the default one', async () => {
      await index('the_plain', 'embedding vector_l2_ops');
      await index('the_half', '(embedding::halfvec(64)) halfvec_ip_ops');
      await index('the_bits', bits);
      expect(await found()).toMatchObject({ metric: 'l2', explanation: { index: 'the_plain' } });
      const l2 = await found({ rerank: 20 });
      expect(l2).toMatchObject({ metric: 'l2', notes: [], explanation: { index: 'the_bits', reranked: 20 } });
      const ip = await found({ metric: 'ip', rerank: 20 });
      expect(ip).toMatchObject({ notes: [], explanation: { index: 'the_half' } });
      const cosine = await found({ metric: 'cosine' });
      expect(cosine).toMatchObject({ notes: [], explanation: { index: 'the_bits', reranked: 200 } });
      const l1 = await found({ metric: 'l1', rerank: 20 });
      expect(l1.explanation).toMatchObject({ index: null, reranked: null });
      expect(l1.notes).toEqual([
        'no half-precision or binary index on embedding serves l1, so there is nothing to rerank',
        expect.stringMatching(/^no index serves l1 on embedding \(there is one for l2, ip, cosine\)/),
      ]);
    });

    test('a partial one serves searches that repeat its condition, others compare every row exactly', async () => {
      await index('the_bits', bits, "WHERE section = 'games'");
      const filters = [{ key: 'section', operator: '=', values: ['games'] }] as const;
      expect((await found({ filters })).explanation).toMatchObject({ index: 'the_bits' });
      const all = await found();
      expect(all.explanation).toMatchObject({ road: 'exact', index: null, reranked: null });
      expect(all.ids).toEqual(queries[0]!.neighbors);
    });

    test.each([
      ['of one form', half, half],
      ['of two forms', half, bits],
      ['of two forms, the worse one first', bits, half],
      ['of which one holds the vectors themselves', 'embedding vector_cosine_ops', half],
    ])('of partial ones the one whose condition the search repeats: two %s', async (_, games, python) => {
      await index('the_games', games, "WHERE section = 'games'");
      await index('the_python', python, "WHERE section = 'python'");
      for (const section of ['games', 'python']) {
        const filters = [{ key: 'section', operator: '=', values: [section] }] as const;
        // All that the index holds are candidates: so what it gives is exact.
        const through = await found({ filters, rerank: 1000, efSearch: 1000 });
        expect(through.explanation).toMatchObject({ index: `the_${section}` });
        expect(through.ids).toEqual((await found({ filters, exact: true })).ids);
        const usual = await found({ filters });
        expect(usual.explanation).toMatchObject({ index: `the_${section}` });
        const { answers } = await batch([vectors[0]!], { filters });
        expect(answers).toEqual([usual.hits]);
      }
      const all = await found();
      expect(all.explanation).toMatchObject({ road: 'exact', index: null, reranked: null });
      expect(all.ids).toEqual(queries[0]!.neighbors);
    });

    test('where the planner would rather compare every row, it compares them exactly', async () => {
      await index('the_bits', bits);
      await database.query('SET enable_seqscan = on');
      const where = 'id < 30';
      const { ids, explanation } = await found({ where });
      expect(explanation).toMatchObject({ road: 'exact', reranked: null });
      expect(ids).toEqual((await found({ where, exact: true })).ids);
    });

    test.each([
      '(embedding::halfvec(3)) halfvec_cosine_ops',
      '(binary_quantize(embedding)::bit(3)) bit_hamming_ops',
    ])('of a column of several dimensions it serves its own: %s', async (what) => {
      await database.query('CREATE TABLE mixed (id int PRIMARY KEY, model int, embedding vector)');
      await database.query(
        `INSERT INTO mixed VALUES (1, 1, '[1,2,3]'), (2, 1, '[3,2,1]'), (3, 2, '[1,1,1,1]'), (4, 2, '[-1,1,1,1]')`,
      );
      await database.query(`CREATE INDEX the_first ON mixed USING hnsw (${what}) WHERE model = 1`);
      await database.query('SET enable_seqscan = off');
      const mixed = (vector: string, model: number) =>
        found({ table: 'mixed', query: { vector }, k: 2, where: `model = ${model}` });
      expect(await mixed('[1,2,4]', 1)).toMatchObject({ ids: [1, 2], explanation: { index: 'the_first' } });
      expect(await mixed('[1,1,1,2]', 2)).toMatchObject({ ids: [3, 4], explanation: { index: null } });
      const byId = { table: 'mixed', query: { id: '3' }, where: 'model = 2' };
      expect((await found(byId)).ids).toEqual([4]);
      const { answers } = await batch(['[1,1,1,2]'], { table: 'mixed', k: 2, where: 'model = 2' });
      expect(answers.map((hits) => hits.map(({ id }) => id))).toEqual([[3, 4]]);
      const four = what.replaceAll('(3)', '(4)');
      await database.query(`CREATE INDEX the_second ON mixed USING hnsw (${four}) WHERE model = 2`);
      expect(await mixed('[1,2,4]', 1)).toMatchObject({ ids: [1, 2], explanation: { index: 'the_first' } });
      expect(await mixed('[1,1,1,2]', 2)).toMatchObject({
        ids: [3, 4],
        explanation: { index: 'the_second' },
      });
      await database.query('DROP TABLE mixed');
    });

    test('one that is not valid serves nobody', async () => {
      await index('the_bits', bits);
      await database.query(`UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'the_bits'::regclass`);
      expect((await found()).explanation).toMatchObject({ index: null });
    });
  });

  describe('the answer is complete', () => {
    test('rows without a vector, zero vectors, which half precision has no direction of, and tiny ones', async () => {
      await database.query('CREATE TABLE few (id int PRIMARY KEY, embedding vector(2))');
      await database.query(
        `INSERT INTO few VALUES (0, '[0,0]'), (1, '[0,0]'), (2, '[1,0]'), (3, NULL), (4, '[1e-9,1e-9]'), (5, '[1,2]')`,
      );
      await database.query('CREATE INDEX ON few USING hnsw ((embedding::halfvec(2)) halfvec_cosine_ops)');
      await database.query('SET enable_seqscan = off');
      const near = (vector: string, k: number) => found({ table: 'few', query: { vector }, k });
      expect((await near('[1,1]', 1)).explanation).toMatchObject({ reranked: 2 });
      // What the index left out is the nearest.
      const three = await near('[1,1]', 3);
      expect(three.ids).toEqual([4, 5, 2]);
      expect(three.notes.join()).toMatch(/gave 2 of 3 rows, so every row was compared/);
      expect(three.explanation).toMatchObject({ road: 'exact', reranked: null });
      expect((await near('[1,1]', 9)).ids).toEqual([4, 5, 2, 0, 1]);
      const { answers } = await batch(['[1,1]', '[1,0]'], { table: 'few', k: 3 });
      expect(answers.map((hits) => hits.map(({ id }) => id))).toEqual([three.ids, [2, 4, 5]]);
      // Beyond half precision, on either side.
      for (const vector of ['[1e-9,1e-9]', '[70000,70000]']) {
        const { ids, explanation } = await near(vector, 1);
        expect(ids).toEqual([4]);
        expect(explanation).toMatchObject({ road: 'exact' });
      }
      await database.query('DROP TABLE few');
    });

    test('candidates come in whichever order an iterative scan finds them', async () => {
      await index('the_bits', bits);
      const asked = { where: 'id % 100 = 3', k: 2, rerank: 2, efSearch: 1 };
      const scanned = async (iterativeScan?: SearchOptions['iterativeScan']) =>
        (await found({ ...asked, iterativeScan })).explanation!.rowsScanned;
      const usual = await scanned();
      expect(usual).toBe(await scanned('relaxed_order'));
      // Which passes over what it finds late.
      expect(usual).toBeGreaterThan(await scanned('strict_order'));
    });

    test('without iterative scans more candidates are taken, then every row', async () => {
      await index('the_bits', bits);
      const few = { where: 'id % 10 = 3', k: 5, rerank: 6, efSearch: 10, iterativeScan: 'off' } as const;
      const wider = await found(few);
      expect(wider.ids).toHaveLength(5);
      expect(wider.explanation).toMatchObject({ road: 'wider', index: 'the_bits', reranked: 6 });
      const all = await found({ ...few, k: 100, rerank: 100 });
      expect(all.ids).toHaveLength(100);
      const exact = await found({ ...few, k: 101, rerank: 101 });
      expect(exact.ids).toEqual((await found({ ...few, k: 101, exact: true })).ids);
      expect(exact.explanation).toMatchObject({ road: 'exact', cutShort: { index: 'the_bits' } });
    });

    test('a batch: candidates of their own for each query, and k rows for each', async () => {
      await index('the_bits', bits);
      const { answers } = await batch(vectors, {});
      for (const i of [0, 12, 24]) {
        const query = { vector: vectors[i]! };
        expect(answers[i]).toEqual((await found({ query })).hits);
      }
      const where = 'id % 10 = 3';
      const cut = await batch(vectors, { where, k: 101, rerank: 101, iterativeScan: 'off' });
      expect(cut.answers.map((hits) => hits.length)).toEqual(queries.map(() => 100));
      expect(cut.notes.join()).toMatch(/fewer than 101 rows, so they were asked again/);
      expect(cut.answers).toEqual((await batch(vectors, { where, k: 101, exact: true })).answers);
    });
  });

  test('more than 2,000 dimensions, and a column that is declared without', async () => {
    await database.query('CREATE TABLE wide (id int PRIMARY KEY, embedding vector)');
    await database.query(`INSERT INTO wide SELECT i, array_agg(sin(i * j)::float4 ORDER BY j)::vector
      FROM generate_series(1, 50) AS i, generate_series(1, 2100) AS j GROUP BY i`);
    await database.query('SET enable_seqscan = off');
    const near = (options: Partial<SearchOptions>) =>
      found({ table: 'wide', query: { id: '7' }, columns: [], ...options });
    const exact = await near({ exact: true });
    for (const what of [
      '(embedding::halfvec(2100)) halfvec_l2_ops',
      '(binary_quantize(embedding)::bit(2100)) bit_hamming_ops',
    ]) {
      await database.query(`CREATE INDEX the_wide ON wide USING hnsw (${what})`);
      const through = await near({ metric: 'l2', rerank: 50 });
      expect(through.explanation).toMatchObject({ index: 'the_wide', reranked: 49 });
      expect(through.ids).toEqual((await near({ metric: 'l2', exact: true })).ids);
      await database.query('DROP INDEX the_wide');
    }
    expect(exact.ids).toHaveLength(10);
    await expect(near({ query: { vector: '[1,2]' } })).rejects.toMatchObject({
      message: expect.stringContaining('different vector dimensions 2100 and 2'),
    });
  });
});
