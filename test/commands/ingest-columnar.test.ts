import { readFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { beforeAll, expect, test } from 'vitest';
import type { RunResult } from '../support/cli.ts';
import { expectSameRows } from '../support/compare-tables.ts';
import { eachDatabase } from '../support/databases.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { pgvOn } from './memory-io.ts';

const folder = fileURLToPath(new URL('../../fixtures/columnar', import.meta.url));

/** The columns of rows.jsonl, as the files' own types have them. */
const columns = `id bigint PRIMARY KEY, name text, embedding vector(8), tags text[], flag boolean,
  score double precision, day date, at timestamp, price numeric(10,2), meta jsonb`;

eachDatabase((fixture) => {
  let cwd: string;
  const ingest = (name: string, ...args: string[]): Promise<RunResult> =>
    pgvOn(fixture.kind)(['ingest', name, '--json', ...args], { cwd, env: { PGV_URL: fixture.url } });

  beforeAll(async () => {
    cwd = await temporaryDirectory();
    const parquet = ['duckdb-zstd.parquet', 'duckdb-types.parquet', 'duckdb-bad-rows.parquet'];
    for (const name of ['rows.jsonl', ...parquet, 'polars-lz4.arrow', 'js-batches.feather']) {
      await copyFile(path.join(folder, name), path.join(cwd, name));
    }
    await withDatabase(async (database) => {
      await database.query('CREATE EXTENSION IF NOT EXISTS vector');
      await database.query(`CREATE TABLE expected (${columns})`);
    });
    expect(await ingest('rows.jsonl', '-t', 'expected')).toMatchObject({ code: 0 });
  });

  /** The embedded database has one user at a time. */
  async function withDatabase<T>(
    work: (database: Awaited<ReturnType<typeof fixture.open>>) => Promise<T>,
  ): Promise<T> {
    const database = await fixture.open();
    try {
      return await work(database);
    } finally {
      await database.close();
    }
  }

  const query = (sql: string) => withDatabase(async (database) => (await database.query(sql)).rows);

  test.each(['duckdb-zstd.parquet', 'polars-lz4.arrow'])(
    '%s: a new table with the types of the file, and the rows of the same file in JSON',
    async (name) => {
      const table = name.replaceAll(/\W/g, '_');
      const { code, stdout, stderr } = await ingest(name, '-t', table);
      expect(stderr).toContain(
        `created table ${table} (id bigint primary key, name text, embedding vector(8), tags text[], flag boolean, ` +
          'score double precision, day date, at timestamp, price numeric(10,2), meta jsonb)',
      );
      expect({ code, ...JSON.parse(stdout) }).toMatchObject({ code: 0, rows: 300, inserted: 300 });
      await withDatabase((database) => expectSameRows(database, table, 'expected'));
    },
  );

  test('a column of every type arrives as PostgreSQL reads its text', async () => {
    expect(await ingest('duckdb-types.parquet', '-t', 'types')).toMatchObject({ code: 0 });
    const types = await query(
      "SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' ORDER BY attnum) AS t FROM pg_attribute WHERE attrelid = 'types'::regclass AND attnum > 0",
    );
    expect(types[0]!.t).toContain('iv interval, ints vector(3), doubles vector(2), nested jsonb');
    const rows = await query(
      "SELECT i64::text, u64::text, f32::text, bin::text, d::text, ti::text, ts_ns::text, tstz AT TIME ZONE 'UTC' AS tstz, d38::text, u::text, iv::text, doubles::text, nested::text, m::text, j::text FROM types ORDER BY id",
    );
    expect(rows[0]).toMatchObject({
      i64: '-9223372036854775808',
      u64: '18446744073709551615',
      f32: '1.5',
      bin: '\\x00ff',
      d: '0044-03-15 BC',
      ti: '12:30:00.25',
      ts_ns: '2024-02-29 01:02:03.123457',
      d38: '12345678901234567890123456.789',
      u: '0a1b2c3d-0000-4000-8000-000000000001',
      iv: '1 mon 2 days 00:00:03',
      doubles: '[1.5,2.5]',
      nested: '[[1, 2], [3]]',
      m: '{"k": 1, "l": null}',
      j: '{"a": [1, null]}',
    });
    expect(rows[2]).toMatchObject({
      f32: 'NaN',
      ts_ns: '1970-01-01 00:00:00',
      doubles: '[0.1,0]',
      m: '{}',
      j: 'null',
    });
  });

  test('a table that is there: other types, --columns, --map, by text where it must be', async () => {
    await query('CREATE TABLE there (key int PRIMARY KEY, vec halfvec(8), words jsonb, amount money)');
    const args = ['-t', 'there', '--columns', 'id,embedding,tags,price'];
    const map = ['--map', 'id=key', '--map', 'embedding=vec', '--map', 'tags=words', '--map', 'price=amount'];
    expect(await ingest('duckdb-zstd.parquet', ...args, ...map)).toMatchObject({ code: 0 });
    const same = await query(
      `SELECT count(*) AS n FROM there JOIN expected ON key = id WHERE vec IS NOT DISTINCT FROM embedding::halfvec
        AND words IS NOT DISTINCT FROM to_jsonb(tags) AND amount = price::money`,
    );
    expect(same).toEqual([{ n: 300 }]);
  });

  test('the first bad row ends the load, with file, row and column', async () => {
    const { code, stdout } = await ingest(
      'duckdb-bad-rows.parquet',
      '-t',
      'bad',
      '--types',
      'embedding=vector(2)',
    );
    expect({ code, ...JSON.parse(stdout).error }).toMatchObject({
      code: 'bad-value',
      file: 'duckdb-bad-rows.parquet',
      row: 2,
      column: 'embedding',
      sqlstate: '22000',
    });
    expect(code).toBe(3);
  });

  test('half floats, dictionaries and several batches of Arrow', async () => {
    expect(await ingest('js-batches.feather', '-t', 'batches')).toMatchObject({ code: 0 });
    const rows = await query(
      'SELECT vec::text, half::text, kind, big::text FROM batches WHERE id IN (4, 6) ORDER BY id',
    );
    expect(rows).toEqual([
      { vec: null, half: '[2,-1]', kind: 'green', big: '9223372036854775812' },
      { vec: '[6,6.5,-6,0.33333334]', half: null, kind: 'red', big: '9223372036854775814' },
    ]);
  });

  test('from a pipe, compressed once more: it is kept in a file meanwhile', async () => {
    const input = gzipSync(readFileSync(path.join(folder, 'duckdb-snappy.parquet')));
    const args = ['ingest', '-', '-t', 'piped', '--format', 'parquet'];
    expect(await pgvOn(fixture.kind)(args, { env: { PGV_URL: fixture.url }, input })).toMatchObject({
      code: 0,
    });
    expect(await query('SELECT count(*) AS n FROM piped')).toEqual([{ n: 300 }]);
  });
});
