import { appendFile, readFile, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { ingest } from '../../src/operations/ingest/ingest.ts';
import type { IngestOptions } from '../../src/operations/ingest/ingest-options.ts';
import { inputOf } from '../../src/operations/ingest/input.ts';
import { forgetLoads } from '../../src/operations/ledger/forget.ts';
import { listLoads } from '../../src/operations/ledger/list.ts';
import { pruneLedger } from '../../src/operations/ledger/prune.ts';
import { sweepStaging } from '../../src/operations/ledger/sweep.ts';
import { namesOfTablesWithVectors } from '../../src/operations/tables.ts';
import { silentReporter } from '../../src/progress.ts';
import { resolveInputs } from '../../src/sources/inputs.ts';
import { deleteLoads } from '../../src/sql/ledger.ts';
import { lockLoad } from '../../src/sql/ledger-locks.ts';
import { eachDatabase } from '../support/databases.ts';
import { load } from '../support/load.ts';
import { collectReports } from '../support/reports.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const never = new AbortController().signal;
const header = 'id,v\n';
const many = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `${from + i},"[1,${from + i}]"\n`).join('');

eachDatabase((fixture) => {
  let database: Database;
  let file: string;

  beforeAll(async () => {
    database = await fixture.open();
    await database.query('CREATE EXTENSION IF NOT EXISTS vector');
  });

  beforeEach(async () => {
    await database.query('DROP TABLE IF EXISTS docs, other; DROP SCHEMA IF EXISTS pgv CASCADE');
    file = path.join(await temporaryDirectory(), 'docs.csv');
    await writeFile(file, header + many(0, 100));
  });

  /** Small pieces, one after the other. */
  async function run(options: Partial<IngestOptions> = {}, name = file, reporter = silentReporter) {
    const inputs = await resolveInputs([name], { cwd: '/', stdin: process.stdin }, () => {});
    return ingest(
      database,
      inputs.map((input) => inputOf(input, {}, reporter, never)),
      { table: 'docs', jobs: 1, pieceLength: 200, vacuum: 'never', ...options },
      reporter,
      never,
    );
  }

  /** A load that ends at a row that the table does not take; the ledger keeps what was stored before it. */
  async function unfinished(options: Partial<IngestOptions> = {}): Promise<string> {
    await database.query('CREATE TABLE docs (id bigint CHECK (id < 70), v vector(2))');
    await expect(run(options)).rejects.toMatchObject({ sqlstate: '23514' });
    const [found] = await listLoads(database, undefined);
    return found!.loadId;
  }

  /**
   * What a kill leaves of a load through staging: the ledger's row, pieces and the table.
   * @param sourceKey null: a stream without a name
   */
  async function staged(loadId: string, sourceKey: string | null, table = 'docs'): Promise<string> {
    await database.query(`CREATE TABLE IF NOT EXISTS ${table} (id bigint, v vector(2))`);
    // The ledger is there since the first load.
    await run({ table: 'other' });
    const name = `pgv.staging_${loadId}`;
    await database.query({
      text: `INSERT INTO pgv.loads (load_id, table_oid, table_name, created_table, staging, sources, source_key, shape, shape_key, mode, piece_length)
        VALUES ($1, '${table}'::regclass, 'public.${table}', false, $2, '[{"name": "stdin"}]', $3, '{}', '', '{}', 200)`,
      values: [loadId, name, sourceKey],
    });
    await database.query(`CREATE UNLOGGED TABLE ${name} AS SELECT 1::bigint AS pgv_row, * FROM ${table};
      INSERT INTO pgv.staged_pieces (load_id, file, piece, first_row, records, byte_offset, byte_length, checksum) VALUES ('${loadId}', 0, 0, 1, 3, 0, 30, 'x');
      INSERT INTO pgv.staged_pieces_stored (load_id, file, piece, rows, rejected) VALUES ('${loadId}', 0, 0, 3, 0)`);
    return name;
  }

  async function stagingTables(): Promise<string[]> {
    const { rows } = await database.query<{ name: string }>(
      "SELECT format('pgv.%I', relname) AS name FROM pg_class WHERE relname LIKE 'staging_%' AND relkind = 'r' ORDER BY 1",
    );
    return rows.map(({ name }) => name);
  }

  async function ledgerRows(loadId: string): Promise<string[]> {
    const tables = ['loads', 'pieces', 'pieces_stored', 'staged_pieces', 'staged_pieces_stored', 'finished'];
    const found: string[] = [];
    for (const table of tables) {
      const { rowCount } = await database.query({
        text: `SELECT FROM pgv.${table} WHERE load_id = $1`,
        values: [loadId],
      });
      if (rowCount > 0) found.push(table);
    }
    return found;
  }

  const ids = async () =>
    (await database.query<{ id: number }>('SELECT id FROM docs ORDER BY id')).rows.map(({ id }) => id);

  describe('listLoads', () => {
    test('without a ledger there is nothing, and none is made', async () => {
      expect(await listLoads(database, undefined)).toEqual([]);
      expect((await database.query("SELECT FROM pg_namespace WHERE nspname = 'pgv'")).rowCount).toBe(0);
      await expect(listLoads(database, 'docs')).rejects.toMatchObject({ code: 'no-table' });
    });

    test('a load that is finished, and one that is not', async () => {
      const stopped = await unfinished();
      const other = path.join(path.dirname(file), 'other.csv');
      await writeFile(other, header + many(0, 5));
      await run({ table: 'other' }, other);
      const [finished, begun, ...more] = await listLoads(database, undefined);
      expect(more).toEqual([]);
      expect(finished).toMatchObject({
        table: 'public.other',
        files: [other],
        name: null,
        status: 'finished',
        rows: 5,
        rejected: 0,
        share: 1,
        finishedAt: expect.any(String),
        bytes: (await readFile(other)).length - header.length,
      });
      const stored = await ids();
      expect(stored.length).toBeGreaterThan(30);
      expect(begun).toMatchObject({
        loadId: stopped,
        status: 'unfinished',
        rows: stored.length,
        finishedAt: null,
      });
      expect(begun!.share).toBeGreaterThan(0.3);
      expect(begun!.share).toBeLessThan(0.71);
      expect(await listLoads(database, 'docs')).toEqual([begun]);
      await database.query('ALTER TABLE docs RENAME TO renamed');
      expect(await listLoads(database, 'renamed')).toEqual([{ ...begun, table: 'public.renamed' }]);
      await database.query('DROP TABLE renamed');
    });

    test.each([
      ['dropped', 'DROP TABLE docs'],
      ['emptied', 'DELETE FROM docs'],
      ['truncated', 'TRUNCATE docs'],
      ['made anew', 'CREATE TABLE new (LIKE docs); DROP TABLE docs; ALTER TABLE new RENAME TO docs'],
    ])('is void when its table is %s', async (_, statement) => {
      await run();
      await database.query(statement);
      expect(await listLoads(database, 'docs')).toMatchObject([
        { table: 'public.docs', status: 'void', rows: 100 },
      ]);
    });

    test('of a compressed file nobody knows how far a load is; a stream goes by its name', async () => {
      const packed = `${file}.gz`;
      await writeFile(packed, gzipSync(await readFile(file)));
      await database.query('CREATE TABLE docs (id bigint CHECK (id < 70), v vector(2))');
      await expect(run({}, packed)).rejects.toMatchObject({ sqlstate: '23514' });
      await load(database, header + many(0, 10), { table: 'other', loadId: 'nightly' });
      expect(await listLoads(database, undefined)).toMatchObject([
        { name: 'nightly', status: 'finished', share: 1 },
        { files: [packed], status: 'unfinished', share: null },
      ]);
    });

    test('a role that may not read the ledger is told', async () => {
      await run();
      const role = `pgv_loads_${process.pid}`;
      await database.query(`CREATE ROLE ${role}; SET ROLE ${role}`);
      try {
        const refused = { code: 'permission', hint: expect.stringContaining('--grant') };
        await expect(listLoads(database, undefined)).rejects.toMatchObject(refused);
        await database.query(
          `RESET ROLE; GRANT USAGE ON SCHEMA pgv TO ${role}; GRANT SELECT ON ALL TABLES IN SCHEMA pgv TO ${role}; SET ROLE ${role}`,
        );
        // Whether the table is empty is not this role's to know.
        expect(await listLoads(database, undefined)).toMatchObject([{ status: 'finished' }]);
        await expect(forgetLoads(database, ['x'])).rejects.toMatchObject(refused);
        await expect(pruneLedger(database, { olderThan: 0, dryRun: false })).rejects.toMatchObject(refused);
      } finally {
        await database.query(`RESET ROLE; DROP OWNED BY ${role}; DROP ROLE ${role}`);
      }
    });
  });

  describe('forgetLoads', () => {
    test('rows stay, and the file is new again', async () => {
      await database.query('CREATE TABLE docs (id bigint, v vector(2))');
      const { loadId } = await run();
      expect(await forgetLoads(database, [loadId!.slice(0, 8), loadId!])).toMatchObject([
        { loadId, status: 'finished', rows: 100 },
      ]);
      expect(await ledgerRows(loadId!)).toEqual([]);
      expect(await run()).toMatchObject({ status: 'loaded', rows: 100 });
      expect(await ids()).toHaveLength(200);
    });

    test('what an unfinished load has staged goes', async () => {
      const name = await staged('0f4cf4aa', 'a file');
      expect(await stagingTables()).toEqual([name]);
      expect(await forgetLoads(database, ['0f4cf4aa'])).toMatchObject([
        { status: 'unfinished', staged: true },
      ]);
      expect(await stagingTables()).toEqual([]);
      expect(await ledgerRows('0f4cf4aa')).toEqual([]);
    });

    test('what is not there, or means several, is refused, and nothing is forgotten', async () => {
      await expect(forgetLoads(database, ['0f4c'])).rejects.toMatchObject({ code: 'no-load' });
      await staged('0f4cf4aa', 'one');
      await staged('0f4cf4bb', 'two');
      for (const [id, code] of [
        ['0f4cf4', 'ambiguous-load'],
        ['0f4cf4cc', 'no-load'],
        ['0f4', 'no-load'],
        ['', 'no-load'],
      ]) {
        await expect(forgetLoads(database, ['0f4cf4aa', id!])).rejects.toMatchObject({ code });
      }
      expect(await stagingTables()).toHaveLength(2);
    });
  });

  describe('what loads leave behind', () => {
    test('goes when the next load through staging begins, but for what can go on', async () => {
      await staged('aa', null);
      const kept = await staged('bb', 'a file');
      const finished = await staged('cc', 'another');
      await database.query(
        "INSERT INTO pgv.finished VALUES ('cc', 0, 0, 0, 0, 0, 0); CREATE TABLE pgv.staging_dd (id int)",
      );
      expect(await stagingTables()).toContain(finished);
      expect(await load(database, header + many(0, 10), { table: 'docs', atomic: true })).toMatchObject({
        inserted: 10,
      });
      expect(await stagingTables()).toEqual([kept]);
      expect(await ledgerRows('aa')).toEqual([]);
      expect(await ledgerRows('bb')).toEqual(['loads', 'staged_pieces', 'staged_pieces_stored']);
      expect(await ledgerRows('cc')).toEqual(['loads', 'finished']);
    });

    test('is pruned, with loads whose table is gone; or told alone', async () => {
      await staged('aa', null);
      await staged('bb', 'a file', 'gone');
      await staged('cc', 'a file');
      await database.query('DROP TABLE gone');
      const removed = [
        { loadId: 'aa', table: 'public.docs', staging: 'pgv.staging_aa', why: 'nameless' },
        { loadId: 'bb', table: 'public.gone', staging: 'pgv.staging_bb', why: 'table-gone' },
      ];
      const before = await stagingTables();
      const expected = { removed, kept: [], pieces: 0 };
      expect(await pruneLedger(database, { olderThan: undefined, dryRun: true })).toEqual(expected);
      expect(await stagingTables()).toEqual(before);
      expect(await pruneLedger(database, { olderThan: undefined, dryRun: false })).toEqual(expected);
      expect(await stagingTables()).toEqual(['pgv.staging_cc']);
      expect((await listLoads(database, undefined)).map(({ loadId }) => loadId)).toContain('cc');
      expect(await pruneLedger(database, { olderThan: undefined, dryRun: false })).toMatchObject({
        removed: [],
      });
    });

    test('pieces of old loads go; their files stay known, unless somebody has written to them', async () => {
      await database.query('CREATE TABLE docs (id bigint, v vector(2))');
      const { loadId } = await run();
      expect(await pruneLedger(database, { olderThan: 1, dryRun: false })).toMatchObject({ pieces: 0 });
      await sleep(5);
      const dry = await pruneLedger(database, { olderThan: 0, dryRun: true });
      expect(dry.pieces).toBeGreaterThan(3);
      expect(await pruneLedger(database, { olderThan: 0, dryRun: false })).toEqual(dry);
      expect(await ledgerRows(loadId!)).toEqual(['loads', 'finished']);
      expect(await listLoads(database, 'docs')).toMatchObject([
        { status: 'finished', rows: 100, bytes: null },
      ]);
      expect(await run()).toMatchObject({ status: 'already-loaded' });
      await utimes(file, new Date(), new Date(Date.now() + 5000));
      await expect(run()).rejects.toMatchObject({ code: 'load-in-doubt' });
      expect(await run({ ifLoaded: 'again' })).toMatchObject({ status: 'loaded' });
    });

    test('without a ledger there is nothing to do', async () => {
      const nothing = { removed: [], kept: [], pieces: 0 };
      expect(await pruneLedger(database, { olderThan: 0, dryRun: false })).toEqual(nothing);
    });
  });

  test('a staging table is no table with vectors', async () => {
    await staged('aa', null);
    await database.query('DROP TABLE other');
    expect(await namesOfTablesWithVectors(database)).toEqual(['docs']);
  });

  if (fixture.kind === 'embedded') return;

  describe('a run at work', () => {
    /** Holds a load as a run does. */
    async function holding(loadId: string): Promise<Database> {
      const holder = await fixture.open();
      await holder.query('BEGIN');
      await holder.query(lockLoad(loadId));
      return holder;
    }

    test('keeps its load and its staging table', async () => {
      const name = await staged('aaaa', null);
      const holder = await holding('aaaa');
      expect(await listLoads(database, 'docs')).toMatchObject([{ status: 'running', rows: 3 }]);
      await expect(forgetLoads(database, ['aaaa'])).rejects.toMatchObject({
        name: 'DatabaseError',
        code: 'load-running',
        message: expect.stringMatching(/^a run is at work on load aaaa: backend \d+ since /),
      });
      const kept = [{ loadId: 'aaaa' }];
      for (const dryRun of [true, false]) {
        const pruned = await pruneLedger(database, { olderThan: undefined, dryRun });
        expect(pruned).toMatchObject({ removed: [], kept });
      }
      expect(await sweepStaging(database)).toEqual([]);
      expect(await stagingTables()).toEqual([name]);
      await holder.query('ROLLBACK');
      expect(await sweepStaging(database)).toEqual([name]);
    });

    test('is seen as such from its first piece to its last', async () => {
      await database.query('CREATE TABLE docs (id bigint, v vector(2))');
      const blocker = await fixture.open();
      await blocker.query('BEGIN; LOCK TABLE docs IN SHARE MODE');
      const other = await fixture.open();
      const loading = run();
      await expect.poll(() => listLoads(other, undefined)).toMatchObject([{ status: 'running' }]);
      const { loadId } = (await listLoads(other, undefined))[0]!;
      await expect(forgetLoads(other, [loadId])).rejects.toMatchObject({ code: 'load-running' });
      await blocker.query('ROLLBACK');
      expect(await loading).toMatchObject({ rows: 100, loadId });
      expect(await listLoads(other, undefined)).toMatchObject([{ status: 'finished' }]);
    });

    test('that would go on with a load which is forgotten just then begins anew', async () => {
      const loadId = await unfinished();
      const stored = await ids();
      await database.query('ALTER TABLE docs DROP CONSTRAINT docs_id_check');
      const forgetter = await holding(loadId);
      const reports = collectReports();
      const loading = run({}, file, reports);
      await expect.poll(() => reports.notes.join()).toContain('another run loads');
      await forgetter.query(deleteLoads([loadId]));
      await forgetter.query('COMMIT');
      expect(await loading).toMatchObject({ status: 'loaded', rows: 100 });
      expect(await ids()).toHaveLength(stored.length + 100);
      expect(await ledgerRows(loadId)).toEqual([]);
    });

    test('a staging table that somebody reads stays for now', async () => {
      const name = await staged('aa', null);
      const reader = await fixture.open();
      await reader.query(`BEGIN; SELECT FROM ${name}`);
      expect(await sweepStaging(database)).toEqual([]);
      await appendFile(file, many(100, 110));
      expect(await run({ atomic: true })).toMatchObject({ inserted: 110 });
      await reader.query('ROLLBACK');
      expect(await sweepStaging(database)).toEqual([name]);
    });
  });
});
