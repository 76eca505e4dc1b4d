import { PassThrough } from 'node:stream';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { searchBatch } from '../../src/operations/search/batch.ts';
import type { Hit } from '../../src/operations/search/hits.ts';
import { type SearchOptions, search } from '../../src/operations/search/search.ts';
import { searchText } from '../../src/operations/search/text.ts';
import { silentReporter } from '../../src/progress.ts';
import { resolveInputs } from '../../src/sources/inputs.ts';
import { quantized } from '../../src/sql/quantized.ts';
import {
  type IndexType,
  indexServes,
  type Metric,
  metricsOf,
  operatorClassOf,
  operatorOf,
  type VectorType,
} from '../../src/vector/metrics.ts';
import {
  canQuantize,
  metricsServed,
  type Quantization,
  quantizedMetric,
  quantizedType,
} from '../../src/vector/quantization.ts';
import { runInMemory } from '../commands/memory-io.ts';
import { emptyDatabase, type Fixture } from '../support/databases.ts';
import { noServer } from '../support/servers.ts';
import { temporaryFile } from '../support/temporary.ts';

const dimensions = 8;
const rows = 60;
const k = 12;

/** Deterministic; few different values, so that distances tie. */
function numbers(seed: number): number[] {
  return Array.from(
    { length: dimensions },
    (_, i) => Math.round(Math.sin(seed * 12.9898 + i * 78.233) * 8) / 8,
  );
}

const literal: Record<VectorType, (seed: number) => string> = {
  vector: (seed) => `[${numbers(seed)}]`,
  halfvec: (seed) => `[${numbers(seed)}]`,
  sparsevec: (seed) =>
    `{${numbers(seed).flatMap((value, i) => (i % 3 === seed % 3 || value === 0 ? [] : [`${i + 1}:${value}`]))}}/${dimensions}`,
  bit: (seed) =>
    numbers(seed)
      .map((value) => Number(value > 0))
      .join(''),
};
const zero: Record<VectorType, string> = {
  vector: `[${new Array(dimensions).fill(0)}]`,
  halfvec: `[${new Array(dimensions).fill(0)}]`,
  sparsevec: `{}/${dimensions}`,
  bit: '0'.repeat(dimensions),
};
const types = Object.keys(literal) as VectorType[];
const metricsByType = types.flatMap((type) => metricsOf(type).map((metric) => [type, metric] as const));

/** Every index that pgvector has for the metric. */
function indexesFor(type: VectorType, metric: Metric): { kind: IndexType; quantization: Quantization }[] {
  const quantizations = (['none', 'half', 'binary'] as const).filter(
    (quantization) =>
      canQuantize(type, quantization) &&
      metricsServed(quantizedMetric(metric, quantization), quantization).includes(metric),
  );
  return (['hnsw', 'ivfflat'] as const).flatMap((kind) =>
    quantizations
      .filter((quantization) =>
        indexServes(kind, quantizedType(type, quantization), quantizedMetric(metric, quantization)),
      )
      .map((quantization) => ({ kind, quantization })),
  );
}

const indexed = metricsByType.flatMap(([type, metric]) =>
  indexesFor(type, metric).map(({ kind, quantization }) => [type, metric, kind, quantization] as const),
);

// The same on both kinds, and a server answers faster.
describe.skipIf(noServer)('on a server', () => {
  let fixture: Fixture;
  let database: Database;
  let queriesOf: Record<VectorType, string>;
  beforeAll(async () => {
    fixture = await emptyDatabase('server');
    database = await fixture.open();
    await database.query('CREATE EXTENSION vector');
    // What the planner would choose for so small a table is not the question here.
    await database.query('SET enable_seqscan = off');
    for (const type of types) {
      await database.query(
        `CREATE TABLE "of ${type}" (id int PRIMARY KEY, content text, embedding ${type}(${dimensions}))`,
      );
      const values = Array.from({ length: rows }, (_, i) => `(${i}, 'word', '${literal[type](i)}')`);
      values.push(`(${rows}, 'word', NULL)`, `(${rows + 1}, 'word', '${zero[type]}')`);
      await database.query(`INSERT INTO "of ${type}" VALUES ${values.join(', ')}`);
    }
    const files = types.map(async (type) => {
      const lines = [500, 501, 502].map((seed) => `"${literal[type](seed)}"\n`);
      return [type, await temporaryFile(`${type}.csv`, `embedding\n${lines.join('')}`)] as const;
    });
    queriesOf = Object.fromEntries(await Promise.all(files)) as typeof queriesOf;
  });

  /** Every row with a vector, nearest first, as plain SQL has them. */
  async function plain(type: VectorType, metric: Metric, vector: string, but = -1) {
    // `+ 0`, so that no index serves.
    const distance = `(embedding ${operatorOf(metric)} '${vector}'::${type}(${dimensions})) + 0`;
    const { rows } = await database.query<{ id: number; distance: number }>(
      `SELECT id, ${distance} AS distance FROM "of ${type}" WHERE embedding IS NOT NULL AND id <> ${but} ORDER BY 2, 1`,
    );
    return rows;
  }

  /** Rows of one distance come in any order: so distances are those of the nearest, and each row has its own. */
  function expectNearest(
    hits: readonly Hit<number | null>[],
    all: readonly { id: number; distance: number }[],
  ) {
    expect(hits.map(({ distance }) => distance)).toEqual(all.slice(0, k).map(({ distance }) => distance));
    expect(new Set(hits.map(({ id }) => id)).size).toBe(k);
    const distanceOf = new Map(all.map(({ id, distance }) => [id, distance]));
    for (const { id, distance } of hits) expect(distance).toBe(distanceOf.get(id as number));
  }

  /** Asks in every way that there is, and compares with plain SQL. */
  async function expectEveryWay(type: VectorType, metric: Metric, options: Partial<SearchOptions>) {
    const common = { k, table: `of ${type}`, metric, ...options };
    const vector = literal[type](500);
    const byVector = await search(database, { ...common, query: { vector }, explain: true }, silentReporter);
    expectNearest(byVector.hits, await plain(type, metric, vector));
    const byId = await search(database, { ...common, query: { id: '7' } }, silentReporter);
    expectNearest(byId.hits, await plain(type, metric, literal[type](7), 7));
    const input = (
      await resolveInputs([queriesOf[type]], { cwd: '/', stdin: new PassThrough() }, () => {})
    )[0]!;
    const batch = { ...common, input, reading: {}, jobs: 1 };
    const { queries } = await searchBatch(database, batch, silentReporter, new AbortController().signal);
    expect(queries).toHaveLength(3);
    for (const { query, hits } of queries) {
      expectNearest(hits, await plain(type, metric, literal[type](500 + query)));
    }
    const hybrid = { query: { vector }, fusion: { rrfK: 60 } };
    // No text matches: places by distance alone.
    const fused = await searchText(database, { ...common, text: 'nothing', hybrid }, silentReporter);
    expectNearest(fused.hits, await plain(type, metric, vector));
    return byVector.explanation!;
  }

  test.each(metricsByType)('%s by %s, every row compared', async (type, metric) => {
    const { road } = await expectEveryWay(type, metric, { exact: true });
    expect(road).toBe('exact');
  });

  test.each(indexed)('%s by %s through %s, quantised: %s', async (type, metric, kind, quantization) => {
    const expression = quantized('embedding', quantization, dimensions, 'public');
    const operators = operatorClassOf(
      quantizedType(type, quantization),
      quantizedMetric(metric, quantization),
    );
    const lists = kind === 'ivfflat' ? 'WITH (lists = 3)' : '';
    await database.query('DROP INDEX IF EXISTS the_index');
    await database.query(
      `CREATE INDEX the_index ON "of ${type}" USING ${kind} ((${expression}) ${operators}) ${lists}`,
    );
    // All lists, and as many candidates as there are rows: so the index leaves nothing out.
    const everything = { efSearch: 200, probes: 3, ...(quantization !== 'none' && { rerank: rows + 1 }) };
    const { index, reranked } = await expectEveryWay(type, metric, everything);
    expect(index).toBe('the_index');
    if (quantization === 'none') expect(reranked).toBeNull();
    else expect(reranked).toBeGreaterThanOrEqual(rows);
  });

  describe('on the command line', () => {
    test.each(metricsByType)('%s by %s, from stdin', async (type, metric) => {
      const args = ['search', '-', '-t', `of ${type}`, '--metric', metric, '-k', String(k), '--json'];
      const input = `${literal[type](500)}\n`;
      const { out } = await runInMemory(args, { env: { PGV_URL: fixture.url }, input });
      expectNearest(JSON.parse(out).hits, await plain(type, metric, literal[type](500)));
    });
  });
});
