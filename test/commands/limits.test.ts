import { existsSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { pgv, type RunResult } from '../support/cli.ts';
import { emptyDatabase, type Fixture } from '../support/databases.ts';
import { noServer } from '../support/servers.ts';
import { temporaryDirectory, temporaryFile } from '../support/temporary.ts';

const errorOf = ({ stdout }: RunResult) => (JSON.parse(stdout) as { error: object }).error;

describe.skipIf(noServer)('limits on a server', () => {
  let fixture: Fixture;
  let database: Database;
  beforeAll(async () => {
    fixture = await emptyDatabase('server');
    database = await fixture.open();
    await database.query(`CREATE EXTENSION vector;
CREATE TABLE docs (id int8 PRIMARY KEY, embedding vector(3));
INSERT INTO docs SELECT i, ARRAY[i, 1, 2]::vector FROM generate_series(1, 100) AS i;
CREATE INDEX by_embedding ON docs USING hnsw (embedding vector_cosine_ops);
CREATE INDEX by_length ON docs ((vector_dims(embedding)));
CREATE TABLE parts (id int8, embedding vector(3)) PARTITION BY RANGE (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (100);
CREATE INDEX on_parts ON parts USING hnsw (embedding vector_cosine_ops);
CREATE TABLE slow (id int8, embedding vector(3));
CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(5); RETURN new; END $$;
CREATE TRIGGER wait BEFORE INSERT ON slow FOR EACH ROW EXECUTE FUNCTION wait()`);
  });
  const run = async (...args: string[]) =>
    pgv([...args, '--json', '-d', fixture.url], { cwd: await temporaryDirectory() });
  const rowsFile = () => temporaryFile('rows.csv', 'id,embedding\n1000,"[1,2,3]"\n');

  describe('--statement-timeout', () => {
    test.for<string[]>([
      ['sql', 'SELECT pg_sleep(5)'],
      ['export', '--query', 'SELECT 1 AS a, pg_sleep(5)::text AS b', '-o', 'slow.csv'],
      ['search', '--id', '1', '-t', 'docs', '--where', '(SELECT pg_sleep(5)) IS NOT NULL', '--exact'],
      ['index', 'create', '-t', 'docs', '--where', '(pg_sleep(5) IS NULL)'],
    ])('ends %s', async (args) => {
      if (args[0] === 'index') {
        await database.query(`CREATE OR REPLACE FUNCTION dawdle(int8) RETURNS boolean IMMUTABLE LANGUAGE plpgsql
AS $$ BEGIN PERFORM pg_sleep(5); RETURN true; END $$`);
        args[5] = 'dawdle(id)';
      }
      const result = await run(...args, '--statement-timeout', '200ms');
      expect([result.code, errorOf(result)]).toMatchObject([
        4,
        {
          code: 'statement-timeout',
          sqlstate: '57014',
          hint: expect.stringContaining('--statement-timeout'),
        },
      ]);
    });

    test('ends a load, which is not tried again', async () => {
      const result = await run('ingest', await rowsFile(), '-t', 'slow', '--statement-timeout', '300ms');
      expect([result.code, errorOf(result)]).toMatchObject([4, { code: 'statement-timeout' }]);
      expect(result.stderr).not.toMatch(/again in/);
    });

    test("without it, the role's own limit is lifted", async () => {
      const url = new URL(fixture.url);
      url.search = '?options=-c%20statement_timeout%3D50ms';
      const { code } = await pgv(['sql', 'SELECT pg_sleep(0.3)', '-d', url.href]);
      expect(code).toBe(0);
    });
  });

  describe('--lock-timeout', () => {
    /** Does some work while another session reads the tables and does not end. */
    async function whileRead<T>(work: () => Promise<T>): Promise<T> {
      const reader = new Client({ connectionString: fixture.url, application_name: 'reader' });
      await reader.connect();
      try {
        await reader.query('BEGIN; SELECT FROM docs LIMIT 1; SELECT FROM parts LIMIT 1');
        return await work();
      } finally {
        await reader.end();
      }
    }

    test.for<string[]>([
      ['vacuum', 'docs', '--full'],
      ['index', 'drop', 'on_parts', '--yes'],
      ['ingest', '', '-t', 'docs', '--truncate'],
      ['ingest', '', '-t', 'docs', '--truncate', '--no-ledger'],
      ['ingest', '', '-t', 'docs', '--truncate', '--atomic'],
      ['ingest', '', '-t', 'docs', '--defer-indexes'],
    ])('ends the wait of %s %s %s %s %s, and says for whom', async (args) => {
      const file = await rowsFile();
      const started = performance.now();
      const result = await whileRead(() =>
        run(...args.map((each) => each || file), '--lock-timeout', '200ms'),
      );
      expect(performance.now() - started).toBeLessThan(4500);
      expect([result.code, errorOf(result)]).toMatchObject([
        4,
        { sqlstate: '55P03', hint: expect.stringMatching(/\(reader\), idle in transaction.*--lock-timeout/) },
      ]);
    });

    test.for<string[]>([
      ['sql', 'SELECT count(*) FROM docs'],
      ['export', 'docs', '-o', 'docs.csv'],
      ['search', '--id', '1', '-t', 'docs'],
      ['index', 'recall', '-t', 'docs'],
      ['vacuum', 'docs'],
      ['vacuum', 'docs', '--sql'],
    ])('is named to %s %s %s only where that has it', async (args) => {
      const url = new URL(fixture.url);
      url.search = '?options=-c%20lock_timeout%3D100ms';
      const holder = new Client({ connectionString: fixture.url });
      await holder.connect();
      await holder.query('BEGIN; LOCK TABLE docs');
      const help = (await pgv([...(args[0] === 'index' ? args.slice(0, 2) : args.slice(0, 1)), '--help']))
        .stdout;
      const hasFlag = help.includes('--lock-timeout');
      const limit = hasFlag ? ['--lock-timeout', '150ms'] : [];
      const cwd = await temporaryDirectory();
      const result = await pgv([...args, ...limit, '--json', '-d', url.href], { cwd });
      await holder.end();
      expect(errorOf(result)).toMatchObject({
        sqlstate: '55P03',
        hint: hasFlag
          ? expect.stringContaining('--lock-timeout')
          : expect.not.stringContaining('--lock-timeout'),
      });
    });

    /** Does some work while another session has the table alone. */
    async function whileLocked<T>(work: () => Promise<T>): Promise<T> {
      const holder = new Client({ connectionString: fixture.url });
      await holder.connect();
      try {
        await holder.query('BEGIN; LOCK TABLE docs');
        return await work();
      } finally {
        await holder.end();
      }
    }

    test.for<string[]>([
      ['index', 'create', '-t', 'docs', '--metric', 'l2'],
      ['index', 'create', '-t', 'docs', '--metric', 'l2', '--dry-run'],
    ])(
      "where the role's own limit ends %s %s %s %s %s %s %s, its hint says how that is lifted",
      async (args) => {
        const role = `${new URL(fixture.url).pathname.slice(1)}_hasty`;
        await database.query(
          `CREATE ROLE ${role} LOGIN SUPERUSER; ALTER ROLE ${role} SET lock_timeout = '100ms'`,
        );
        try {
          const url = new URL(fixture.url);
          url.username = role;
          const cwd = await temporaryDirectory();
          const hasty = (env = {}) => pgv([...args, '--json', '-d', url.href], { cwd, env });
          const { hint } = errorOf(await whileLocked(hasty)) as { hint: string };
          const [, options] = /PGOPTIONS='(.*)' lifts that/.exec(hint)!;
          let waits: Promise<RunResult> | undefined;
          await whileLocked(async () => {
            waits = hasty({ PGOPTIONS: options });
            // It would be over by now.
            await Promise.race([waits, sleep(1000)]);
          });
          expect((await waits)!.code).toBe(0);
        } finally {
          await database.query(`DROP INDEX IF EXISTS docs_embedding_hnsw_l2; DROP ROLE ${role}`);
        }
      },
    );

    test("index list, whose limit is pgv's own, does not name another's", async () => {
      // To tell its condition the server locks the table.
      await database.query('CREATE INDEX in_part ON docs USING hnsw (embedding vector_l2_ops) WHERE id > 3');
      const result = await whileLocked(() => run('index', 'list', 'docs'));
      await database.query('DROP INDEX in_part');
      expect(errorOf(result)).toMatchObject({
        sqlstate: '55P03',
        hint: 'another session has it locked: try again when that is done',
      });
    });

    test('is told in statements, 5 s by default, 0 for no end', async () => {
      const create = ['index', 'create', '-t', 'docs', '--metric', 'l2', '--no-concurrently', '--sql'];
      const statements = async (...args: string[]) => (await run(...create, ...args)).stdout;
      expect(await statements()).toContain("lock_timeout = '5000'");
      expect(await statements('--lock-timeout', '1min')).toContain("lock_timeout = '60000'");
      expect(await statements('--lock-timeout', '0')).toContain("lock_timeout = '0'");
    });
  });
});

test.skipIf(noServer)('a copy between an embedded database and a server limits the server', async () => {
  const cwd = await temporaryDirectory();
  const there = await emptyDatabase('server');
  const file = await temporaryFile('rows.csv', 'id,embedding\n1,"[1,2,3]"\n');
  expect((await pgv(['ingest', file, '-t', 'docs', '-d', 'pglite:here'], { cwd })).code).toBe(0);
  const limits = ['-t', 'docs', '--statement-timeout', '30s', '--lock-timeout', '1s', '--json'];
  const copied = await pgv(['copy', 'pglite:here', there.url, ...limits], { cwd });
  expect(copied.code, copied.stdout).toBe(0);
  const refused = await pgv(['copy', 'pglite:here', 'pglite:there', ...limits], { cwd });
  expect([refused.code, errorOf(refused)]).toMatchObject([2, { hint: 'leave --statement-timeout out' }]);
});

test('an embedded database has no limit for statements, and is not made for one', async () => {
  const cwd = await temporaryDirectory();
  const file = await temporaryFile('rows.csv', 'id,embedding\n1,"[1,2,3]"\n');
  const limited = await pgv(['ingest', file, '--statement-timeout', '1s', '--json'], { cwd });
  expect([limited.code, errorOf(limited)]).toMatchObject([2, { hint: 'leave --statement-timeout out' }]);
  const waiting = await pgv(['ingest', file, '--lock-timeout', '1s', '--json'], { cwd });
  expect([waiting.code, errorOf(waiting)]).toMatchObject([2, { hint: 'leave --lock-timeout out' }]);
  expect(existsSync(path.join(cwd, '.pgv'))).toBe(false);
});
