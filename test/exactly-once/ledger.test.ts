import { appendFile, copyFile, readFile, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { ingest } from '../../src/operations/ingest/ingest.ts';
import type { IngestOptions } from '../../src/operations/ingest/ingest-options.ts';
import { inputOf } from '../../src/operations/ingest/input.ts';
import type { IngestSummary } from '../../src/operations/ingest/summary.ts';
import { silentReporter } from '../../src/progress.ts';
import { resolveInputs } from '../../src/sources/inputs.ts';
import { eachDatabase } from '../support/databases.ts';
import { collectReports } from '../support/reports.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const row = (id: number, t = `t${id}`) => `${id},${t},"[1,${id}]"\n`;
const many = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => row(from + i)).join('');
const header = 'id,t,v\n';
/** A dozen rows a piece. */
const pieceLength = 200;

eachDatabase((fixture) => {
  let database: Database;
  let directory: string;
  let file: string;

  beforeAll(async () => {
    database = await fixture.open();
    await database.query('CREATE EXTENSION vector');
  });

  beforeEach(async () => {
    directory = await temporaryDirectory();
    file = path.join(directory, 'docs.csv');
    await database.query('DROP TABLE IF EXISTS docs; DROP SCHEMA IF EXISTS pgv CASCADE');
    await writeFile(file, header + many(0, 100));
  });

  type Options = Partial<IngestOptions> & { signal?: AbortSignal; reporter?: typeof silentReporter };

  async function run(
    { signal = new AbortController().signal, reporter = silentReporter, ...options }: Options = {},
    ...files: string[]
  ): Promise<IngestSummary> {
    const names = files.length === 0 ? [file] : files;
    const inputs = await resolveInputs(names, { cwd: directory, stdin: Readable.from([]) }, () => {});
    return ingest(
      database,
      inputs.map((input) => inputOf(input, {}, reporter, signal)),
      { table: 'docs', jobs: 2, pieceLength, ...options },
      reporter,
      signal,
    );
  }

  async function stream(text: string, options: Options = {}): Promise<IngestSummary> {
    return loadStream(Readable.from([Buffer.from(text)], { objectMode: true }), options);
  }

  async function loadStream(stdin: Readable, options: Options): Promise<IngestSummary> {
    const [input] = await resolveInputs(['-'], { cwd: directory, stdin }, () => {});
    const signal = new AbortController().signal;
    return ingest(
      database,
      [inputOf(input!, {}, silentReporter, signal)],
      { table: 'docs', jobs: 2, pieceLength, ...options },
      silentReporter,
      signal,
    );
  }

  async function ids(): Promise<number[]> {
    const { rows } = await database.query<{ id: number }>('SELECT id FROM docs ORDER BY id, t');
    return rows.map(({ id }) => id);
  }

  const upTo = (n: number) => Array.from({ length: n }, (_, i) => i);

  /** A load that a bad row ends, behind rows that are stored. */
  async function begun(options: Options = {}): Promise<void> {
    await writeFile(file, `${header}${many(0, 60)}x,y,z\n${many(60, 100)}`);
    await expect(run({ jobs: 1, ...options })).rejects.toMatchObject({ row: 61 });
  }

  describe('a load that is finished', () => {
    test('is not done again', async () => {
      expect(await run()).toMatchObject({ status: 'loaded', rows: 100 });
      expect(await run()).toMatchObject({ status: 'already-loaded', rows: 0, inserted: 0, lanes: 0 });
      expect(await ids()).toEqual(upTo(100));
    });

    test('--if-loaded error and again', async () => {
      await database.query('CREATE TABLE docs (id bigint, t text, v vector(2))');
      await run();
      await expect(run({ ifLoaded: 'error' })).rejects.toMatchObject({ code: 'already-loaded' });
      expect(await run({ ifLoaded: 'again' })).toMatchObject({ status: 'loaded', rows: 100 });
      expect(await ids()).toHaveLength(200);
    });

    test('an upsert applies again, and finds all as it is', async () => {
      await run();
      expect(await run({ onConflict: 'update' })).toMatchObject({ inserted: 0, updated: 0, unchanged: 100 });
      expect(await run({ onConflict: 'update' })).toMatchObject({ status: 'loaded', unchanged: 100 });
      expect(await run({ onConflict: 'skip' })).toMatchObject({ skipped: 100 });
    });

    test('the same bytes elsewhere, or written again, are the same load', async () => {
      await run();
      const copy = path.join(directory, 'copy.csv');
      await copyFile(file, copy);
      await utimes(copy, new Date(), new Date(Date.now() + 5000));
      expect(await run({}, copy)).toMatchObject({ status: 'already-loaded' });
    });

    test.each<[string, Options]>([
      ['straight', {}],
      ['all at once', { atomic: true }],
    ])("what only the pieces' checksums tell: %s", async (_, options) => {
      const size = 20_000;
      await writeFile(file, header + many(0, size));
      await run({ pieceLength: 2 ** 16, ...options });
      // Written again as it was, and then otherwise between the blocks that are sampled.
      await utimes(file, new Date(), new Date(Date.now() + 5000));
      expect(await run({ pieceLength: 2 ** 16, ...options })).toMatchObject({ status: 'already-loaded' });
      const text = await readFile(file, 'utf8');
      const at = text.indexOf(row(4000));
      await writeFile(file, text.slice(0, at) + text.slice(at).replace('4000,t4000', '4000,x4000'));
      expect(
        await run({ pieceLength: 2 ** 16, onConflict: 'error', ...options, table: 'docs' }).catch(
          (error) => error.code,
        ),
      ).toBe('bad-data');
    });

    test('another file, other columns or another table are another load', async () => {
      await run();
      await writeFile(file, header + many(100, 110));
      expect(await run()).toMatchObject({ status: 'loaded', rows: 10 });
      expect(await ids()).toEqual(upTo(110));
      await run({ table: 'others' });
      await database.query('DROP TABLE others');
    });

    test.each([
      ['dropped', 'DROP TABLE docs'],
      ['emptied', 'DELETE FROM docs'],
      ['truncated', 'TRUNCATE docs'],
      ['truncated, and filled with others', "TRUNCATE docs; INSERT INTO docs VALUES (5000, 'x', '[1,2]')"],
    ])('is void once its table is %s', async (_, statement) => {
      await run();
      await database.query(statement);
      expect(await run()).toMatchObject({ status: 'loaded', rows: 100 });
      expect((await ids()).slice(0, 100)).toEqual(upTo(100));
    });

    test.each([
      ['rewritten', 'VACUUM FULL docs'],
      ['given another type', 'ALTER TABLE docs ALTER v TYPE halfvec(2)'],
      ['partly emptied', 'DELETE FROM docs WHERE id > 50'],
      ['updated', "UPDATE docs SET t = 'new'"],
    ])('holds when its table is %s', async (_, statement) => {
      await run();
      await database.query(statement);
      expect(await run()).toMatchObject({ status: 'already-loaded' });
    });

    test('a table that was truncated and holds some of its rows again does not tell', async () => {
      await run();
      await database.query("TRUNCATE docs; INSERT INTO docs VALUES (0, 't0', '[1,0]')");
      await expect(run()).rejects.toMatchObject({ code: 'load-in-doubt' });
    });
  });

  describe('a load that is not finished', () => {
    test('goes on with the same command once what stopped it is gone', async () => {
      await database.query(
        'CREATE TABLE docs (id bigint, t text, v vector(2), CONSTRAINT low CHECK (id < 70))',
      );
      await expect(run({ jobs: 1 })).rejects.toMatchObject({ sqlstate: '23514', row: 71 });
      const before = await ids();
      expect(before.length).toBeGreaterThan(40);
      await database.query('ALTER TABLE docs DROP CONSTRAINT low');
      const reporter = collectReports();
      const summary = await run({ reporter, jobs: 2 });
      expect(summary).toMatchObject({ status: 'resumed', rows: 100 - before.length });
      expect(reporter.notes.join()).toContain(`going on with the load of ${file}`);
      expect(await ids()).toEqual(upTo(100));
      expect(await run()).toMatchObject({ status: 'already-loaded' });
    });

    test('goes on where a piece was refused at its COMMIT, and the next was claimed behind that', async () => {
      await database.query(`CREATE TABLE docs (id bigint, t text, v vector(2));
        CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'too late'; END $$;
        CREATE CONSTRAINT TRIGGER late AFTER INSERT ON docs DEFERRABLE INITIALLY DEFERRED
          FOR EACH ROW WHEN (NEW.id = 30) EXECUTE FUNCTION refuse()`);
      await expect(run({ jobs: 1 })).rejects.toMatchObject({ sqlstate: 'P0001' });
      expect(await ids()).not.toContain(30);
      await database.query('DROP TRIGGER late ON docs');
      expect(await run()).toMatchObject({ status: 'resumed' });
      expect(await ids()).toEqual(upTo(100));
    });

    test('leaves out what is wrong when it goes on with --on-error skip', async () => {
      await begun();
      const rejectFile = path.join(directory, 'bad.csv');
      expect(await run({ onError: 'skip', rejectFile })).toMatchObject({ status: 'resumed', rejected: 1 });
      expect(await ids()).toEqual(upTo(100));
      expect(await readFile(rejectFile, 'utf8')).toBe(`${header}x,y,z\n`);
    });

    test('is refused when its file has changed', async () => {
      await begun();
      await appendFile(file, row(100));
      await expect(run()).rejects.toMatchObject({
        code: 'file-changed',
        message: expect.stringMatching(
          /has changed since its load into public\.docs began on .* bytes, sample/,
        ),
        hint: expect.stringContaining('--restart begins again'),
      });
    });

    test('is refused with other options', async () => {
      await begun();
      await expect(run({ map: [['t', 'other']] })).rejects.toMatchObject({
        code: 'other-options',
        message: expect.stringContaining('--map'),
      });
      await expect(run({ atomic: true })).rejects.toMatchObject({
        message: expect.stringContaining('--atomic'),
      });
    });

    test('--restart begins again with a table of its own making', async () => {
      await begun();
      await writeFile(file, header + many(0, 90));
      expect(await run({ restart: true })).toMatchObject({ status: 'loaded', rows: 90 });
      expect(await ids()).toEqual(upTo(90));
    });

    test('--restart does not take rows out of a table that was there', async () => {
      await database.query('CREATE TABLE docs (id bigint, t text, v vector(2))');
      await begun();
      await expect(run({ restart: true })).rejects.toMatchObject({ code: 'cannot-restart' });
      await writeFile(file, header + many(0, 90));
      expect(await run({ restart: true, truncate: true })).toMatchObject({ status: 'loaded', rows: 90 });
      expect(await ids()).toEqual(upTo(90));
    });

    test('stays known when what comes before its rows fails', async () => {
      await database.query('CREATE TABLE docs (id bigint, t text, v vector)');
      await begun();
      // No index can be made on vectors of any length.
      await expect(run({ index: 'hnsw' })).rejects.toThrow('column v has no dimensions');
      expect(await run({ onError: 'skip' })).toMatchObject({ status: 'resumed' });
      expect(await ids()).toEqual(upTo(100));
    });

    test('is in doubt when its table was rewritten and its first piece is not stored', async () => {
      await database.query('CREATE TABLE docs (id bigint, t text, v vector(2))');
      await begun();
      await database.query(
        'DELETE FROM docs WHERE id < 20; DELETE FROM pgv.pieces WHERE piece = 0; DELETE FROM pgv.pieces_stored WHERE piece = 0',
      );
      await database.query('VACUUM FULL docs');
      await expect(run({ onError: 'skip' })).rejects.toMatchObject({ code: 'load-in-doubt' });
    });

    test.each<[string, string, Options]>([
      ['--key without --on-conflict', 'usage', { key: ['id'] }],
      ['an upsert without a key', 'no-key', { onConflict: 'update', columns: ['t', 'v'] }],
    ])('is none, and its table not made, where it is refused: %s', async (_, code, options) => {
      await expect(run(options)).rejects.toMatchObject({ code });
      const { rows } = await database.query<{ docs: string | null; ledger: string | null }>(
        "SELECT to_regclass('docs')::text AS docs, to_regclass('pgv.loads')::text AS ledger",
      );
      expect(rows[0]!.docs).toBeNull();
      // What needs no look at the file is refused before the ledger is made.
      const loads = rows[0]!.ledger === null ? [] : (await database.query('SELECT FROM pgv.loads')).rows;
      expect(loads).toEqual([]);
    });

    test('--atomic leaves nothing of a file that is wrong', async () => {
      await begun({ atomic: true });
      const { rows } = await database.query('SELECT FROM pgv.loads');
      expect(rows).toEqual([]);
    });
  });

  describe('several files', () => {
    test('each is a load: one more is one load more', async () => {
      const second = path.join(directory, 'more.csv');
      await writeFile(second, header + many(100, 150));
      expect(await run()).toMatchObject({ rows: 100 });
      const both = await run({}, file, second);
      expect(both).toMatchObject({ status: 'loaded', rows: 50, loadId: null });
      expect(both.files).toMatchObject([{ status: 'already-loaded' }, { status: 'loaded', rows: 50 }]);
      expect(await run({}, file, second)).toMatchObject({ status: 'already-loaded' });
      expect(await ids()).toEqual(upTo(150));
    });

    test('merged together, the last file wins', async () => {
      const second = path.join(directory, 'more.csv');
      await writeFile(second, header + row(5, 'new') + row(200, 'new'));
      expect(await run({ onConflict: 'update', key: ['id'] }, file, second)).toMatchObject({
        inserted: 101,
        skipped: 1,
      });
      const { rows } = await database.query("SELECT id FROM docs WHERE t = 'new' ORDER BY id");
      expect(rows).toEqual([{ id: 5 }, { id: 200 }]);
    });

    test('one name for several loads is refused', async () => {
      const second = path.join(directory, 'more.csv');
      await writeFile(second, header + many(100, 150));
      await expect(run({ loadId: 'both' }, file, second)).rejects.toMatchObject({ code: 'usage' });
    });

    test('--types of a table that the first file made hold when the second goes on', async () => {
      const second = path.join(directory, 'more.csv');
      await writeFile(second, `${header}${many(100, 160)}y,y,z\n`);
      const types = new Map([['id', 'text']]);
      await expect(run({ types, jobs: 1 }, file, second)).rejects.toMatchObject({ file: second, row: 61 });
      expect(await run({ types, onError: 'skip' }, file, second)).toMatchObject({ status: 'resumed' });
      expect(await ids()).toHaveLength(160);
    });

    test('--truncate empties the table though the first file has no rows', async () => {
      await database.query(
        "CREATE TABLE docs (id bigint, t text, v vector(2)); INSERT INTO docs VALUES (7, 'old')",
      );
      const empty = path.join(directory, 'empty.csv');
      await writeFile(empty, header);
      expect(await run({ truncate: true }, empty, file)).toMatchObject({ rows: 100 });
      expect(await ids()).toEqual(upTo(100));
    });

    test('without ids are numbered on, and not merged by numbers that begin again', async () => {
      const [a, b] = ['a.fvecs', 'b.fvecs'].map((name) => path.join(directory, name)) as [string, string];
      const vectors = (...values: number[]) =>
        Buffer.concat(
          values.map((x) =>
            Buffer.from(new Uint8Array([1, 0, 0, 0, ...new Uint8Array(new Float32Array([x]).buffer)])),
          ),
        );
      await writeFile(a, vectors(1, 2));
      await writeFile(b, vectors(3, 4, 5));
      await expect(run({ onConflict: 'skip' }, a, b)).rejects.toMatchObject({ code: 'no-ids', file: b });
      expect(await run({}, a, b)).toMatchObject({ inserted: 5 });
      const { rows } = await database.query('SELECT id, embedding::text AS v FROM docs ORDER BY id');
      expect(rows).toEqual([1, 2, 3, 4, 5].map((x, id) => ({ id, v: `[${x}]` })));
    });

    test('all or nothing', async () => {
      const second = path.join(directory, 'more.csv');
      await writeFile(second, `${header}${many(100, 120)}x,y,z\n`);
      await expect(run({ atomic: true }, file, second)).rejects.toMatchObject({ file: second, row: 21 });
      expect((await database.query("SELECT to_regclass('docs')::text AS docs")).rows).toEqual([
        { docs: null },
      ]);
    });
  });

  describe('a stream', () => {
    test('that stays open is not waited for when a piece fails', async () => {
      const stdin = new Readable({ objectMode: true, read: () => {} });
      stdin.push(Buffer.from(`${header}${many(0, 30)}x,y,"[1,2]"\n${many(30, 60)}`));
      await expect(loadStream(stdin, { create: true })).rejects.toMatchObject({ row: 31 });
    });

    test('without a name is loaded each time', async () => {
      await database.query('CREATE TABLE docs (id bigint, t text, v vector(2))');
      await stream(header + many(0, 10));
      expect(await stream(header + many(0, 10))).toMatchObject({ status: 'loaded', rows: 10 });
      expect(await ids()).toHaveLength(20);
    });

    test('--load-id: goes on, is checked, and is done once', async () => {
      const bad = `${header}${many(0, 60)}x,y,z\n${many(60, 100)}`;
      await expect(stream(bad, { loadId: 'nightly', jobs: 1 })).rejects.toMatchObject({ row: 61 });
      await expect(stream(header + many(1, 101), { loadId: 'nightly' })).rejects.toMatchObject({
        code: 'file-changed',
      });
      expect(await stream(bad, { loadId: 'nightly', onError: 'skip' })).toMatchObject({
        status: 'resumed',
        rejected: 1,
      });
      expect(await ids()).toEqual(upTo(100));
      expect(await stream('', { loadId: 'nightly' })).toMatchObject({ status: 'already-loaded' });
    });

    test('--load-id: is not done where it ends before what is stored of it', async () => {
      await database.query('CREATE TABLE docs (id bigint, t text, v vector(2))');
      const bad = `${header}${many(0, 60)}x,y,z\n${many(60, 100)}`;
      await expect(stream(bad, { loadId: 'nightly', jobs: 1 })).rejects.toMatchObject({ row: 61 });
      await expect(stream(header, { loadId: 'nightly' })).rejects.toMatchObject({ code: 'file-changed' });
      expect(await stream(bad, { loadId: 'nightly', onError: 'skip' })).toMatchObject({ status: 'resumed' });
      expect(await ids()).toEqual(upTo(100));
    });

    test('--expect-rows: a producer that died', async () => {
      const short = stream(header + many(0, 90), { loadId: 'n', expectRows: 100 });
      await expect(short).rejects.toMatchObject({ code: 'unexpected-rows' });
      expect(await stream(header + many(0, 100), { loadId: 'n', expectRows: 100 })).toMatchObject({
        status: 'resumed',
      });
      expect(await ids()).toEqual(upTo(100));
    });
  });

  test('--truncate: a file of which no row is right leaves the table as it is', async () => {
    await database.query(
      "CREATE TABLE docs (id bigint, t text, v vector(2)); INSERT INTO docs VALUES (7, 'old')",
    );
    await writeFile(file, `${header}x,y,z\nx,y,z\n`);
    await expect(run({ truncate: true, onError: 'skip' })).rejects.toMatchObject({ code: 'no-rows' });
    expect(await ids()).toEqual([7]);
  });

  test('--truncate: what the table holds goes with the first piece; a load again is a load again', async () => {
    await database.query(
      "CREATE TABLE docs (id bigint, t text, v vector(2)); INSERT INTO docs VALUES (7, 'old')",
    );
    expect(await run({ truncate: true })).toMatchObject({ rows: 100 });
    expect(await ids()).toEqual(upTo(100));
    expect(await run({ truncate: true })).toMatchObject({ status: 'loaded', rows: 100 });
    expect(await ids()).toEqual(upTo(100));
    expect(await run()).toMatchObject({ status: 'already-loaded' });
  });

  test('--no-ledger leaves none', async () => {
    expect(await run({ ledger: false })).toMatchObject({ rows: 100, loadId: null });
    expect((await database.query("SELECT FROM pg_namespace WHERE nspname = 'pgv'")).rowCount).toBe(0);
    await expect(run({ ledger: false, restart: true })).rejects.toMatchObject({ code: 'usage' });
  });
});
