import { setTimeout as sleep } from 'node:timers/promises';
import type { MessagePort } from 'node:worker_threads';
import { beforeAll, expect, test } from 'vitest';
import type { Database } from '../../../src/database/database.ts';
import { openEmbedded, openEmbeddedLane } from '../../../src/database/embedded/open.ts';
import { copyContext } from '../../../src/database/sqlstate.ts';
import { afterwards } from '../../support/afterwards.ts';
import { copied } from '../../support/copied.ts';

let database: Database;

beforeAll(async () => {
  database = await openEmbedded({ directory: null, mayCreate: true });
  afterwards(() => database.close());
  await database.query('CREATE EXTENSION vector');
  await database.query(`CREATE TABLE "from stdin" (id int, "to stdout" text)`);
  await database.query('CREATE TABLE big (id int, body text)');
});

async function count(table: string): Promise<unknown> {
  return (await database.query(`SELECT count(*) FROM ${table}`)).rows[0]!.count;
}

const copyOut = (sql: string): Promise<Buffer> => copied(database, sql);

const odd = [
  '',
  ' ',
  'a,b',
  'tab\tnewline\nreturn\r',
  '\\N',
  '\\.',
  'ünï😀',
  '"quoted"',
  'x'.repeat(300_000),
  null,
];

test('carries odd values in and out, binary, in chunks of any size', async () => {
  const values = odd.map((text, id) => [id, text]);
  for (const [id, text] of values) {
    await database.query({ text: 'INSERT INTO "from stdin" VALUES ($1, $2)', values: [id, text] });
  }
  const out = await copyOut('COPY (SELECT * FROM "from stdin" ORDER BY id) TO STDOUT (FORMAT binary)');
  await database.query('TRUNCATE "from stdin"');
  const chunks = function* () {
    for (let at = 0, size = 1; at < out.length; at += size, size = (size * 7) % 70_001 || 1) {
      yield out.subarray(at, at + size);
      yield new Uint8Array(0);
    }
  };
  const stored = await database.copyIn(
    'COPY "from stdin" (id, "to stdout") FROM STDIN (FORMAT binary)',
    chunks(),
  );
  expect(stored).toBe(odd.length);
  const { rows } = await database.query('SELECT id, "to stdout" AS text FROM "from stdin" ORDER BY id');
  expect(rows).toEqual(values.map(([id, text]) => ({ id, text })));
});

test('takes an async source, and chunks that share their memory', async () => {
  const whole = Buffer.from('1\tone\n2\ttwo\n');
  async function* chunks() {
    yield whole.subarray(0, 5);
    await new Promise((resolve) => setTimeout(resolve, 30));
    yield whole.subarray(5);
  }
  expect(await database.copyIn('COPY big FROM STDIN', chunks())).toBe(2);
  expect(whole.toString()).toBe('1\tone\n2\ttwo\n');
  await database.query('TRUNCATE big');
});

test('streams more than it keeps in memory, in both directions', async () => {
  const line = Buffer.from(`7\t${'y'.repeat(9_997)}\n`);
  const chunk = Buffer.concat(Array.from({ length: 100 }, () => line)); // 1 MB
  let ahead = 0;
  const stored = await database.copyIn(
    'COPY big FROM STDIN',
    (function* () {
      for (; ahead < 60; ahead += 1) yield new Uint8Array(chunk);
    })(),
  );
  expect(stored).toBe(6_000);
  let bytes = 0;
  await database.copyOut('COPY big TO STDOUT', async (part) => {
    bytes += part.length;
  });
  expect(bytes).toBe(60 * chunk.length);
  await database.query('TRUNCATE big');
});

test('does not run ahead of a database that is busy', async () => {
  const { address } = await database.lane();
  const lane = await openEmbeddedLane((address as { port: MessagePort }).port);
  await lane.query('BEGIN');
  let pulled = 0;
  const source = function* () {
    for (; pulled < 40; pulled += 1) yield Buffer.from(`1\t${'z'.repeat(1024 * 1024)}\n`);
  };
  const copying = database.copyIn('COPY big FROM STDIN', source());
  await sleep(300);
  expect(pulled).toBeLessThan(8);
  await lane.close();
  expect(await copying).toBe(40);
  await database.query('TRUNCATE big');
});

test('names the line and the column of a bad value, and stores nothing', async () => {
  await database.query('CREATE TABLE vectors (id int, v vector(2))');
  const error = await database
    .copyIn('COPY vectors FROM STDIN', [Buffer.from('1\t[1,2]\n2\t[1,2,3]\n')])
    .catch((caught) => caught);
  expect(error).toMatchObject({
    name: 'DataError',
    message: 'expected 2 dimensions, not 3',
    sqlstate: '22000',
    column: 'v',
  });
  expect(copyContext(error)).toEqual({ line: 2, column: 'v' });
  expect(await count('vectors')).toBe(0);
});

test('throws what the source throws, stores nothing, and goes on', async () => {
  const mine = new RangeError('mine');
  const source = function* () {
    yield Buffer.from('1\tone\n');
    throw mine;
  };
  await expect(database.copyIn('COPY big FROM STDIN', source())).rejects.toBe(mine);
  expect(await count('big')).toBe(0);
});

test('closes the source when the COPY fails first', async () => {
  await database.query('CREATE TABLE narrow (a int)');
  let isClosed = false;
  const source = function* () {
    try {
      for (;;) yield Buffer.from('not a number\n');
    } finally {
      isClosed = true;
    }
  };
  await expect(database.copyIn('COPY narrow FROM STDIN', source())).rejects.toMatchObject({
    sqlstate: '22P02',
  });
  expect(isClosed).toBe(true);
});

test('throws the error of COPY TO', async () => {
  const copying = copyOut('COPY (SELECT 1 / (id - 5) FROM generate_series(1, 9) id) TO STDOUT');
  await expect(copying).rejects.toMatchObject({ name: 'DataError', sqlstate: '22012' });
});

test('ends a COPY TO whose taker throws', async () => {
  const copying = database.copyOut('COPY (SELECT generate_series(1, 100000000)) TO STDOUT', () => {
    throw new RangeError('enough');
  });
  await expect(copying).rejects.toThrow('enough');
  expect((await database.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
});

test('copies nothing, from nothing', async () => {
  expect(await database.copyIn('COPY big FROM STDIN', [])).toBe(0);
  expect((await copyOut('COPY big TO STDOUT')).length).toBe(0);
});
