import { beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../../src/database/database.ts';
import { DatabaseError } from '../../../src/errors.ts';
import { createVectorIndex } from '../../../src/operations/index-create/index-create.ts';
import { planResources } from '../../../src/operations/index-create/resources.ts';
import { findTable, findVectorColumn } from '../../../src/operations/tables.ts';
import { hnswBuildBytes } from '../../../src/vector/graph-memory.ts';
import { emptyDatabase } from '../../support/databases.ts';
import { collectReports } from '../../support/reports.ts';
import { noServer } from '../../support/servers.ts';

const megabyte = 1024 ** 2;

describe.skipIf(noServer)('on a server', () => {
  let database: Database;
  beforeAll(async () => {
    const fixture = await emptyDatabase('server');
    database = await fixture.open();
    await database.query('CREATE EXTENSION vector');
    await database.query(`CREATE TABLE docs AS SELECT i, v, v::halfvec(96) AS h, binary_quantize(v)::bit(96) AS b,
        (SELECT ('{' || string_agg(k || ':' || 1 + (i * k) % 97, ',') || '}/500')::sparsevec(500) FROM generate_series(1, 60) k) AS s
      FROM (SELECT i, ARRAY(SELECT sin(i * k) FROM generate_series(1, 96) k)::vector(96) AS v FROM generate_series(1, 4000) i) AS made`);
  });

  /** As many rows as the memory should hold, and a few more. */
  async function spill(column: string, memory: number, room: number, bytesOfRow: number, options = {}) {
    const rows = Math.floor((room / bytesOfRow) * 1.05);
    await database.query(
      `DROP TABLE IF EXISTS few; CREATE TABLE few AS SELECT ${column} AS v FROM docs LIMIT ${rows};
       ALTER TABLE few ALTER COLUMN v SET NOT NULL, ALTER COLUMN v TYPE ${typeOf[column]}`,
    );
    const reports = collectReports();
    const made = await createVectorIndex(
      database,
      { type: 'hnsw', table: 'few', memory, efConstruction: 32, concurrently: false, ...options },
      reports,
    );
    return { ...made, rows, warnings: reports.warnings };
  }

  const typeOf: Record<string, string> = {
    v: 'vector(96)',
    h: 'halfvec(96)',
    b: 'bit(96)',
    s: 'sparsevec(500)',
  };

  test.each([
    ['v', 'vector', 96, 16],
    ['v', 'vector', 96, 4],
    ['h', 'halfvec', 96, 8],
    ['b', 'bit', 96, 16],
    ['s', 'sparsevec', 60, 16],
  ] as const)('the graph of %s takes what is reckoned: %s(%i), m %i', async (column, type, elements, m) => {
    const bytesOfRow = (hnswBuildBytes(type, elements, m, 10_000) - megabyte) / 10_000;
    const { memoryFullAfter, warnings, rows } = await spill(column, 2 * megabyte, 2 * megabyte, bytesOfRow, {
      m,
    });
    expect((memoryFullAfter! * bytesOfRow) / (2 * megabyte)).toBeCloseTo(1, 1.5);
    expect(warnings.at(-1)).toContain(
      `is full after ${memoryFullAfter!.toLocaleString('en')} of about ${rows.toLocaleString('en')} rows`,
    );
  });

  test('a build with workers leaves 4 MB for other things', async () => {
    const bytesOfRow = (hnswBuildBytes('vector', 96, 16, 10_000) - megabyte) / 10_000;
    await database.query('SET min_parallel_table_scan_size = 0');
    const rows = Math.floor(((2 * megabyte) / bytesOfRow) * 1.05);
    await database.query(`DROP TABLE IF EXISTS few; CREATE TABLE few AS SELECT v FROM docs LIMIT ${rows};
      ALTER TABLE few ALTER COLUMN v TYPE vector(96); ALTER TABLE few SET (parallel_workers = 1)`);
    const messages: string[] = [];
    const unlisten = database.onNotice((message) => messages.push(message));
    await database.query("SET maintenance_work_mem = '6MB'");
    await database.query('CREATE INDEX ON few USING hnsw (v vector_l2_ops) WITH (ef_construction = 32)');
    await database.query('RESET ALL');
    unlisten();
    const after = Number(/after (\d+) tuples/.exec(messages.join())?.[1]);
    expect((after * bytesOfRow) / (2 * megabyte)).toBeCloseTo(1, 1);
  });

  test('a build gets what it takes, and workers although its vectors are stored out of line', async () => {
    // As if ANALYZE had found 10,000 rows on this page, each but a pointer to where its vector is stored.
    await database.query(`CREATE TABLE wide (v vector(1536)); INSERT INTO wide VALUES (array_fill(1, ARRAY[1536]));
      UPDATE pg_class SET relpages = 1, reltuples = 10000 WHERE relname = 'wide'`);
    const table = await findTable(database, 'wide');
    const plan = (options = {}) =>
      planResources(
        database,
        {
          oid: table.oid,
          column: findVectorColumn(table, 'v'),
          definition: {
            ...{ table, name: 'n', type: 'hnsw', column: 'v', parameters: {}, concurrently: true },
            operatorClass: { schema: 'public', name: 'vector_l2_ops' },
          },
        },
        options,
      );
    const needed = hnswBuildBytes('vector', 1536, 16, 10_000);
    const resources = await plan();
    expect(resources).toMatchObject({ rows: 10_000, needed, workers: 2, tableWorkers: undefined });
    expect(resources.settings).toEqual({
      maintenance_work_mem: `${Math.ceil((needed * 1.1) / 1024)}kB`,
      min_parallel_table_scan_size: '0',
    });
    expect(resources.seconds).toBeGreaterThan(1);
    expect(resources.seconds).toBeLessThan(60);
    expect(await plan({ workers: 0 })).toMatchObject({
      workers: 0,
      settings: { max_parallel_maintenance_workers: '0' },
    });
    expect(await plan({ memory: 32 * megabyte })).toMatchObject({ workers: 0, given: 32 * megabyte });
    await database.query('ALTER TABLE wide SET (parallel_workers = 1)');
    expect(await plan({ workers: 4 })).toMatchObject({ workers: 1, tableWorkers: 1 });
    await database.query("ALTER TABLE wide RESET (parallel_workers); SET client_min_messages = 'error'");
    expect((await plan()).settings).toMatchObject({ client_min_messages: 'notice' });
    await database.query('RESET ALL; INSERT INTO wide SELECT v FROM wide, generate_series(1, 300)');
    expect((await plan()).rows).toBe(20_000);
    await database.query("UPDATE pg_class SET reltuples = 10 WHERE relname = 'wide'");
    expect((await plan()).rows).toBe(301);
  });

  test('without shared memory for workers it is built without them', async () => {
    const short = (times: number) => {
      let left = times;
      return new Proxy(database, {
        get: (target, key) => {
          if (key !== 'query') return bound(target, key);
          return (statement: { text: string }) => {
            if (!statement.text?.startsWith('CREATE INDEX') || left-- <= 0) return target.query(statement);
            return Promise.reject(inContainer);
          };
        },
      });
    };
    await database.query(
      `CREATE TABLE ten AS SELECT v FROM docs LIMIT 10; ALTER TABLE ten ALTER COLUMN v TYPE vector(96)`,
    );
    const reports = collectReports();
    const made = await createVectorIndex(short(1), { type: 'hnsw', table: 'ten' }, reports);
    expect(made.created).toBe(true);
    expect(reports.notes).toEqual([expect.stringContaining('building ten_v_hnsw_cosine without workers')]);
    await expect(
      createVectorIndex(short(1), { type: 'hnsw', table: 'ten', metric: 'l2', workers: 2 }, reports),
    ).rejects.toMatchObject({ hint: expect.stringContaining('--workers 0') });
  });
});

/** What PostgreSQL says in a container with 64 MB of /dev/shm, which a test cannot make the server have. */
const inContainer = new DatabaseError(
  'could not resize shared memory segment "/PostgreSQL.1" to 2147483648 bytes: No space left on device',
  { sqlstate: '53100' },
);

function bound(target: object, key: string | symbol): unknown {
  const value: unknown = Reflect.get(target, key, target);
  return typeof value === 'function' ? value.bind(target) : value;
}
