import { describe, expect, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { InterruptedError } from '../../src/errors.ts';
import { eachDatabase, emptyDatabase } from '../support/databases.ts';
import { noServer } from '../support/servers.ts';

const numbered = (n: number) => ({ text: 'SELECT $1::int AS n, pg_backend_pid() > 0 AS alive', values: [n] });

eachDatabase((fixture) => {
  test('statements are run together, in a transaction that only reads', async () => {
    const database = await fixture.open();
    const [set, shown, rows] = await database.readTogether([
      { text: `SELECT set_config('work_mem', '1234kB', true)` },
      {
        text: `SELECT current_setting('work_mem') AS memory, current_setting('transaction_read_only') AS only`,
      },
      { text: 'SELECT n FROM generate_series(1, $1::int) AS n', values: [3] },
    ]);
    expect(set!.rowCount).toBe(1);
    expect(shown!.rows).toEqual([{ memory: '1234kB', only: 'on' }]);
    expect(rows).toMatchObject({ rows: [{ n: 1 }, { n: 2 }, { n: 3 }], columns: ['n'] });
    const { rows: after } = await database.query(`SELECT current_setting('work_mem') AS memory`);
    expect(after).not.toEqual([{ memory: '1234kB' }]);
  });

  test('the first error is the one that is told, and the session goes on', async () => {
    const database = await fixture.open();
    const asked = database.readTogether([numbered(1), { text: 'SELECT 1 / 0' }, { text: 'SELECT nothing' }]);
    await expect(asked).rejects.toMatchObject({ sqlstate: '22012' });
    await expect(database.readTogether([{ text: 'CREATE TABLE t (a int)' }])).rejects.toMatchObject({
      sqlstate: '25006',
    });
    expect((await database.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });
});

const activity =
  "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'";

describe.skipIf(noServer)('on a server', () => {
  const open = async (): Promise<{ database: Database; other: Database }> => {
    const fixture = await emptyDatabase('server');
    return { database: await fixture.open(), other: await fixture.open() };
  };

  test('several calls are under way at once, and answered in order', async () => {
    const { database } = await open();
    const order: number[] = [];
    const calls = [1, 2, 3].map(async (n) => {
      const sleep = { text: `SELECT pg_sleep(${0.06 - 0.02 * n})` };
      const [, result] = await database.readTogether([sleep, numbered(n)]);
      order.push(n);
      return result!.rows;
    });
    expect(await Promise.all(calls)).toEqual([1, 2, 3].map((n) => [{ n, alive: true }]));
    expect(order).toEqual([1, 2, 3]);
    // The connection is one caller's again.
    await database.query('CREATE TABLE t (a int)');
    expect(await database.copyIn('COPY t FROM STDIN', [Buffer.from('1\n2\n')])).toBe(2);
    expect((await database.readTogether([{ text: 'SELECT a FROM t' }]))[0]!.rows).toHaveLength(2);
  });

  test('to cancel ends all that have been sent', async () => {
    const { database, other } = await open();
    const calls = [1, 2, 3].map((n) =>
      database.readTogether([numbered(n), { text: 'SELECT pg_sleep(60)' }]).catch((error: unknown) => error),
    );
    await expect.poll(async () => (await other.query<{ n: number }>(activity)).rows[0]!.n).toBe(1);
    await database.cancel();
    for (const call of calls) expect(await call).toBeInstanceOf(InterruptedError);
    await expect
      .poll(async () => (await other.query<{ n: number }>(activity)).rows[0]!.n, { timeout: 10_000 })
      .toBe(0);
  });

  test('a connection that is lost', async () => {
    const { database, other } = await open();
    const calls = [1, 2].map((n) =>
      database.readTogether([numbered(n), { text: 'SELECT pg_sleep(60)' }]).catch((error: unknown) => error),
    );
    await expect.poll(async () => (await other.query<{ n: number }>(activity)).rows[0]!.n).toBe(1);
    await other.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
    );
    for (const call of calls) expect(await call).toMatchObject({ name: 'DatabaseError' });
  });
});
