import { beforeAll, beforeEach, expect, test } from 'vitest';
import type { Database } from '../../../../src/database/database.ts';
import { bytesOfBuild, memoryForBuild } from '../../../../src/operations/index-create/memory.ts';
import { checkIndex, indexAfterLoad } from '../../../../src/operations/ingest/around/index-after-load.ts';
import { describeTable } from '../../../../src/operations/tables.ts';
import type { IndexType } from '../../../../src/vector/metrics.ts';
import { eachDatabase } from '../../../support/databases.ts';
import { collectReports } from '../../../support/reports.ts';

eachDatabase((fixture) => {
  let database: Database;

  beforeAll(async () => {
    database = await fixture.open();
    await database.query('CREATE EXTENSION vector');
  });

  beforeEach(async () => {
    await database.query(`DROP TABLE IF EXISTS "my docs";
      CREATE TABLE "my docs" (id int PRIMARY KEY, a vector(3), b halfvec(3), wide vector(2001))`);
  });

  async function loaded(columns: readonly string[], created = true) {
    const table = (await describeTable(database, 'my docs'))!;
    return { table, created, columns: table.columns.filter(({ name }) => columns.includes(name)) };
  }

  async function index(columns: readonly string[], type: IndexType = 'hnsw', created = true) {
    const reports = collectReports();
    await indexAfterLoad(
      database,
      await loaded(columns, created),
      type,
      reports,
      new AbortController().signal,
    );
    return reports;
  }

  const fill = (rows: number) =>
    database.query(
      `INSERT INTO "my docs" SELECT i, ARRAY[i, 1, 1], ARRAY[i, 1, 1] FROM generate_series(1, ${rows}) i`,
    );

  test('the loaded vectors get their index, once', async () => {
    await fill(1000);
    await checkIndex(database, await loaded(['id', 'b']), 'hnsw');
    expect((await index(['id', 'b'])).notes).toEqual([
      expect.stringContaining('created index my docs_b_hnsw_cosine'),
    ]);
    expect((await index(['b'], 'hnsw', false)).notes).toEqual([
      'index my docs_b_hnsw_cosine is there already',
    ]);
    expect((await index(['a'], 'ivfflat', false)).notes).toEqual([
      expect.stringContaining('my docs_a_ivfflat_cosine'),
    ]);
  });

  test('what cannot be indexed is told before the load; an empty table is no reason', async () => {
    await expect(checkIndex(database, await loaded(['wide']), 'hnsw')).rejects.toMatchObject({
      code: 'too-many-dimensions',
    });
    await expect(checkIndex(database, await loaded(['a', 'b']), 'hnsw')).rejects.toMatchObject({
      code: 'ambiguous-column',
    });
    await checkIndex(database, await loaded(['a']), 'ivfflat');
  });

  test('a failure says that the rows are stored', async () => {
    await expect(index(['a'], 'ivfflat')).rejects.toMatchObject({
      code: 'empty-table',
      hint: expect.stringContaining('every row is stored; `pgv index create'),
    });
    await fill(999);
    await expect(index(['a'], 'ivfflat')).rejects.toMatchObject({
      code: 'too-few-rows',
      message: 'my docs has but 999 vectors, and ivfflat makes a list of every 1000',
    });
  });

  test('a build gets the memory that it takes, and no more than the server has to spare', async () => {
    const hnsw = { method: 'hnsw', type: 'vector', dimensions: 768, parameters: {} };
    expect(await memoryForBuild(database, hnsw, 1000)).toBeUndefined();
    expect(await memoryForBuild(database, hnsw, 50_000)).toBe(Math.ceil(bytesOfBuild(hnsw, 50_000) * 1.1));
    await database.query("SET effective_cache_size = '300MB'");
    const most = (fixture.kind === 'server' ? 150 : 256) * 1024 ** 2;
    expect(await memoryForBuild(database, hnsw, 10_000_000)).toBe(most);
    await database.query("SET maintenance_work_mem = '1GB'");
    expect(await memoryForBuild(database, hnsw, 10_000_000)).toBeUndefined();
    await database.query('RESET ALL');
    expect(await memoryForBuild(database, { ...hnsw, method: 'btree' }, 10_000_000)).toBeUndefined();
  });

  test('k-means gets what pgvector asks for', async () => {
    const subject = { method: 'ivfflat', type: 'vector', dimensions: 3, parameters: { lists: 2000 } };
    await database.query(
      `INSERT INTO "my docs" (id, a) SELECT i, ARRAY[i, 1, 1] FROM generate_series(1, 12000) i`,
    );
    const bytes = bytesOfBuild(subject, 12_000);
    const create = 'CREATE INDEX ON "my docs" USING ivfflat (a vector_l2_ops) WITH (lists = 2000)';
    await database.query("SET maintenance_work_mem = '32MB'");
    const error: Error = await database.query(create).then(
      () => new Error('built'),
      (thrown) => thrown,
    );
    await database.query('RESET ALL');
    const megabytes = Number(/memory required is (\d+) MB/.exec(error.message)?.[1]);
    expect(bytes / 1024 ** 2 / megabytes).toBeCloseTo(1, 1);
  });
});
