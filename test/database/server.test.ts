import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { connect, connectLane } from '../../src/database/connect.ts';
import type { Database } from '../../src/database/database.ts';
import { resolveTarget } from '../../src/database/resolve.ts';
import { copyContext } from '../../src/database/sqlstate.ts';
import { DatabaseError, InterruptedError } from '../../src/errors.ts';
import { copied } from '../support/copied.ts';
import { emptyDatabase } from '../support/databases.ts';
import { noServer } from '../support/servers.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const KILOBYTES_256 = 256 * 1024;

async function open(
  statement?: string,
): Promise<{ database: Database; url: string; again: () => Promise<Database> }> {
  const fixture = await emptyDatabase('server');
  const database = await fixture.open();
  if (statement) await database.query(statement);
  return { database, url: fixture.url, again: () => fixture.open() };
}

const count = async (database: Database) =>
  (await database.query<{ n: number }>('SELECT count(*) AS n FROM t')).rows[0]!.n;

/** Lines of text COPY for one int column, in chunks of 256 KB; told how many have been pulled. */
function* lines(chunks: number, pulled: { chunks: number } = { chunks: 0 }): Generator<Uint8Array> {
  const chunk = bytes('1234567\n'.repeat(KILOBYTES_256 / 8));
  for (; pulled.chunks < chunks; pulled.chunks += 1) yield chunk;
}

describe.skipIf(noServer)('a query', () => {
  test('gives rows, and how many were affected', async () => {
    const { database } = await open('CREATE TABLE t (a int)');
    expect(
      await database.query({ text: 'INSERT INTO t VALUES ($1), ($2)', values: [1, null] }),
    ).toMatchObject({
      rows: [],
      columns: [],
      rowCount: 2,
    });
    expect(await database.query('SELECT 1 AS x; SELECT a FROM t ORDER BY a')).toMatchObject({
      rows: [{ a: 1 }, { a: null }],
      columns: ['a'],
      rowCount: 2,
    });
  });

  test('does not depend on what the database has set for sessions', async () => {
    const { database, again } = await open();
    await database.query(`DO $$ BEGIN
      EXECUTE format('ALTER DATABASE %I SET datestyle = ''SQL, DMY''', current_database());
      EXECUTE format('ALTER DATABASE %I SET extra_float_digits = 0', current_database());
      EXECUTE format('ALTER DATABASE %I SET statement_timeout = ''10ms''', current_database());
      EXECUTE format('ALTER DATABASE %I SET client_encoding = ''LATIN1''', current_database());
    END $$`);
    const { rows } = await (
      await again()
    ).query(`SELECT pg_sleep(0.05)::text AS slept, '03/02/2024'::date AS date,
      interval '1 day' AS interval, 0.1::float8 + 0.2::float8 AS sum, 'ü→😀' AS text,
      current_setting('application_name') AS name`);
    expect(rows[0]).toEqual({
      slept: '',
      date: '2024-02-03',
      interval: '1 day',
      sum: 0.1 + 0.2,
      text: 'ü→😀',
      name: 'pgv',
    });
  });

  test('on a connection that was ended meanwhile says why', async () => {
    const { database, again } = await open();
    const { rows } = await database.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    await (await again()).query({ text: 'SELECT pg_terminate_backend($1)', values: [rows[0]!.pid] });
    await pause(100);
    const failing = database.query('SELECT 1');
    await expect(failing).rejects.toBeInstanceOf(DatabaseError);
    await expect(failing).rejects.toMatchObject({ code: 'connection-lost', sqlstate: '57P01' });
    await database.close();
  });
});

describe.skipIf(noServer)('COPY in', () => {
  test.each([
    ['an iterable', [bytes('1\n'), bytes('2'), bytes('\n3\n')]],
    ['a generator', lines(3)],
    [
      'an async generator',
      (async function* () {
        for (const chunk of lines(2)) {
          await pause(5);
          yield chunk;
        }
      })(),
    ],
    ['nothing', []],
  ])('takes %s', async (_, chunks) => {
    const { database } = await open('CREATE TABLE t (a int)');
    const rows = await database.copyIn('COPY t FROM STDIN', chunks);
    expect(await count(database)).toBe(rows);
    expect([0, 3, (3 * KILOBYTES_256) / 8, (2 * KILOBYTES_256) / 8]).toContain(rows);
  });

  test('pulls no faster than the server takes', async () => {
    const { database, again } = await open('CREATE TABLE t (a int)');
    const holder = await again();
    await holder.query('BEGIN; LOCK TABLE t');
    const pulled = { chunks: 0 };
    const copying = database.copyIn('COPY t FROM STDIN', lines(100, pulled)); // 25 MB
    await pause(500);
    expect(pulled.chunks).toBeLessThan(60);
    await holder.query('COMMIT');
    expect(await copying).toBe((100 * KILOBYTES_256) / 8);
  });

  test('fails as a whole when its source throws, with that error, and the session goes on', async () => {
    const { database } = await open('CREATE TABLE t (a int)');
    const mine = new Error('the file ended early');
    const sources = {
      'after megabytes': function* () {
        yield* lines(40);
        throw mine;
      },
      'at once': function* () {
        yield* lines(0);
        throw mine;
      },
      asynchronously: async function* () {
        yield bytes('1\n');
        await pause(20);
        throw mine;
      },
    };
    for (const source of Object.values(sources)) {
      await expect(database.copyIn('COPY t FROM STDIN', source())).rejects.toBe(mine);
      expect(await count(database)).toBe(0);
    }
  });

  test('that the server refuses tells the line and the column, and the session goes on', async () => {
    const { database } = await open('CREATE TABLE t (a int, b int)');
    const copying = database.copyIn('COPY t FROM STDIN (FORMAT csv)', [bytes('1,1\n2,2\n3,x\n')]);
    const error = await copying.catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'DataError', sqlstate: '22P02', column: 'b' });
    expect(copyContext(error)).toEqual({ line: 3, column: 'b' });
    expect(await count(database)).toBe(0);
  });

  test('that the server refuses stops pulling, also where the source waits', async () => {
    const { database } = await open('CREATE TABLE t (a int)');
    const pulled = { chunks: 0 };
    const bad = function* () {
      yield bytes('x\n');
      yield* lines(4000, pulled);
    };
    await expect(database.copyIn('COPY t FROM STDIN', bad())).rejects.toMatchObject({ sqlstate: '22P02' });
    expect(pulled.chunks).toBeLessThan(4000);
    let isReturned = false;
    const waiting = (async function* () {
      try {
        yield bytes('x\n'.repeat(50_000));
        await pause(60_000, undefined, { ref: false });
      } finally {
        isReturned = true;
      }
    })();
    await expect(database.copyIn('COPY t FROM STDIN', waiting)).rejects.toMatchObject({ sqlstate: '22P02' });
    expect(isReturned).toBe(false);
    expect(await count(database)).toBe(0);
  });

  test('into a table that is not there', async () => {
    const { database } = await open();
    await expect(database.copyIn('COPY t FROM STDIN', lines(10))).rejects.toMatchObject({
      sqlstate: '42P01',
    });
    expect((await database.query('SELECT 1 AS x')).rows).toEqual([{ x: 1 }]);
  });

  test('whose connection is cut in the middle', async () => {
    const { database, again } = await open('CREATE TABLE t (a int)');
    const { rows } = await database.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const other = await again();
    const source = async function* () {
      yield* lines(4);
      await other.query({ text: 'SELECT pg_terminate_backend($1)', values: [rows[0]!.pid] });
      for (;;) {
        await pause(1);
        yield* lines(1);
      }
    };
    await expect(database.copyIn('COPY t FROM STDIN', source())).rejects.toMatchObject({
      code: 'connection-lost',
    });
    expect(await count(other)).toBe(0);
  });
});

describe.skipIf(noServer)('COPY out', () => {
  test('streams', async () => {
    const { database } = await open('CREATE TABLE t AS SELECT generate_series(1, 200000) AS a');
    const out = String(await copied(database, 'COPY t TO STDOUT'));
    expect(out.split('\n')).toHaveLength(200_001);
    expect(String(await copied(database, 'COPY (SELECT 1 WHERE false) TO STDOUT'))).toBe('');
    expect(await count(database)).toBe(200_000);
  });

  test('throws the error, and the session goes on', async () => {
    const { database } = await open();
    await expect(copied(database, 'COPY t TO STDOUT')).rejects.toMatchObject({
      sqlstate: '42P01',
    });
    const late = 'COPY (SELECT 1 / (50000 - g) FROM generate_series(1, 100000) g) TO STDOUT';
    await expect(copied(database, late)).rejects.toMatchObject({
      name: 'DataError',
      sqlstate: '22012',
    });
    expect((await database.query('SELECT 1 AS x')).rows).toEqual([{ x: 1 }]);
  });

  test('reads no more while its bytes are being taken', async () => {
    const { database } = await open('CREATE TABLE t AS SELECT generate_series(1, 200000) AS a');
    let busy = false;
    let bytes = 0;
    await database.copyOut('COPY t TO STDOUT', async (chunk) => {
      expect(busy).toBe(false);
      busy = true;
      await pause(1);
      busy = false;
      bytes += chunk.length;
    });
    expect(busy).toBe(false);
    expect(bytes).toBe((await copied(database, 'COPY t TO STDOUT')).length);
  });

  test.each([
    [
      'throws',
      () => {
        throw new RangeError('enough');
      },
    ],
    ['rejects', () => Promise.reject(new RangeError('enough'))],
  ])('ends the connection, and the backend with it, when its taker %s', async (_, take) => {
    const { database, again } = await open();
    const { rows } = await database.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const much = "COPY (SELECT repeat('x', 1000) FROM generate_series(1, 10000000)) TO STDOUT";
    await expect(database.copyOut(much, take)).rejects.toThrow('enough');
    const other = await again();
    await expect
      .poll(async () => {
        const statement = { text: 'SELECT 1 FROM pg_stat_activity WHERE pid = $1', values: [rows[0]!.pid] };
        return (await other.query(statement)).rowCount;
      })
      .toBe(0);
    await expect(database.query('SELECT 1')).rejects.toMatchObject({ code: 'connection-lost' });
    await database.close();
  });
});

describe.skipIf(noServer)('a transaction', () => {
  test('is committed, or rolled back with the error thrown on', async () => {
    const { database } = await open('CREATE TABLE t (a int)');
    const mine = new Error('no');
    const result = await database.transaction(async (session) => {
      await session.query('INSERT INTO t VALUES (1)');
      return session.copyIn('COPY t FROM STDIN', [bytes('2\n3\n')]);
    });
    expect(result).toBe(2);
    const failing = database.transaction(async (session) => {
      await session.query('INSERT INTO t VALUES (4)');
      throw mine;
    });
    await expect(failing).rejects.toBe(mine);
    expect(await count(database)).toBe(3);
  });

  test('in which an error was passed over does not seem committed', async () => {
    const { database } = await open('CREATE TABLE t (a int)');
    const passing = database.transaction(async (session) => {
      await session.query('INSERT INTO t VALUES (1)');
      await session.query('SELECT 1 / 0').catch(() => {});
    });
    await expect(passing).rejects.toThrow(/rolled back/);
    expect(await count(database)).toBe(0);
  });

  test('that fails at its end is an error', async () => {
    const { database } = await open('CREATE TABLE t (a int UNIQUE DEFERRABLE INITIALLY DEFERRED)');
    const failing = database.transaction((session) => session.query('INSERT INTO t VALUES (1), (1)'));
    await expect(failing).rejects.toMatchObject({ sqlstate: '23505' });
    expect(await count(database)).toBe(0);
  });
});

describe.skipIf(noServer)('a statement behind another', () => {
  test('is run in the same session, whatever becomes of that', async () => {
    const { database } = await open('CREATE TABLE t (a int UNIQUE DEFERRABLE INITIALLY DEFERRED)');
    const claim = 'BEGIN; INSERT INTO t VALUES (7) RETURNING a, pg_backend_pid() AS pid';
    await database.query('BEGIN; INSERT INTO t VALUES (1)');
    const [committed, begun] = database.sendBehind!<{ a: number; pid: number }>('COMMIT', claim);
    await committed;
    const { rows } = await database.query('SELECT pg_backend_pid() AS pid');
    expect((await begun).rows).toEqual([{ a: 7, ...rows[0] }]);
    await database.query('INSERT INTO t VALUES (7)');
    const [failed, again] = database.sendBehind!('COMMIT', claim);
    await expect(failed).rejects.toMatchObject({ sqlstate: '23505' });
    expect((await again).rows).toMatchObject([{ a: 7 }]);
    await database.query('ROLLBACK');
    expect(await count(database)).toBe(1);
  });

  test('fails with it, where the transaction stays open', async () => {
    const { database } = await open('CREATE TABLE t (a int)');
    await database.query('BEGIN');
    const [failed, behind] = database.sendBehind!('SELECT 1 / 0; COMMIT', 'BEGIN; INSERT INTO t VALUES (1)');
    await expect(failed).rejects.toMatchObject({ sqlstate: '22012' });
    await expect(behind).rejects.toMatchObject({ sqlstate: '25P02' });
    await database.query('ROLLBACK');
    expect(await count(database)).toBe(0);
  });
});

test.skipIf(noServer)('a lane is another session on the same database, by plain data', async () => {
  const { database } = await open('CREATE TABLE t (a int)');
  const { address, transfer } = await database.lane();
  expect(transfer).toEqual([]);
  const lane = await connectLane(structuredClone(address));
  await lane.copyIn('COPY t FROM STDIN', [bytes('1\n')]);
  expect(await count(database)).toBe(1);
  expect(lane.target).toEqual(database.target);
  expect(lane.maxLanes).toBe(Number.POSITIVE_INFINITY);
  await lane.close();
});

describe.skipIf(noServer)('to cancel', () => {
  const activity =
    "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'";

  test.each([
    ['a query', (database: Database) => database.query('SELECT pg_sleep(60)')],
    [
      'a transaction',
      (database: Database) =>
        database.transaction((session) => session.query('INSERT INTO t SELECT 1; SELECT pg_sleep(60)')),
    ],
    [
      'a COPY in',
      (database: Database) =>
        database.copyIn(
          'COPY t FROM STDIN',
          (async function* () {
            for (;;) {
              await pause(1);
              yield* lines(1);
            }
          })(),
        ),
    ],
    [
      'a COPY in that waits',
      (database: Database) =>
        database.copyIn(
          'COPY t FROM STDIN',
          (async function* () {
            yield* lines(1);
            await pause(60_000, undefined, { ref: false });
          })(),
        ),
    ],
    [
      'a COPY out',
      async (database: Database) =>
        copied(database, 'COPY (SELECT pg_sleep(1) FROM generate_series(1, 60)) TO STDOUT'),
    ],
  ])('%s ends it, on the server too', async (_, run) => {
    const { database, again } = await open('CREATE TABLE t (a int)');
    const other = await again();
    const running = run(database).catch((error: unknown) => error);
    await expect.poll(async () => (await other.query<{ n: number }>(activity)).rows[0]!.n).toBe(1);
    const before = Date.now();
    await database.cancel();
    expect(await running).toBeInstanceOf(InterruptedError);
    await database.close();
    expect(Date.now() - before).toBeLessThan(10_000);
    await expect.poll(async () => (await other.query<{ n: number }>(activity)).rows[0]!.n).toBe(0);
    expect(await count(other)).toBe(0);
  });

  test('what ends well nevertheless is told as done', async () => {
    const { database, again } = await open('CREATE TABLE t (a int)');
    const stubborn = `DO $$ BEGIN
      INSERT INTO t VALUES (1);
      FOR tenth IN 1..15 LOOP
        BEGIN PERFORM pg_sleep(0.1); EXCEPTION WHEN query_canceled THEN NULL; END;
      END LOOP;
    END $$`;
    const other = await again();
    const running = database.query(stubborn).catch((error: unknown) => error);
    await expect.poll(async () => (await other.query<{ n: number }>(activity)).rows[0]!.n).toBe(1);
    await database.cancel();
    expect(await running).toMatchObject({ rowCount: 0 });
    expect(await count(other)).toBe(1);
  });
});

test.skipIf(noServer)('a database that is not there', async () => {
  const { url } = await open();
  const resolved = resolveTarget({ url: url.replace(/\/[^/]*$/, '/not_there'), env: {}, cwd: '/' });
  await expect(connect(resolved, { mayCreate: false })).rejects.toMatchObject({
    code: 'no-such-database',
    sqlstate: '3D000',
  });
});
