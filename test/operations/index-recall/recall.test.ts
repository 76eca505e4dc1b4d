import { PassThrough } from 'node:stream';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../../src/database/database.ts';
import { measureRecall, type RecallOptions } from '../../../src/operations/index-recall/recall.ts';
import { resolveInputs } from '../../../src/sources/inputs.ts';
import {
  type IndexType,
  indexServes,
  type Metric,
  metricsOf,
  operatorClassOf,
  operatorOf,
  type VectorType,
} from '../../../src/vector/metrics.ts';
import { eachDatabase } from '../../support/databases.ts';
import { collectReports } from '../../support/reports.ts';
import { noServer } from '../../support/servers.ts';
import { temporaryFile } from '../../support/temporary.ts';
import { asText, plainRecall, randomVectors } from './plain.ts';

const types: readonly VectorType[] = ['vector', 'halfvec', 'sparsevec', 'bit'];
const [rows, dimensions, k] = [400, 12, 5];
const stored = Object.fromEntries(types.map((type) => [type, randomVectors(type, rows, dimensions, 1)]));
const asked = Object.fromEntries(types.map((type) => [type, randomVectors(type, 40, dimensions, 2)]));

const kinds = types.flatMap((type) =>
  metricsOf(type).flatMap((metric) =>
    (['hnsw', 'ivfflat'] as const)
      .filter((kind) => indexServes(kind, type, metric))
      .map((kind): [VectorType, Metric, IndexType] => [type, metric, kind]),
  ),
);

eachDatabase((fixture) => {
  let database: Database;
  beforeAll(async () => {
    database = await fixture.open();
    await database.query('CREATE EXTENSION vector');
    for (const type of types) {
      await database.query(`CREATE TABLE of_${type} (id int PRIMARY KEY, v ${type}(${dimensions}))`);
      const values = stored[type]!.map((vector, id) => `(${id}, '${asText(type, vector)}')`);
      await database.query(`INSERT INTO of_${type} VALUES ${values.join(',')}, (-1, NULL)`);
      await database.query(`ANALYZE of_${type}`);
    }
  });

  /** A graph so thin, and lists so short, that they miss a lot. */
  async function withIndex<T>(
    type: VectorType,
    kind: IndexType,
    expression: string,
    work: () => Promise<T>,
  ): Promise<T> {
    const parameters = kind === 'hnsw' ? 'm = 2, ef_construction = 4' : 'lists = 20';
    await database.query(
      `CREATE INDEX an_index ON of_${type} USING ${kind} (${expression}) WITH (${parameters})`,
    );
    await database.query(`SET hnsw.ef_search = ${k}`);
    return work().finally(() => database.query('DROP INDEX an_index; RESET hnsw.ef_search'));
  }

  async function queryFile(type: VectorType) {
    const lines = asked[type]!.map((vector) => `{"v":"${asText(type, vector)}"}\n`);
    const file = await temporaryFile('queries.jsonl', lines.join(''));
    const [input] = await resolveInputs([file], { cwd: '/', stdin: new PassThrough() }, () => {});
    return { input: input!, reading: {} };
  }

  async function recall(options: Partial<RecallOptions>) {
    const reports = collectReports();
    const { signal } = new AbortController();
    const result = await measureRecall(database, { index: 'an_index', k, ...options }, reports, signal);
    return { ...result, reports };
  }

  /** What the index answers, by plain SQL. */
  async function answers(
    statement: (vector: string) => string,
    vectors: readonly string[],
  ): Promise<number[][]> {
    return database.transaction(async (session) => {
      await session.query('SET LOCAL enable_seqscan = off');
      await session.query('SET LOCAL enable_sort = off');
      const found: number[][] = [];
      for (const vector of vectors) {
        const { rows } = await session.query<{ id: number }>(statement(vector));
        found.push(rows.map(({ id }) => id));
      }
      return found;
    });
  }

  // The same on both, and a server answers faster.
  const first: typeof kinds = [['vector', 'cosine', 'hnsw']];
  test.each(fixture.kind === 'embedded' && noServer === null ? first : kinds)(
    '%s %s %s: as computed from the data alone',
    async (type, metric, kind) => {
      await withIndex(type, kind, `v ${operatorClassOf(type, metric)}`, async () => {
        const result = await recall({ queries: await queryFile(type) });
        const nearest = (vector: string) =>
          `SELECT id FROM of_${type} ORDER BY v ${operatorOf(metric)} '${vector}' LIMIT ${k}`;
        const found = await answers(
          nearest,
          asked[type]!.map((vector) => asText(type, vector)),
        );
        const expected = plainRecall(stored[type]!, asked[type]!, found, { metric, k });
        expect(result).toMatchObject({
          table: `of_${type}`,
          type: kind,
          metric,
          k,
          queries: 40,
        });
        expect(result.recall).toBeCloseTo(expected, 10);
        expect(result.recall).toBeLessThan(1);
        expect(result.recallLow).toBeLessThan(result.recall);
        expect(result.recallHigh).toBeGreaterThan(result.recall);
        expect(result.p95Ms).toBeGreaterThanOrEqual(result.p50Ms);
      });
    },
  );

  test('rows search with their own vectors, and are no answer to themselves', async () => {
    await withIndex('vector', 'hnsw', 'v vector_l2_ops', async () => {
      const { recall: measured, queries } = await recall({ sample: 1000 });
      expect(queries).toBe(rows);
      await database.query(`SET hnsw.ef_search = ${k + 1}`);
      const vectors = stored.vector!;
      const nearest = (vector: string) =>
        `SELECT id FROM of_vector ORDER BY v <-> '${vector}' LIMIT ${k + 1}`;
      const found = await answers(
        nearest,
        vectors.map((vector) => asText('vector', vector)),
      );
      const others = found.map((ids, query) => ids.filter((id) => id !== query).slice(0, k));
      const expected = plainRecall(
        vectors,
        vectors,
        others,
        { metric: 'l2', k },
        (row, query) => row !== query,
      );
      expect(measured).toBeCloseTo(expected, 10);
    });
  });

  if (fixture.kind === 'embedded' && noServer === null) return;

  test.each([
    ['half', 'vector_l2_ops', 'l2'],
    ['binary', 'bit_hamming_ops', 'cosine'],
  ] as const)('an index on vectors in %s precision', async (quantization, operatorClass, metric) => {
    const half = quantization === 'half';
    const held = (vector: string) =>
      half ? `${vector}::halfvec(${dimensions})` : `binary_quantize(${vector})::bit(${dimensions})`;
    const expression = `(${held('v')}) ${half ? 'halfvec_l2_ops' : operatorClass}`;
    await withIndex('vector', 'hnsw', expression, async () => {
      await database.query('SET hnsw.ef_search = 30');
      const result = await recall({ queries: await queryFile('vector'), rerank: 20 });
      const candidates = (vector: string) => `SELECT id, v FROM of_vector
        ORDER BY (${held('v')}) ${half ? '<->' : '<~>'} (${held(`'${vector}'::vector`)}) LIMIT 20`;
      const nearest = (vector: string) =>
        `WITH c AS MATERIALIZED (${candidates(vector)}) SELECT id FROM c ORDER BY v ${operatorOf(metric)} '${vector}' LIMIT ${k}`;
      const found = await answers(
        nearest,
        asked.vector!.map((vector) => asText('vector', vector)),
      );
      expect(result).toMatchObject({ metric, rerank: 20 });
      expect(result.recall).toBeCloseTo(plainRecall(stored.vector!, asked.vector!, found, { metric, k }), 10);
    });
  });

  test('more candidates to rerank make the search wider, as they do for `pgv search`', async () => {
    const expression = `(binary_quantize(v)::bit(${dimensions})) bit_hamming_ops`;
    await withIndex('vector', 'hnsw', expression, async () => {
      const few = await recall({ rerank: 6 });
      const many = await recall({ rerank: 200 });
      expect(few).toMatchObject({ efSearch: 6, rerank: 6 });
      expect(many).toMatchObject({ efSearch: 200, rerank: 200 });
      expect(many.recall).toBeGreaterThan(few.recall + 0.1);
    });
    await withIndex('vector', 'hnsw', 'v vector_l2_ops', async () => {
      await expect(recall({ rerank: 200 })).rejects.toMatchObject({ code: 'nothing-to-rerank' });
    });
  });

  test('names are such as commands take, outside of the search path too', async () => {
    await database.query('CREATE SCHEMA aside');
    await database.query('CREATE TABLE aside.apart AS SELECT * FROM of_vector WHERE v IS NOT NULL');
    await database.query('CREATE INDEX apart_hnsw ON aside.apart USING hnsw (v vector_l2_ops)');
    const names = { table: 'aside.apart', index: 'aside.apart_hnsw' };
    const result = await recall({ index: undefined, table: 'aside.apart' });
    expect(result).toMatchObject(names);
    expect(await recall({ index: result.index })).toMatchObject(names);
  });

  test('one connection is enough, where the role may have no more', async () => {
    const { rows: here } = await database.query<{ d: string }>('SELECT current_database() AS d');
    const role = `${here[0]!.d}_lone`;
    await database.query(`CREATE ROLE ${role} LOGIN CONNECTION LIMIT 1`);
    await database.query(
      "CREATE TABLE long AS SELECT v, repeat('x', 300) FROM of_vector WHERE v IS NOT NULL",
    );
    await database.query(`GRANT SELECT ON long TO ${role}`);
    await database.query('CREATE INDEX long_hnsw ON long USING hnsw (v vector_l2_ops)');
    await database.query('ANALYZE long');
    const own = await fixture.open({ user: role });
    // Fewer candidates than rows are asked for tell no bound: so the comparison is in several parts.
    await own.query("SELECT '[0]'::vector; SET hnsw.ef_search = 3");
    const { signal } = new AbortController();
    const asked = { index: 'long_hnsw', k, sample: 10 };
    expect(await measureRecall(own, asked, collectReports(), signal)).toMatchObject({ efSearch: 3 });
    await own.close();
    await database.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  });

  describe('filtered', () => {
    const passes = (row: number) => row % 4 === 1;
    const nearest = (vector: string) =>
      `SELECT id FROM of_vector WHERE id % 4 = 1 ORDER BY v <-> '${vector}' LIMIT ${k}`;

    test.each(['off', 'strict_order', 'relaxed_order'])('with iterative scans %s', async (scan) => {
      await withIndex('vector', 'hnsw', 'v vector_l2_ops', async () => {
        await database.query(`SET hnsw.iterative_scan = ${scan}`);
        const result = await recall({ queries: await queryFile('vector'), where: 'id % 4 = 1 -- a comment' });
        const found = await answers(
          nearest,
          asked.vector!.map((vector) => asText('vector', vector)),
        );
        await database.query('RESET hnsw.iterative_scan');
        const expected = plainRecall(stored.vector!, asked.vector!, found, { metric: 'l2', k }, passes);
        expect(result.iterativeScan).toBe(scan);
        expect(result.recall).toBeCloseTo(expected, 10);
      });
    });

    test('a partial index is measured by its own condition', async () => {
      await database.query(
        'CREATE INDEX partial ON of_vector USING hnsw (v vector_l2_ops) WITH (m = 2, ef_construction = 4) WHERE id % 4 = 1',
      );
      const result = await recall({ index: 'partial', sample: 1000 });
      expect(result).toMatchObject({ queries: 100, where: '((id % 4) = 1)' });
      expect(result.reports.notes.join()).toContain('partial');
      await expect(recall({ index: 'partial', where: 'id > 5' })).rejects.toMatchObject({
        message: expect.stringMatching(/index partial does not serve these searches: no index does/),
        hint: expect.stringContaining("--where '((id % 4) = 1)'"),
      });
      await database.query('DROP INDEX partial');
      await database.query(
        "CREATE INDEX partial ON of_vector USING hnsw (v vector_l2_ops) WHERE id::text <> 'a'",
      );
      await expect(recall({ index: 'partial', where: 'id > 5' })).rejects.toMatchObject({
        hint: expect.stringContaining(`--where "((id)::text <> 'a'::text)"`),
      });
      await database.query('DROP INDEX partial');
    });
  });

  test('parts of a partitioned table, whose rows share places', async () => {
    await database.query(`CREATE TABLE parted (id int, v vector(${dimensions})) PARTITION BY HASH (id)`);
    for (const part of [0, 1])
      await database.query(
        `CREATE TABLE parted_${part} PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER ${part})`,
      );
    await database.query('INSERT INTO parted SELECT id, v FROM of_vector');
    await database.query('CREATE INDEX parted_hnsw ON parted USING hnsw (v vector_l2_ops)');
    await database.query('ANALYZE parted');
    await database.query('SET hnsw.ef_search = 400');
    const result = await recall({ index: 'parted_hnsw', sample: 1000 });
    expect(result).toMatchObject({ queries: rows, recall: 1 });
    await database.query('RESET hnsw.ef_search');
  });

  test('queries that have nothing to find do not count', async () => {
    await database.query('CREATE TABLE zeros (id int, v vector(2))');
    await database.query(`INSERT INTO zeros SELECT i, CASE WHEN i < 5 THEN '[0,0]' ELSE '[1,' || i || ']' END::vector
      FROM generate_series(1, 40) i`);
    await database.query('CREATE INDEX zeros_hnsw ON zeros USING hnsw (v vector_cosine_ops)');
    const result = await recall({ index: 'zeros_hnsw' });
    expect(result).toMatchObject({ queries: 36, recall: 1 });
    expect(result.reports.warnings.join()).toContain('4 of 40 queries have no row to find');
    // So few rows are compared sooner than a graph is walked.
    await database.query('SET hnsw.ef_search = 1000');
    const dear = await recall({ index: 'zeros_hnsw' });
    expect(dear).toMatchObject({ planned: false, efSearch: 1000, recall: 1 });
    expect(dear.reports.warnings.join()).toContain('the planner does not use index zeros_hnsw');
    await database.query('RESET hnsw.ef_search');
    await database.query('TRUNCATE zeros');
    await expect(recall({ index: 'zeros_hnsw' })).rejects.toMatchObject({ message: /no row to search/ });
    await database.query("INSERT INTO zeros SELECT i, '[0,0]' FROM generate_series(1, 20) i");
    await expect(recall({ index: 'zeros_hnsw' })).rejects.toMatchObject({
      message: 'no query has a row to find',
    });
  });

  test("a role's settings are in force, and none of the session's own", async () => {
    const name = `${(await database.query<{ d: string }>('SELECT current_database() AS d')).rows[0]!.d}_app`;
    await database.query(`CREATE ROLE ${name}`);
    await withIndex('vector', 'hnsw', 'v vector_l2_ops', async () => {
      await database.query(`ALTER ROLE ${name} SET hnsw.ef_search = 77`);
      expect(await recall({ role: name })).toMatchObject({ efSearch: 77 });
      await database.query(`ALTER ROLE ${name} IN DATABASE ${name.slice(0, -4)} SET hnsw.ef_search = 88`);
      expect(await recall({ role: name })).toMatchObject({ efSearch: 88 });
      expect((await recall({ k: 6 })).reports.warnings.join()).toContain('hnsw.ef_search is 5');
      await expect(recall({ role: 'nobody at all' })).rejects.toMatchObject({
        message: 'role nobody at all does not exist',
      });
    });
    await database.query(`DROP ROLE ${name}`);
  });

  test('which index is meant', async () => {
    await expect(recall({ index: undefined, table: 'of_vector' })).rejects.toMatchObject({
      message: 'of_vector has no vector index',
    });
    await withIndex('vector', 'hnsw', 'v vector_l2_ops', async () => {
      expect(await recall({ index: undefined, table: 'of_vector' })).toMatchObject({ index: 'an_index' });
      await database.query(
        'CREATE INDEX other ON of_vector USING ivfflat (v vector_l2_ops) WITH (lists = 10)',
      );
      await expect(recall({ index: undefined, table: 'of_vector' })).rejects.toMatchObject({
        message: 'table of_vector has 2 vector indexes: an_index, other',
      });
      // Either is measured beside the other.
      expect(await recall({ index: 'other' })).toMatchObject({ probes: 1 });
      expect(await recall({})).toMatchObject({ efSearch: 5 });
      await database.query('DROP INDEX other');
      await expect(recall({ where: 'nope = 1' })).rejects.toMatchObject({
        message: expect.stringContaining('column "nope" does not exist'),
        hint: 'check --where',
      });
    });
    await expect(recall({ index: 'of_vector_pkey' })).rejects.toMatchObject({ code: 'not-a-vector-index' });
  });
});
