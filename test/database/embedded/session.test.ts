import { rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type MessagePort, Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import type { Database } from '../../../src/database/database.ts';
import { openEmbedded, openEmbeddedLane } from '../../../src/database/embedded/open.ts';
import { afterwards } from '../../support/afterwards.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

async function open(directory: string | null = null): Promise<Database> {
  const database = await openEmbedded({ directory, mayCreate: true });
  afterwards(() => database.close());
  return database;
}

async function openLane(database: Database): Promise<Database> {
  const { address } = await database.lane();
  return openEmbeddedLane(address.kind === 'embedded' ? (address.port as MessagePort) : raise());
}

function raise(): never {
  throw new Error('not an embedded lane');
}

test('reads and writes values as the server’s driver does', async () => {
  const database = await open();
  const { rows, rowCount } = await database.query({
    text: `SELECT $1::int + 1 AS int, $2::text[] AS texts, $3::jsonb AS json, $4::timestamptz AS date, $5::bytea AS bytes,
                  $6::text AS null, $7::bool AS bool, 9007199254740993 AS big, 1::bigint AS small, 1.5::float4 AS real`,
    values: [41, ['a,b', '"\\', null], { x: [1] }, new Date(0), Buffer.from([1, 255]), null, true],
  });
  expect(rowCount).toBe(1);
  expect(rows[0]).toEqual({
    int: 42,
    texts: ['a,b', '"\\', null],
    json: { x: [1] },
    date: '1970-01-01 00:00:00+00',
    bytes: '\\x01ff',
    null: null,
    bool: true,
    big: '9007199254740993',
    small: 1,
    real: 1.5,
  });
});

test('gives the last of several statements, and counts rows', async () => {
  const database = await open();
  const last = await database.query('SELECT 1 AS a; CREATE TABLE t (a int)');
  expect(last).toMatchObject({ rows: [], columns: [], rowCount: 0 });
  expect(await database.query('INSERT INTO t VALUES (1), (2)')).toMatchObject({
    rows: [],
    columns: [],
    rowCount: 2,
  });
  expect(await database.query('DELETE FROM t RETURNING a')).toMatchObject({
    rows: [{ a: 1 }, { a: 2 }],
    columns: ['a'],
    rowCount: 2,
  });
  expect(await database.query('')).toMatchObject({ rows: [], columns: [], rowCount: 0 });
});

test('rolls back what fails, also where the failure was hidden', async () => {
  const database = await open();
  await database.query('CREATE TABLE t (a int)');
  const mine = new Error('mine');
  const failing = database.transaction(async (session) => {
    await session.query('INSERT INTO t VALUES (1)');
    throw mine;
  });
  await expect(failing).rejects.toBe(mine);
  const hidden = database.transaction(async (session) => {
    await session.query('INSERT INTO t VALUES (1)');
    await session.query('SELECT 1 / 0').catch(() => {});
  });
  await expect(hidden).rejects.toThrow(/rolled back/);
  expect((await database.query('SELECT * FROM t')).rows).toEqual([]);
});

test('gives the database to one transaction at a time', async () => {
  const database = await open();
  await database.query('CREATE TABLE t (n int); INSERT INTO t VALUES (0)');
  const lanes = [database, await openLane(database), await openLane(database)];
  await Promise.all(
    lanes.map(async (lane) => {
      for (let round = 0; round < 10; round += 1) {
        await lane.transaction(async (session) => {
          const { rows } = await session.query<{ n: number }>('SELECT n FROM t');
          await sleep(2);
          await session.query({ text: 'UPDATE t SET n = $1', values: [rows[0]!.n + 1] });
        });
      }
    }),
  );
  expect((await database.query('SELECT n FROM t')).rows).toEqual([{ n: 30 }]);
});

test('rolls back for a lane that goes in the middle of a transaction', async () => {
  const database = await open();
  await database.query('CREATE TABLE t (n int)');
  const lane = await openLane(database);
  await lane.query('BEGIN');
  await lane.query('INSERT INTO t VALUES (1)');
  const waiting = database.query('SELECT * FROM t');
  await lane.close();
  expect((await waiting).rows).toEqual([]);
  await expect(lane.query('SELECT 1')).rejects.toThrow('the embedded database is closed');
});

test('frees the database of a thread that dies in the middle of a COPY', async () => {
  const database = await open();
  await database.query('CREATE TABLE t (n int)');
  const { address, transfer } = await database.lane();
  // Sends one chunk of a COPY, and then nothing, for ever.
  const script = `
    const { MessageChannel, workerData, parentPort } = require('node:worker_threads');
    const { port1, port2 } = new MessageChannel();
    const counter = new Int32Array(new SharedArrayBuffer(8));
    workerData.postMessage(
      { id: 1, kind: 'copy', direction: 'in', sql: "COPY t FROM '/dev/pgv'", port: port2, counter }, [port2]);
    port1.postMessage({ chunk: Buffer.from('1\\n') });
    Atomics.add(counter, 0, 1);
    Atomics.notify(counter, 0);
    port1.on('message', () => parentPort.postMessage('read'));
  `;
  const workerData = address.kind === 'embedded' ? address.port : raise();
  const thread = new Worker(script, { eval: true, workerData, transferList: [...transfer] });
  await new Promise((resolve) => thread.once('message', resolve));
  await thread.terminate();
  expect((await database.query('SELECT * FROM t')).rows).toEqual([]);
});

test('ends a long query at once, and keeps what was committed', async () => {
  const directory = await temporaryDirectory();
  const database = await open(directory);
  await database.query('CREATE TABLE t (n int)');
  await database.copyIn('COPY t FROM STDIN', [Buffer.from('1\n2\n')]);
  const pending = database.query('SELECT count(*) FROM generate_series(1, 10000000000)');
  const rejected = expect(pending).rejects.toMatchObject({ name: 'InterruptedError' });
  await sleep(100);
  const start = Date.now();
  await database.cancel();
  await rejected;
  expect(Date.now() - start).toBeLessThan(10_000);
  await database.close();
  const again = await open(directory);
  expect((await again.query('SELECT n FROM t')).rows).toEqual([{ n: 1 }, { n: 2 }]);
});

test('ends a COPY in the middle, of which nothing is stored', async () => {
  const directory = await temporaryDirectory();
  const database = await open(directory);
  await database.query('CREATE TABLE t (n int)');
  await database.copyIn('COPY t FROM STDIN', [Buffer.from('1\n')]);
  const endless = (async function* () {
    for (;;) {
      yield Buffer.from('2\n'.repeat(50_000));
      await sleep(1);
    }
  })();
  const rejected = expect(database.copyIn('COPY t FROM STDIN', endless)).rejects.toMatchObject({
    name: 'InterruptedError',
  });
  await sleep(200);
  await database.cancel();
  await rejected;
  const again = await open(directory);
  expect((await again.query('SELECT n FROM t')).rows).toEqual([{ n: 1 }]);
});

test('says so when PostgreSQL itself has stopped, and does not hang', async () => {
  const directory = await temporaryDirectory();
  const database = await open(directory);
  const lane = await openLane(database);
  rmSync(path.join(directory, 'pg_wal'), { recursive: true });
  const panic = database.query('CREATE TABLE t (a int); SELECT pg_switch_wal(); CREATE TABLE u (a int)');
  await expect(panic).rejects.toMatchObject({
    name: 'DatabaseError',
    code: 'database-stopped',
    message: expect.stringMatching(/^the embedded database has stopped: could not .*pg_wal/),
  });
  await expect(lane.query('SELECT 1')).rejects.toMatchObject({ name: 'DatabaseError' });
  await database.close();
});

test('refuses a lane after close, and closes twice', async () => {
  const database = await open();
  await database.close();
  await database.close();
  await expect(database.lane()).rejects.toThrow('the embedded database is closed');
});
