import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { connect, connectLane } from '../../src/database/connect.ts';
import type { Database } from '../../src/database/database.ts';
import { directTarget, pastPooler } from '../../src/database/past-pooler.ts';
import { resolveTarget } from '../../src/database/resolve.ts';
import { emptyDatabase, type Fixture } from '../support/databases.ts';
import { type Pooler, startPooler } from '../support/pooler/pgbouncer.ts';
import { noServer, sharedServer } from '../support/servers.ts';
import { Unavailable } from '../support/unavailable.ts';

const resolved = (url: string) => resolveTarget({ url, env: {}, cwd: '/' });
const limits = { statement: 77_000 };

describe.skipIf(noServer)('past a pooler', () => {
  let poolers: Record<'busy' | 'inTurn' | 'sessions', Pooler> | Unavailable;
  let fixture: Fixture;
  beforeAll(async () => {
    fixture = await emptyDatabase('server');
    const { url } = sharedServer();
    try {
      poolers = {
        busy: await startPooler('transaction', url, ['default_pool_size=5']),
        inTurn: await startPooler('transaction', url, ['server_round_robin=1']),
        sessions: await startPooler('session', url, ['default_pool_size=3', 'query_wait_timeout=3']),
      };
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      poolers = error;
    }
  }, 400_000);

  function pooler(skip: (why: string) => never, name: 'busy' | 'inTurn' | 'sessions'): Pooler {
    return poolers instanceof Unavailable ? skip(`no PgBouncer: ${poolers.message}`) : poolers[name];
  }

  /** Goes through one pooler, and past it by another. */
  async function past(through: Pooler, direct: string): Promise<Database> {
    const pooled = await connect(resolved(through.through(fixture.url)), { mayCreate: false });
    try {
      return await pastPooler(
        pooled,
        directTarget('--direct-url', () => resolved(direct)),
        limits,
      );
    } finally {
      await pooled.close();
    }
  }

  /** Clients of the same pool, that have others of its sessions all the time. */
  async function among(clients: number, url: string, work: () => Promise<void>): Promise<void> {
    let isOver = false;
    const others = Array.from({ length: clients }, async () => {
      const client = new Client({ connectionString: url });
      await client.connect();
      while (!isOver) {
        await client.query(`SELECT pg_sleep(${Math.random() * 0.004})`);
        await sleep(Math.random() * 4);
      }
      await client.end();
    });
    await work().finally(() => {
      isOver = true;
    });
    await Promise.all(others);
  }

  async function expectRefused(through: Pooler): Promise<void> {
    await expect(past(through, through.through(fixture.url))).rejects.toMatchObject({ code: 'no-session' });
    const seen = await Promise.all(
      [1, 2, 3].map(async () => {
        const client = new Client({ connectionString: through.through(fixture.url) });
        await client.connect();
        await client.query('BEGIN');
        const { rows } = await client.query('SHOW statement_timeout');
        return { client, rows };
      }),
    );
    for (const { client, rows } of seen) {
      expect(rows).toEqual([{ statement_timeout: '0' }]);
      await client.query('COMMIT');
      await client.end();
    }
  }

  test('a pool of transactions is refused, however busy', async ({ skip }) => {
    const busy = pooler(skip, 'busy');
    await among(4, busy.through(fixture.url), async () => {
      for (let i = 0; i < 12; i++) await expectRefused(busy);
    });
  });

  test('one that gives its sessions in turn is refused too', async ({ skip }) => {
    const inTurn = pooler(skip, 'inTurn');
    for (const clients of [0, 1, 3]) {
      await among(clients, inTurn.through(fixture.url), () => expectRefused(inTurn));
    }
  });

  test('a pool of sessions serves as many as it has', async ({ skip }) => {
    const sessions = pooler(skip, 'sessions').through(fixture.url);
    const first = await past(pooler(skip, 'inTurn'), sessions);
    const opened = [first];
    for (let i = 0; i < 2; i++) opened.push(await connectLane((await first.lane()).address));
    for (const each of opened) {
      const { rows } = await each.query('SHOW statement_timeout');
      expect([each.isPooled, rows]).toEqual([false, [{ statement_timeout: '77s' }]]);
      // Its backend is another's once we are gone.
      expect([each.isDirect, each.sendBehind]).toEqual([false, undefined]);
      await each.close();
    }
  });

  test('the time zone is of no matter', async ({ skip }) => {
    const elsewhere = `${fixture.url}?options=${encodeURIComponent('-c timezone=Asia/Tokyo')}`;
    const database = await past(pooler(skip, 'inTurn'), elsewhere);
    expect((await database.query('SHOW timezone')).rows).toEqual([{ TimeZone: 'Asia/Tokyo' }]);
    await database.close();
  });

  test('another database is told, and its connection closed', async ({ skip }) => {
    const other = await emptyDatabase('server');
    await expect(past(pooler(skip, 'inTurn'), other.url)).rejects.toMatchObject({ code: 'other-database' });
  });
});
