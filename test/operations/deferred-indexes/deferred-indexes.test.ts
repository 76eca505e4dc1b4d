import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Database } from '../../../src/database/database.ts';
import { InterruptedError } from '../../../src/errors.ts';
import { deferIndexes } from '../../../src/operations/deferred-indexes/defer.ts';
import { warnOfMissingIndexes } from '../../../src/operations/deferred-indexes/pending.ts';
import { restoreAfterFailure, restoreIndexes } from '../../../src/operations/deferred-indexes/restore.ts';
import { describeTable, type TableDescription } from '../../../src/operations/tables.ts';
import { silentReporter } from '../../../src/progress.ts';
import { deferredIndexesDefinition } from '../../../src/sql/deferred-indexes.ts';
import { eachDatabase } from '../../support/databases.ts';
import { collectReports } from '../../support/reports.ts';

const never = new AbortController().signal;
const ledger = `CREATE SCHEMA IF NOT EXISTS pgv; ${deferredIndexesDefinition}`;

/** Everything about the table's indexes that a person can see. */
async function indexesOf(database: Database, table: string): Promise<object[]> {
  const { rows } = await database.query<object>(
    `SELECT c.relname AS name, pg_get_indexdef(c.oid) AS definition, obj_description(c.oid) AS comment, indisclustered AS clustered,
      indisvalid AS valid, (SELECT max(attstattarget) FROM pg_attribute WHERE attrelid = c.oid AND attstattarget >= 0) AS target,
      (SELECT count(*) FROM pg_inherits WHERE inhparent = c.oid) AS parts
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = '${table}'::regclass ORDER BY 1`,
  );
  return rows;
}

async function tableOf(database: Database, name = 'docs'): Promise<TableDescription> {
  return (await describeTable(database, name))!;
}

async function defer(database: Database, name = 'docs', loadId = 'a load'): Promise<string[]> {
  const table = await tableOf(database, name);
  return database.transaction((session) => deferIndexes(session, table, loadId));
}

async function restore(database: Database, name = 'docs', reporter = silentReporter) {
  return restoreIndexes(database, await tableOf(database, name), reporter, never);
}

eachDatabase((fixture) => {
  let database: Database;

  beforeAll(async () => {
    database = await fixture.open();
    await database.query(`CREATE SCHEMA ext; CREATE EXTENSION vector SCHEMA ext; ${ledger}`);
  });

  beforeEach(async () => {
    await database.query(`DROP TABLE IF EXISTS refers, docs, parts, "we""ird USING "; DELETE FROM pgv.deferred_indexes;
      CREATE TABLE docs (id int PRIMARY KEY, t text UNIQUE, n int, r int4range, v ext.vector(3), k int NOT NULL, EXCLUDE USING gist (r WITH &&));
      CREATE UNIQUE INDEX docs_unique ON docs (n);
      CREATE UNIQUE INDEX docs_replica ON docs (k); ALTER TABLE docs REPLICA IDENTITY USING INDEX docs_replica;
      CREATE TABLE refers (n int REFERENCES docs (n));
      CREATE INDEX "docs'v" ON docs USING hnsw (v ext.vector_cosine_ops) WITH (m = 8, ef_construction = 32) WHERE n > 5;
      CREATE INDEX docs_bits ON docs USING hnsw ((ext.binary_quantize(v)::bit(3)) ext.bit_hamming_ops);
      CREATE INDEX docs_low ON docs (lower(t), n DESC NULLS LAST) INCLUDE (k);
      ALTER INDEX docs_low ALTER COLUMN 1 SET STATISTICS 500; COMMENT ON INDEX docs_low IS 'it''s \\ slow';
      CREATE INDEX docs_n ON docs (n); CLUSTER docs USING docs_n;
      INSERT INTO docs SELECT i, i, i, int4range(i, i + 1), ARRAY[i, 1, 1]::real[]::ext.vector, i FROM generate_series(1, 200) i`);
  });

  const secondary = ["docs'v", 'docs_bits', 'docs_low', 'docs_n'];

  test('secondary indexes go, keys and constraints stay, and all is as it was afterwards', async () => {
    const before = await indexesOf(database, 'docs');
    expect(await defer(database)).toEqual(secondary);
    const left = (await indexesOf(database, 'docs')).map((index) => (index as { name: string }).name);
    expect(left).toEqual(['docs_pkey', 'docs_r_excl', 'docs_replica', 'docs_t_key', 'docs_unique']);
    // Elsewhere, the path finds nothing of it.
    await database.query('ALTER TABLE docs RENAME TO renamed; SET search_path TO pg_catalog');
    try {
      const table = (await describeTable(database, 'public.renamed'))!;
      const built = await restoreIndexes(database, table, silentReporter, never);
      expect(built.map(({ index, status }) => [index, status])).toEqual(
        secondary.map((name) => [name, 'built']),
      );
    } finally {
      await database.query('RESET search_path; ALTER TABLE IF EXISTS renamed RENAME TO docs');
    }
    expect(await indexesOf(database, 'docs')).toEqual(before);
    expect(await restore(database)).toEqual([]);
    expect(await defer(database)).toEqual(secondary);
  });

  test('a transaction that fails leaves indexes and ledger as they were', async () => {
    const before = await indexesOf(database, 'docs');
    const table = await tableOf(database);
    const path = "SELECT current_setting('search_path') AS path";
    const { rows: outside } = await database.query(path);
    const failing = database.transaction(async (session) => {
      await deferIndexes(session, table, 'a load');
      expect((await session.query(path)).rows).toEqual(outside);
      throw new Error('later');
    });
    await expect(failing).rejects.toThrow('later');
    expect(await indexesOf(database, 'docs')).toEqual(before);
    expect(await restore(database)).toEqual([]);
  });

  test('a second load into the table that puts off the rest adds to what is remembered', async () => {
    await defer(database);
    await database.query('CREATE INDEX docs_n ON docs (n); CREATE INDEX docs_k ON docs (k)');
    expect(await defer(database, 'docs', 'another')).toEqual(['docs_k', 'docs_n']);
    expect((await restore(database)).map(({ index }) => index)).toEqual([
      "docs'v",
      'docs_bits',
      'docs_k',
      'docs_low',
      'docs_n',
    ]);
  });

  test('a table in partitions gets its indexes back with their parts', async () => {
    await database.query(`CREATE TABLE parts (id int, v ext.vector(3)) PARTITION BY RANGE (id);
      CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10);
      CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (10) TO (20);
      CREATE INDEX parts_v ON parts USING hnsw (v ext.vector_l2_ops);
      CREATE INDEX own ON parts_2 (id)`);
    const before = await indexesOf(database, 'parts');
    const leaf = await indexesOf(database, 'parts_2');
    expect(await defer(database, 'parts_1')).toEqual([]);
    expect(await defer(database, 'parts')).toEqual(['parts_v']);
    expect(await indexesOf(database, 'parts_2')).toHaveLength(1);
    await restore(database, 'parts');
    expect(await indexesOf(database, 'parts')).toEqual(before);
    expect(await indexesOf(database, 'parts_2')).toEqual(leaf);
  });

  test('any name is read and written as it is', async () => {
    await database.query(
      `CREATE TABLE "we""ird USING " (a int); CREATE INDEX " USING ""x" ON "we""ird USING " (a) WHERE a > 1`,
    );
    const name = '"we""ird USING "';
    const before = await indexesOf(database, name);
    expect(await defer(database, name)).toEqual([' USING "x']);
    await restore(database, name);
    expect(await indexesOf(database, name)).toEqual(before);
  });

  test('what somebody has built meanwhile stays; what has taken a name is told', async () => {
    await defer(database);
    const reports = collectReports();
    await warnOfMissingIndexes(database, await tableOf(database), reports);
    expect(reports.warnings.join()).toMatch(
      /^indexes docs'v, docs_bits, docs_low, docs_n of docs are missing .*`pgv index restore docs`/,
    );
    await database.query('CREATE INDEX docs_bits ON docs (k); CREATE VIEW docs_low AS SELECT 1');
    await expect(restore(database, 'docs', reports)).rejects.toMatchObject({
      name: 'UsageError',
      code: 'name-taken',
    });
    expect(reports.notes).toEqual(['index docs_bits is there already']);
    await database.query('DROP VIEW docs_low');
    expect((await restore(database)).map(({ index }) => index)).toEqual(['docs_low', 'docs_n']);
    const quiet = collectReports();
    await warnOfMissingIndexes(database, await tableOf(database), quiet);
    expect(quiet.warnings).toEqual([]);
  });

  test('without a table, those of all; of a table that is gone, none', async () => {
    await database.query('CREATE TABLE parts (id int); CREATE INDEX parts_id ON parts (id)');
    await defer(database);
    await defer(database, 'parts');
    await database.query('DROP TABLE docs CASCADE');
    const built = await restoreIndexes(database, undefined, silentReporter, never);
    expect(built).toMatchObject([{ table: 'parts', index: 'parts_id', status: 'built' }]);
  });

  test('a build that fails stays in the ledger, and the error says how to go on', async () => {
    await defer(database);
    await database.query('ALTER TABLE docs RENAME COLUMN v TO w');
    const error = await restore(database).catch((thrown) => thrown);
    expect(error).toMatchObject({
      sqlstate: '42703',
      hint: expect.stringContaining('`pgv index restore docs`'),
    });
    await database.query('ALTER TABLE docs RENAME COLUMN w TO v');
    expect(await restore(database)).toHaveLength(4);
  });

  test('after a failed load, what cannot be built is a warning', async () => {
    await defer(database);
    await database.query('ALTER TABLE docs RENAME COLUMN v TO w');
    const reports = collectReports();
    await restoreAfterFailure(database, await tableOf(database), reports, never);
    expect(reports.warnings.join()).toContain('`pgv index restore docs` builds them');
    await database.query('ALTER TABLE docs RENAME COLUMN w TO v');
    await restoreAfterFailure(database, await tableOf(database), reports, never);
    expect(await restore(database)).toEqual([]);
    expect(reports.warnings).toHaveLength(1);
  });

  test('the role must own the table', async () => {
    const role = `pgv_defer_${process.pid}`;
    await database.query(`CREATE ROLE ${role}; GRANT INSERT ON docs TO ${role}; SET ROLE ${role}`);
    try {
      await expect(defer(database)).rejects.toMatchObject({ name: 'DatabaseError', sqlstate: '42501' });
      const reports = collectReports();
      await warnOfMissingIndexes(database, await tableOf(database), reports);
      expect(reports.warnings).toEqual([]);
    } finally {
      await database.query(`RESET ROLE; DROP OWNED BY ${role}; DROP ROLE ${role}`);
    }
  });

  if (fixture.kind === 'embedded') return;

  describe('with other sessions', () => {
    test('two that restore at once build each index once', async () => {
      await defer(database);
      const other = await fixture.open();
      const both = await Promise.all([restore(database), restore(other)]);
      const built = both.flat().filter(({ status }) => status === 'built');
      expect(built.map(({ index }) => index).sort()).toEqual(secondary);
    });

    test('an interruption leaves what is not built, and says so; a new connection goes on', async () => {
      await defer(database);
      const [doomed, holder] = [await fixture.open(), await fixture.open()];
      await holder.query('BEGIN; LOCK TABLE docs IN ROW EXCLUSIVE MODE');
      const controller = new AbortController();
      const table = await tableOf(doomed);
      const restoring = restoreIndexes(doomed, table, silentReporter, controller.signal).catch(
        (error) => error,
      );
      const waiting = "SELECT FROM pg_locks WHERE NOT granted AND relation = 'docs'::regclass";
      await expect.poll(async () => (await database.query(waiting)).rowCount).toBe(1);
      controller.abort(new InterruptedError());
      const error = await restoring;
      expect(error).toBeInstanceOf(InterruptedError);
      expect(error.hint).toContain('`pgv index restore docs`');
      await holder.query('ROLLBACK');
      const reports = collectReports();
      await restoreAfterFailure(doomed, table, reports, controller.signal);
      expect(reports).toMatchObject({ warnings: [], notes: [expect.stringContaining('another Ctrl-C')] });
      expect(await restore(database)).toEqual([]);
    });
  });
});
