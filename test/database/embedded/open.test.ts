import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Database } from '../../../src/database/database.ts';
import { openEmbedded } from '../../../src/database/embedded/open.ts';
import { afterwards } from '../../support/afterwards.ts';
import { temporaryDirectory } from '../../support/temporary.ts';
import { Holder } from './holder.ts';

async function open(directory: string | null, mayCreate = true): Promise<Database> {
  const database = await openEmbedded({ directory, mayCreate });
  afterwards(() => database.close());
  return database;
}

async function newDirectory(): Promise<string> {
  return path.join(await temporaryDirectory(), 'data');
}

test('makes a database, and finds it again with what was committed', async () => {
  const directory = await newDirectory();
  const first = await open(directory);
  await first.query('CREATE EXTENSION vector');
  await first.query("CREATE TABLE t AS SELECT '[1,2,3]'::vector AS v");
  await first.close();
  const again = await open(directory, false);
  expect((await again.query('SELECT v FROM t')).rows).toEqual([{ v: '[1,2,3]' }]);
  expect(again.target).toEqual({ kind: 'embedded', description: `embedded database in ${directory}` });
  expect(again.maxLanes).toBe(1);
});

test('keeps one in memory apart from the next', async () => {
  const one = await open(null);
  await one.query('CREATE TABLE t (a int)');
  const other = await open(null);
  await expect(other.query('SELECT * FROM t')).rejects.toMatchObject({ sqlstate: '42P01' });
  expect(other.target.description).toBe('embedded database in memory');
});

test('commits to the disk: fsync is on, and works', async () => {
  const database = await open(await newDirectory());
  const { rows } = await database.query(
    "SELECT current_setting('fsync') AS fsync, current_setting('wal_sync_method') AS method",
  );
  expect(rows).toEqual([{ fsync: 'on', method: 'fsync' }]);
});

test('holds the write-ahead log to a few segments', async () => {
  const directory = await newDirectory();
  const database = await open(directory);
  await database.query('CREATE TABLE t (a text)');
  for (let round = 0; round < 12; round += 1) {
    await database.query('INSERT INTO t SELECT repeat(md5(i::text), 30) FROM generate_series(1, 25000) i');
  }
  const segments = readdirSync(path.join(directory, 'pg_wal')).filter((name) => /^[0-9A-F]{24}$/.test(name));
  expect(segments.length * 16).toBeLessThanOrEqual(176); // MB; 400 were written
});

test('makes nothing for a command that only reads', async () => {
  const directory = await newDirectory();
  await expect(open(directory, false)).rejects.toMatchObject({
    name: 'UsageError',
    message: `there is no embedded database in ${directory} yet`,
    hint: expect.stringContaining('pgv ingest <file>'),
  });
  expect(existsSync(directory)).toBe(false);
});

test('leaves a directory of something else alone', async () => {
  const directory = await temporaryDirectory();
  writeFileSync(path.join(directory, 'letter.txt'), 'dear');
  await expect(open(directory)).rejects.toMatchObject({
    name: 'DatabaseError',
    message: `${directory} is not empty, and not an embedded database of pgv's`,
    hint: expect.stringContaining('pglite:<dir>'),
  });
  expect(readdirSync(directory)).toEqual(['letter.txt']);
});

test.each([
  ['below a file', (folder: string) => path.join(folder, 'file', 'data'), /a file, not a directory$/],
  ['a file', (folder: string) => path.join(folder, 'file'), /a file, not a directory$/],
  ['where nothing can be made', () => '/proc/pgv/data', /cannot be opened: /],
])('says what is wrong with a directory that is %s', async (_, place, message) => {
  const folder = await temporaryDirectory();
  writeFileSync(path.join(folder, 'file'), '');
  await expect(open(place(folder))).rejects.toMatchObject({
    name: 'DatabaseError',
    message: expect.stringMatching(message),
    hint: expect.stringContaining('pglite:<dir>'),
  });
});

test('refuses a database of another major version', async () => {
  const directory = await temporaryDirectory();
  writeFileSync(path.join(directory, 'PG_VERSION'), '17\n');
  await expect(open(directory)).rejects.toThrow(/is of PostgreSQL 17, this pgv's is 18$/);
});

test('begins again where the making of one was killed', async () => {
  const directory = await newDirectory();
  await (await open(directory)).close();
  mkdirSync(path.join(directory, '.pgv-unfinished'));
  rmSync(path.join(directory, 'PG_VERSION'));
  rmSync(path.join(directory, 'global'), { recursive: true });
  await expect(open(directory, false)).rejects.toThrow(/there is no embedded database/);
  expect((await (await open(directory)).query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  expect(readdirSync(directory)).not.toContain('.pgv-unfinished');
});

test('is made whole whenever its making is killed', async () => {
  for (const milliseconds of [150, 250, 350, 500]) {
    const directory = await newDirectory();
    const holder = new Holder(directory);
    await holder.said('started');
    await sleep(milliseconds);
    await holder.kill();
    const database = await open(directory);
    expect((await database.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    await database.close();
  }
});

test('is refused to a second process, which is told the first', async () => {
  const directory = await newDirectory();
  const holder = new Holder(directory);
  await holder.said('"id":1');
  await expect(open(directory)).rejects.toMatchObject({
    name: 'DatabaseError',
    code: 'database-in-use',
    message: `the embedded database in ${directory} is in use by process ${holder.process.pid}`,
    hint: expect.stringContaining('PostgreSQL server'),
  });
});

test('is free again once its holder is killed, and has what was committed', async () => {
  const directory = await newDirectory();
  const holder = new Holder(directory, 'CREATE TABLE t AS SELECT generate_series(1, 1000) AS a');
  await holder.said('"id":2');
  await holder.kill();
  const database = await open(directory);
  expect((await database.query('SELECT count(*) FROM t')).rows).toEqual([{ count: 1000 }]);
});

test('is refused a second time in one process, by whatever path', async () => {
  const directory = await newDirectory();
  const database = await open(directory);
  const link = path.join(await temporaryDirectory(), 'link');
  symlinkSync(directory, link);
  await expect(open(link)).rejects.toThrow(`${link} is in use by this process already`);
  await database.close();
  await (await open(link)).close();
});
