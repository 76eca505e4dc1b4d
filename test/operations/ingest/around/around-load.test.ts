import { beforeAll, beforeEach, expect, test } from 'vitest';
import type { Database } from '../../../../src/database/database.ts';
import { InterruptedError } from '../../../../src/errors.ts';
import { deferIndexes } from '../../../../src/operations/deferred-indexes/defer.ts';
import { describeTable } from '../../../../src/operations/tables.ts';
import { eachDatabase } from '../../../support/databases.ts';
import { type Load, load } from '../../../support/load.ts';
import { collectReports } from '../../../support/reports.ts';

const header = 'id,t,v\n';
const rows = (from: number, to: number, t = 'x') =>
  Array.from({ length: to - from + 1 }, (_, i) => `${from + i},${t},"[1,${from + i}]"\n`).join('');
/** A dozen rows a piece: several lanes, several transactions. */
const pieceLength = 200;

eachDatabase((fixture) => {
  let database: Database;

  beforeAll(async () => {
    database = await fixture.open();
    await database.query('CREATE EXTENSION vector');
  });

  beforeEach(async () => {
    await database.query(`DROP TABLE IF EXISTS docs CASCADE; DROP SCHEMA IF EXISTS pgv CASCADE;
      CREATE TABLE docs (id int PRIMARY KEY, t text, v vector(2), tenant_id text);
      CREATE INDEX docs_v ON docs USING hnsw (v vector_l2_ops);
      CREATE INDEX docs_t ON docs (t);
      INSERT INTO docs SELECT i, 'old', ARRAY[i, i], 'b' FROM generate_series(1, 50) i`);
  });

  const ingest = (content: string, options: Partial<Load> = {}) =>
    load(database, header + content, { table: 'docs', pieceLength, ...options });

  async function count(where = 'true'): Promise<unknown> {
    return (await database.query<{ n: number }>(`SELECT count(*) AS n FROM docs WHERE ${where}`)).rows[0]!.n;
  }

  async function indexes(on = database): Promise<string[]> {
    const { rows: found } = await on.query<{ name: string }>(
      "SELECT c.relname AS name FROM pg_index i JOIN pg_class c ON c.oid = indexrelid WHERE indrelid = 'docs'::regclass ORDER BY 1",
    );
    return found.map(({ name }) => name);
  }

  const all = ['docs_pkey', 'docs_t', 'docs_v'];

  test('--truncate: the table holds the file and nothing else, whichever way the rows come', async () => {
    expect(await ingest(rows(10, 300), { truncate: true })).toMatchObject({ inserted: 291, rows: 291 });
    expect([await count(), await count("t = 'old'")]).toEqual([291, 0]);
    await ingest(rows(1, 20), { truncate: true, atomic: true });
    expect(await count()).toBe(20);
    await expect(ingest(`${rows(1, 5)}6,x,"[1]"\n`, { truncate: true })).rejects.toMatchObject({ row: 6 });
    await expect(ingest('', { truncate: true })).rejects.toMatchObject({ code: 'no-rows' });
    await expect(ingest('', { truncate: true, atomic: true })).rejects.toMatchObject({ code: 'no-rows' });
    expect(await count()).toBe(20);
  });

  test('--truncate that cannot be is told before anything', async () => {
    await database.query('CREATE TABLE notes (doc int REFERENCES docs)');
    await expect(ingest(rows(1, 5), { truncate: true })).rejects.toMatchObject({ code: 'referenced-table' });
    await database.query('DROP TABLE notes');
    await expect(ingest(rows(1, 5), { truncate: true, tenant: 'a' })).rejects.toMatchObject({
      code: 'others-rows',
    });
    expect(await count()).toBe(50);
  });

  test('--delete-missing: keys that the file has no more go, of the tenant alone where there is one', async () => {
    const update = { onConflict: 'update', deleteMissing: true } as const;
    await ingest(rows(101, 103), { tenant: 'a' });
    expect(await ingest(rows(103, 104), { ...update, tenant: 'a' })).toMatchObject({
      inserted: 1,
      unchanged: 1,
      deleted: 2,
    });
    expect(await count()).toBe(52);
    expect(await ingest(rows(1, 10), update)).toMatchObject({ inserted: 0, updated: 10, deleted: 42 });
    expect(await count()).toBe(10);
    await expect(ingest('', update)).rejects.toMatchObject({ code: 'no-rows' });
    expect(await count()).toBe(10);
  });

  test.each<Partial<Load>>([
    { deleteMissing: true },
    { deleteMissing: true, onConflict: 'update', truncate: true },
    { deleteMissing: true, onConflict: 'update', onError: 'skip' },
    { deferIndexes: true, ledger: false },
  ])('%j makes no sense', async (options) => {
    await expect(ingest(rows(1, 3), options)).rejects.toMatchObject({ name: 'UsageError' });
  });

  test('--defer-indexes: they are gone meanwhile, and back afterwards', async () => {
    const reporter = collectReports();
    let meanwhile: Promise<string[]> | undefined;
    const other = fixture.kind === 'server' ? await fixture.open() : undefined;
    reporter.progress = ({ phase }) => {
      if (phase === 'loading' && other !== undefined) meanwhile ??= indexes(other);
    };
    await ingest(rows(51, 400), { deferIndexes: true, reporter });
    expect(reporter.notes).toContain('dropped docs_t, docs_v until the load is done');
    if (other !== undefined) expect(await meanwhile).toEqual(['docs_pkey']);
    expect(await indexes()).toEqual(all);
    expect(await count()).toBe(400);
  });

  test('--defer-indexes: a load that fails brings them back', async () => {
    const reporter = collectReports();
    const failing = ingest(`${rows(51, 60)}61,x,"[1]"\n`, { deferIndexes: true, reporter });
    await expect(failing).rejects.toMatchObject({ row: 11 });
    expect(reporter.notes.join()).toContain('dropped docs_t, docs_v');
    expect(await indexes()).toEqual(all);
  });

  test('indexes that a killed load has left dropped come back with the next one, loaded or not', async () => {
    await ingest(rows(51, 60), { loadId: 'mine' });
    const table = (await describeTable(database, 'docs'))!;
    const drop = () => database.transaction((session) => deferIndexes(session, table, 'killed'));
    await drop();
    expect(await indexes()).toEqual(['docs_pkey']);
    await ingest(rows(61, 70));
    expect(await indexes()).toEqual(all);
    await drop();
    expect(await ingest(rows(51, 60), { loadId: 'mine' })).toMatchObject({ status: 'already-loaded' });
    expect(await indexes()).toEqual(all);
  });

  test('--index: a new table gets it after its rows, an old one where it lacks it', async () => {
    const reporter = collectReports();
    const content = header + rows(1, 300);
    await load(database, content, { table: 'fresh', index: 'hnsw', pieceLength, reporter });
    expect(reporter.notes.at(-1)).toContain('created index fresh_v_hnsw_cosine');
    await load(database, content, {
      table: 'fresh',
      index: 'hnsw',
      ifLoaded: 'again',
      onConflict: 'skip',
      reporter,
    });
    expect(reporter.notes.at(-1)).toBe('index fresh_v_hnsw_cosine is there already');
    await database.query('DROP TABLE fresh');
    const wide = `id,v\n1,"[${Array.from({ length: 2001 }, () => 1).join(',')}]"\n`;
    await expect(load(database, wide, { table: 'fresh', index: 'hnsw' })).rejects.toMatchObject({
      code: 'too-many-dimensions',
    });
    expect(await describeTable(database, 'fresh')).toBeUndefined();
  });

  test('statistics are fresh after a load, and not touched with --vacuum never', async () => {
    const known = async () =>
      (await database.query<{ n: number }>("SELECT reltuples::int AS n FROM pg_class WHERE relname = 'docs'"))
        .rows[0]!.n;
    await database.query('ALTER TABLE docs SET (autovacuum_enabled = false)');
    const before = await known();
    await ingest(rows(51, 300), { vacuum: 'never' });
    expect(await known()).toBe(before);
    await ingest(rows(301, 900));
    expect(await known()).toBe(900);
  });

  if (fixture.kind === 'embedded') return;

  test('--defer-indexes: an interrupted load brings them back over a new connection', async () => {
    const loading = await fixture.open();
    const controller = new AbortController();
    const reporter = collectReports();
    reporter.progress = ({ phase }) => {
      if (phase === 'loading') controller.abort(new InterruptedError());
    };
    const content = header + rows(51, 5000);
    const options = { table: 'docs', pieceLength, deferIndexes: true, reporter, signal: controller.signal };
    await expect(load(loading, content, options)).rejects.toBeInstanceOf(InterruptedError);
    expect(reporter.notes.join()).toContain('building the indexes of docs again; another Ctrl-C');
    expect(await indexes()).toEqual(all);
  });
});
