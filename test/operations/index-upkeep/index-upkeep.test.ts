import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Database } from '../../../src/database/database.ts';
import { deferIndexes } from '../../../src/operations/deferred-indexes/defer.ts';
import { dropPlanned, planDrop } from '../../../src/operations/index-upkeep/drop.ts';
import { findIndex, findIndexesOf } from '../../../src/operations/index-upkeep/find.ts';
import { isLeftoverOf } from '../../../src/operations/index-upkeep/leftovers.ts';
import { listIndexes } from '../../../src/operations/index-upkeep/list.ts';
import { prewarmIndex } from '../../../src/operations/index-upkeep/prewarm.ts';
import { rebuild } from '../../../src/operations/index-upkeep/reindex.ts';
import { describeTable } from '../../../src/operations/tables.ts';
import { silentReporter } from '../../../src/progress.ts';
import { deferredIndexesDefinition } from '../../../src/sql/deferred-indexes.ts';
import { eachDatabase, emptyDatabase, type Fixture } from '../../support/databases.ts';
import { collectReports } from '../../support/reports.ts';
import { noServer } from '../../support/servers.ts';

const docsHalf = `CREATE INDEX docs_half ON docs USING ivfflat ((v::ext.halfvec(8)) ext.halfvec_l2_ops) WITH (lists = 5)
  WHERE lang = 'en'`;
// pgvector and the tables lie off the search path, and names want quotes.
const tables = `CREATE SCHEMA ext; CREATE EXTENSION vector SCHEMA ext; CREATE SCHEMA arch;
  CREATE TABLE docs (id int PRIMARY KEY, lang text, v ext.vector(8));
  INSERT INTO docs SELECT i, CASE i % 2 WHEN 0 THEN 'en' ELSE 'de' END,
    CASE WHEN i % 5 > 0 THEN ARRAY(SELECT random()::real FROM generate_series(1, 8) WHERE i > 0)::ext.vector(8) END
    FROM generate_series(1, 1000) i;
  CREATE INDEX docs_hnsw ON docs USING hnsw (v ext.vector_cosine_ops) WITH (m = 8);
  ${docsHalf};
  CREATE INDEX docs_bits ON docs USING hnsw ((ext.binary_quantize(v OPERATOR(ext.-) '[0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5]')::bit(8)) ext.bit_hamming_ops);
  CREATE INDEX docs_lang ON docs (lang);
  CREATE TABLE arch."Old ""d" (v ext.halfvec(2)); INSERT INTO arch."Old ""d" VALUES ('[1,2]');
  CREATE INDEX "Old ""i" ON arch."Old ""d" USING hnsw (v ext.halfvec_l1_ops);
  CREATE TABLE parts (id int, v ext.vector(3)) PARTITION BY RANGE (id);
  CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (100);
  CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (100) TO (1000);
  INSERT INTO parts SELECT i, ARRAY[i, 1, 2]::ext.vector FROM generate_series(1, 199) i;
  CREATE INDEX parts_hnsw ON parts USING hnsw (v ext.vector_l2_ops);
  CREATE INDEX alone ON parts_1 USING hnsw (v ext.vector_l1_ops)`;

const drop = async (database: Database, name: string, table?: string, reporter = silentReporter) =>
  dropPlanned(database, await planDrop(database, name, table), reporter);
const names = async (database: Database, table?: string) =>
  (await listIndexes(database, table, silentReporter)).map(({ name }) => name);
const prewarm = async (database: Database, name: string, reporter = silentReporter) =>
  prewarmIndex(database, await findIndex(database, name, undefined), false, reporter);
const failure = (work: Promise<unknown>) => work.then(() => undefined).catch((error: unknown) => error);

eachDatabase((fixture) => {
  let database: Database;
  beforeAll(async () => {
    database = await fixture.open();
    await database.query(tables);
  });

  test('a list tells what each index holds, as it was declared', async () => {
    const reports = collectReports();
    const listed = await listIndexes(database, undefined, reports);
    const told = listed.map(
      ({ name, table, type, column, quantization, metric, options, rows, partitions }) =>
        [name, table, type, column, quantization, metric, options, rows, partitions] as const,
    );
    expect(told).toEqual([
      ['arch."Old ""i"', 'arch."Old ""d"', 'hnsw', 'v', 'none', 'l1', {}, 1, null],
      ['docs_bits', 'docs', 'hnsw', null, 'none', 'hamming', {}, 800, null],
      ['docs_half', 'docs', 'ivfflat', 'v', 'half', 'l2', { lists: 5 }, 400, null],
      ['docs_hnsw', 'docs', 'hnsw', 'v', 'none', 'cosine', { m: 8 }, 800, null],
      ['parts_hnsw', 'parts', 'hnsw', 'v', 'none', 'l2', {}, 199, 2],
      ['alone', 'parts_1', 'hnsw', 'v', 'none', 'l1', {}, 99, null],
    ]);
    expect(listed.every(({ state, bytes }) => state === 'valid' && bytes! > 0)).toBe(true);
    expect(listed[2]).toMatchObject({ predicate: "(lang = 'en'::text)", tableRows: 1000 });
    expect(await names(database, 'parts')).toEqual(['parts_hnsw', 'alone']);
    // A server sees to its tables itself.
    const due = 'docs is due for `pgv vacuum docs`: 1,000 rows changed since the last ANALYZE, more than 150';
    expect(reports.notes.filter((line) => line.startsWith('docs '))).toEqual(
      fixture.kind === 'embedded' ? [due] : [],
    );
  });

  test('each can be read through and built anew', async () => {
    const met = [];
    for (const name of ['docs_hnsw', 'docs_half', 'arch."Old ""i"', 'parts_hnsw']) {
      const { method, rows, bytes, blocks } = await prewarm(database, name);
      expect([method, bytes]).toEqual(['scan', blocks * 8192]);
      met.push(rows);
    }
    expect(met).toEqual([800, 400, 1, 199]);
    for (const index of await findIndexesOf(database, 'docs')) {
      const { before, after } = await rebuild(database, index, {}, silentReporter);
      expect([before, after].every((bytes) => bytes > 0)).toBe(true);
    }
    const parts = await findIndex(database, 'parts_hnsw', 'parts');
    await rebuild(database, parts, { memory: 32 * 1024 ** 2, workers: 1 }, silentReporter);
    const listed = await listIndexes(database, undefined, silentReporter);
    expect(listed.map(({ state }) => state)).toEqual(Array(6).fill('valid'));
    const { rows } = await database.query(`SELECT current_setting('maintenance_work_mem') <> '32MB' AS back`);
    expect(rows).toEqual([{ back: true }]);
  });

  test('they go, by their names alone', async () => {
    await drop(database, 'arch."Old ""i"');
    await drop(database, 'parts_hnsw', 'parts');
    await drop(database, 'docs_half', 'docs');
    expect(await names(database)).toEqual(['docs_bits', 'docs_hnsw', 'alone']);
  });
});

// The same on both, and a server answers faster.
describe.skipIf(noServer)('on a server', () => {
  let fixture: Fixture;
  let database: Database;
  beforeAll(async () => {
    fixture = await emptyDatabase('server');
    database = await fixture.open();
    await database.query(`${tables}; CREATE VIEW glance AS SELECT * FROM docs`);
  });
  beforeEach(async () => {
    database = await fixture.open();
  });

  test.each([
    [
      'nope',
      undefined,
      'index nope does not exist',
      /^there are arch\."Old ""i", docs_bits, docs_half, docs_hnsw, parts_hnsw, alone$/,
    ],
    ['Old "i', undefined, 'table name Old "i has a misplaced double quote', /./],
    ['"Old ""i"', undefined, 'index "Old ""i" does not exist', /arch/],
    ['docs', undefined, 'docs is a table, no vector index', /^there are /],
    ['glance', undefined, 'glance is a view, no vector index', /^there are /],
    ['docs_lang', undefined, 'docs_lang is a btree index of docs, no vector index', /pgv sql/],
    [
      'docs_pkey',
      undefined,
      'docs_pkey is a btree index of docs, on which the constraint docs_pkey rests, no vector index',
      /pgv sql/,
    ],
    ['docs_hnsw', 'parts', 'index docs_hnsw is not on parts, but on docs', /^there are parts_hnsw, alone$/],
    ['docs_hnsw', 'none', 'table none does not exist', /docs/],
    [
      'parts_1_v_idx',
      undefined,
      'parts_1_v_idx is the part on parts_1 of a partitioned index, and goes with it alone',
      /`pgv index drop parts_hnsw`/,
    ],
  ])('%s on %s is not dropped', async (name, table, message, hint) => {
    const error = await failure(planDrop(database, name, table));
    expect(error).toMatchObject({ name: 'UsageError', message, hint: expect.stringMatching(hint) });
  });

  test('a table without vector indexes is told with what makes one', async () => {
    await database.query('CREATE TABLE bare (v ext.vector(3))');
    expect(await names(database, 'bare')).toEqual([]);
    expect(await failure(findIndexesOf(database, 'bare'))).toMatchObject({
      message: 'bare has no vector index',
    });
    await database.query('DROP TABLE bare');
  });

  test('what a load has dropped is missing, and told of', async () => {
    await database.query(`CREATE SCHEMA pgv; ${deferredIndexesDefinition}`);
    await database.query(
      'CREATE TABLE deferred (v ext.vector(3)); CREATE INDEX gone ON deferred USING hnsw (v ext.vector_l1_ops) WITH (m = 4)',
    );
    const table = (await describeTable(database, 'deferred'))!;
    await database.transaction((session) => deferIndexes(session, table, 'a load'));
    const reports = collectReports();
    const listed = await listIndexes(database, 'deferred', reports);
    expect(listed).toMatchObject([
      { name: 'public.gone', state: 'missing', metric: 'l1', options: { m: 4 }, bytes: null },
    ]);
    expect(reports.warnings).toEqual([expect.stringContaining('`pgv index restore deferred` builds')]);
    await database.query('DROP TABLE deferred; DROP SCHEMA pgv CASCADE');
  });

  test('scans are counted, and the last is dated', async () => {
    await database.query(
      `SET enable_seqscan = off; SELECT id FROM docs ORDER BY v OPERATOR(ext.<=>) '[1,2,3,4,5,6,7,8]' LIMIT 3`,
    );
    await database.query('SELECT pg_stat_force_next_flush()');
    const listed = await listIndexes(database, 'docs', silentReporter);
    const { scans, lastScan } = listed.find(({ name }) => name === 'docs_hnsw')!;
    expect(scans).toBeGreaterThan(0);
    expect(lastScan).toMatch(/^\d{4}-\d\d-\d\d \d\d:/);
  });

  test('a size that nobody can ask for just now is not waited for', async () => {
    const holder = await fixture.open();
    await holder.transaction(async (session) => {
      await session.query('REINDEX INDEX docs_bits; LOCK TABLE parts_1');
      expect(await names(database, 'parts')).toEqual(['parts_hnsw', 'alone']);
      const listed = await listIndexes(database, undefined, silentReporter);
      expect(listed.filter(({ bytes }) => bytes === null).map(({ name }) => name)).toEqual(['docs_bits']);
    });
  });

  test('an INVALID index is listed once, however many builds run on its table', async () => {
    const [holder, ...builders] = [await fixture.open(), await fixture.open(), await fixture.open()];
    await database.query(`DROP TABLE IF EXISTS busy; CREATE TABLE busy (id int, v ext.vector(3)); INSERT INTO busy VALUES (1, '[1,2,3]');
      CREATE INDEX busy_v ON busy USING hnsw (v ext.vector_l2_ops);
      UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'busy_v'::regclass;
      CREATE OR REPLACE FUNCTION held(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS
        'BEGIN PERFORM pg_advisory_lock_shared(77); RETURN $1; END'`);
    await holder.query('SELECT pg_advisory_lock(77)');
    const building = builders.map((builder, i) => builder.query(`CREATE INDEX busy_${i} ON busy (held(id))`));
    const begun = `SELECT FROM pg_stat_progress_create_index WHERE relid = 'busy'::regclass`;
    await expect.poll(async () => (await database.query(begun)).rows.length).toBe(2);
    expect(await names(database, 'busy')).toEqual(['busy_v']);
    await holder.query('SELECT pg_advisory_unlock(77)');
    await Promise.all(building);
    await database.query('DROP TABLE busy');
  });

  test('a rebuild that is interrupted leaves nothing, and while it runs it is seen and not disturbed', async () => {
    const [holder, worker] = [await fixture.open(), await fixture.open()];
    const index = await findIndex(database, 'docs_hnsw', undefined);
    const reports = collectReports();
    let interrupted: Promise<unknown> | undefined;
    await holder.transaction(async (session) => {
      await session.query('DELETE FROM docs WHERE id = 1');
      interrupted = failure(rebuild(worker, index, {}, reports));
      const building = () => listIndexes(database, 'docs', silentReporter);
      await expect
        .poll(async () =>
          (await building())
            .filter(({ state }) => state === 'building')
            .map(({ name, progress }) => [name, progress?.phase]),
        )
        .toEqual([['docs_hnsw_ccnew', 'waiting for writers before build']]);
      const error = await failure(drop(database, 'docs_hnsw_ccnew'));
      expect(error).toMatchObject({
        message: 'index docs_hnsw_ccnew is being built right now by another session',
      });
      await expect
        .poll(() => reports.progressed.map(({ phase }) => phase))
        .toContainEqual(expect.stringMatching(/wait/));
      await worker.cancel();
    });
    expect(await interrupted).toMatchObject({ name: 'InterruptedError' });
    expect(await names(database, 'docs')).toEqual(['docs_bits', 'docs_half', 'docs_hnsw']);
  });

  test('what a failed rebuild has left goes first, and an INVALID index is valid after one', async () => {
    await database.query(`CREATE INDEX docs_hnsw_ccnew1 ON docs USING hnsw (v ext.vector_cosine_ops);
      UPDATE pg_index SET indisvalid = false WHERE indexrelid IN ('docs_hnsw'::regclass, 'docs_hnsw_ccnew1'::regclass)`);
    const invalid = await listIndexes(database, 'docs', silentReporter);
    expect(invalid.filter(({ state }) => state === 'invalid').map(({ name }) => name)).toEqual([
      'docs_hnsw',
      'docs_hnsw_ccnew1',
    ]);
    const reports = collectReports();
    await rebuild(database, await findIndex(database, 'docs_hnsw', undefined), {}, reports);
    expect(reports.notes).toEqual(['dropping docs_hnsw_ccnew1: what a failed REINDEX has left']);
    const listed = await listIndexes(database, 'docs', silentReporter);
    expect(listed.map(({ name, state }) => [name, state])).toEqual([
      ['docs_bits', 'valid'],
      ['docs_half', 'valid'],
      ['docs_hnsw', 'valid'],
    ]);
  });

  test('a drop says whom it waits for; interrupted, what is left, which then goes', async () => {
    const [holder, worker] = [await fixture.open(), await fixture.open()];
    await database.query(`DROP INDEX IF EXISTS docs_half; ${docsHalf}`);
    const reports = collectReports();
    let interrupted: Promise<unknown> | undefined;
    await holder.transaction(async (session) => {
      await session.query(`SET LOCAL application_name = 'reports'; SELECT count(*) FROM docs`);
      interrupted = failure(drop(worker, 'docs_half', undefined, reports));
      await expect
        .poll(() => reports.progressed.map(({ phase }) => phase))
        .toContainEqual(
          expect.stringMatching(
            /^waiting for session \d+ of \w+ \(reports\), idle in transaction for \d+ s$/,
          ),
        );
      await worker.cancel();
      expect(await interrupted).toMatchObject({
        name: 'InterruptedError',
        hint: expect.stringContaining('docs_half is INVALID now'),
      });
    });
    await drop(database, 'docs_half');
    expect(await names(database, 'docs')).toEqual(['docs_bits', 'docs_hnsw']);
  });

  test('a role that may not is told so', async () => {
    const role = `stranger_${process.pid}_${Date.now()}`;
    await database.query(`CREATE ROLE ${role}; GRANT USAGE ON SCHEMA ext TO ${role}; SET ROLE ${role}`);
    try {
      const index = await findIndex(database, 'docs_hnsw', undefined);
      expect(await names(database)).toContain('docs_hnsw');
      const denied = { name: 'DatabaseError', sqlstate: '42501' };
      expect(await failure(drop(database, 'docs_hnsw'))).toMatchObject(denied);
      expect(await failure(rebuild(database, index, {}, silentReporter))).toMatchObject(denied);
      expect(await failure(prewarm(database, 'docs_hnsw'))).toMatchObject(denied);
    } finally {
      await database.query(`RESET ROLE; DROP OWNED BY ${role}; DROP ROLE ${role}`);
    }
  });

  test('prewarming says what it met and what it would be faster with; pg_prewarm reads the table too', async () => {
    const reports = collectReports();
    await database.query(`CREATE EXTENSION IF NOT EXISTS pg_buffercache; DROP EXTENSION IF EXISTS pg_prewarm; DROP TABLE IF EXISTS same;
      CREATE TABLE same AS SELECT '[1,1]'::ext.vector(2) AS v FROM generate_series(1, 900);
      CREATE INDEX same_hnsw ON same USING hnsw (v ext.vector_l2_ops)`);
    const scanned = await prewarm(database, 'docs_hnsw', reports);
    expect(scanned).toMatchObject({ method: 'scan', into: 'buffers', cachedBlocks: scanned.blocks });
    expect(reports.notes).toEqual([expect.stringMatching(/no pg_prewarm.*`CREATE EXTENSION pg_prewarm`/)]);
    // Elements hold ten rows each of the same vector, and a graph of equals does not hang together.
    expect((await prewarm(database, 'same_hnsw', reports)).rows).toBeLessThan(900);
    expect(reports.warnings).toEqual([expect.stringMatching(/^the search met \d+ of about 900 rows/)]);
    const index = await findIndex(database, 'docs_hnsw', undefined);
    expect(await failure(prewarmIndex(database, index, true, silentReporter))).toMatchObject({
      code: 'no-pg_prewarm',
    });
    await database.query('CREATE EXTENSION pg_prewarm SCHEMA ext');
    const read = await prewarmIndex(database, index, true, silentReporter);
    expect(read).toMatchObject({ method: 'pg_prewarm', rows: null, cachedBlocks: read.blocks });
    expect(read.blocks).toBeGreaterThan(scanned.blocks);
  });

  test('an index that the planner passes over is not said to be read', async () => {
    await database.query(
      'DROP INDEX IF EXISTS twin; CREATE INDEX twin ON parts_1 USING hnsw (v ext.vector_l1_ops) WITH (m = 2); DROP EXTENSION IF EXISTS pg_prewarm',
    );
    const results = [await failure(prewarm(database, 'twin')), await failure(prewarm(database, 'alone'))];
    expect(results.filter((error) => error === undefined).length).toBe(1);
    expect(results).toContainEqual(
      expect.objectContaining({ message: expect.stringMatching(/the planner prefers another index/) }),
    );
  });
});

test.each([
  ['docs_hnsw_ccnew', 'docs_hnsw', true],
  ['docs_hnsw_ccold3', 'docs_hnsw', true],
  ['docs_hnsw_ccnew', 'docs', false],
  ['docs_hnsw', 'docs_hnsw', false],
  [`${'x'.repeat(57)}_ccnew`, 'x'.repeat(63), true],
  [`${'x'.repeat(56)}_ccnew1`, 'x'.repeat(63), true],
  [`${'x'.repeat(57)}_ccnew`, `${'x'.repeat(50)}${'y'.repeat(13)}`, false],
])('%s is left of %s: %j', (leftover, index, expected) => {
  expect(isLeftoverOf(leftover, index)).toBe(expected);
});
