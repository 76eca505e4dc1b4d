import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { bigCsv, contentsOf, contentsOfWhole } from '../exactly-once/corpus.ts';
import { pgv, type RunOptions } from '../support/cli.ts';
import { expectSameRows } from '../support/compare-tables.ts';
import { emptyDatabase, type Fixture } from '../support/databases.ts';
import { type Pooler, type PoolMode, startPooler } from '../support/pooler/pgbouncer.ts';
import { noServer, sharedServer } from '../support/servers.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { Unavailable } from '../support/unavailable.ts';

const packages = fileURLToPath(new URL('../../fixtures/packages.csv', import.meta.url));

/** What a failure says with --json. */
interface Failure {
  code: string;
  message: string;
  hint: string;
}

describe.skipIf(noServer)('through a PgBouncer', () => {
  const poolers = new Map<PoolMode, Pooler | Unavailable>();
  let fixture: Fixture;
  let database: Database;
  beforeAll(async () => {
    for (const mode of ['transaction', 'session'] as const) {
      const started = await startPooler(mode, sharedServer().url).catch((error: unknown) => {
        if (!(error instanceof Unavailable)) throw error;
        return error;
      });
      poolers.set(mode, started);
    }
    fixture = await emptyDatabase('server');
    database = await fixture.open();
    // As long as a download may take.
  }, 400_000);

  /** Without a pooler the test is skipped, with the reason. */
  function pooler(skip: (why: string) => never, mode: PoolMode = 'transaction'): Pooler {
    const started = poolers.get(mode)!;
    return started instanceof Unavailable ? skip(`no PgBouncer: ${started.message}`) : started;
  }

  async function run(
    { through }: Pooler,
    args: readonly string[],
    { env, ...options }: RunOptions = {},
  ): Promise<string> {
    const result = await pgv(args, { ...options, env: { PGV_URL: through(fixture.url), ...env } });
    expect(result.stderr + result.stdout, args.join(' ')).not.toMatch(/^pgv: /m);
    expect(result.code, result.stderr).toBe(0);
    return result.stdout;
  }

  async function failure({ through }: Pooler, args: readonly string[], env = {}): Promise<Failure> {
    const result = await pgv([...args, '--json'], { env: { PGV_URL: through(fixture.url), ...env } });
    expect(result.code, result.stderr).toBe(2);
    return (JSON.parse(result.stdout) as { error: Failure }).error;
  }

  const indexes = async (table: string) =>
    (
      await database.query<{ name: string }>(
        `SELECT indexname AS name FROM pg_indexes WHERE tablename = '${table}'`,
      )
    ).rows.map(({ name }) => name);

  test('loads go in, whole and once', async ({ skip }) => {
    const through = pooler(skip);
    await run(through, ['ingest', packages]);
    expect(await run(through, ['ingest', packages, '--json'])).toContain('"already-loaded"');
    await run(through, ['ingest', packages, '--if-loaded', 'again', '--truncate']);
    await run(through, ['ingest', packages, '-t', 'upserted', '--on-conflict', 'update', '--jobs', '3']);
    await run(through, ['ingest', packages, '-t', 'atomic', '--atomic']);
    await run(through, ['ingest', packages, '-t', 'unrecorded', '--no-ledger']);
    for (const table of ['upserted', 'atomic', 'unrecorded'])
      await expectSameRows(database, 'packages', table);
    await database.query('CREATE INDEX by_section ON packages (section)');
    await run(through, ['ingest', packages, '--if-loaded', 'again', '--truncate', '--defer-indexes']);
    expect(await indexes('packages')).toContain('by_section');
    await expectSameRows(database, 'packages', 'atomic');
    const loads = JSON.parse(await run(through, ['loads', 'list', '--json'])) as { loads: object[] };
    expect(loads.loads).toHaveLength(5);
  });

  test('rows come out as they do without it', async ({ skip }) => {
    const through = pooler(skip);
    const folder = await temporaryDirectory();
    for (const [url, name] of [
      [through.through(fixture.url), 'pooled.csv'],
      [fixture.url, 'direct.csv'],
    ] as const) {
      const { code } = await pgv(['export', 'packages', '-o', name, '--jobs', '3', '-d', url], {
        cwd: folder,
      });
      expect(code).toBe(0);
    }
    const [pooled, direct] = await Promise.all(
      ['pooled.csv', 'direct.csv'].map((name) => readFile(path.join(folder, name), 'utf8')),
    );
    expect(pooled).toBe(direct);
    const url = through.through(fixture.url);
    await run(through, ['copy', url, url, '-t', 'packages', '--to-table', 'copied']);
    await expectSameRows(database, 'packages', 'copied');
  });

  test('searches and questions are answered', async ({ skip }) => {
    const through = pooler(skip);
    const search = [
      'search',
      '--id',
      '1',
      '-k',
      '3',
      '-t',
      'packages',
      '--columns',
      'package',
      '--format',
      'jsonl',
    ];
    const direct = await pgv([...search, '-d', fixture.url]);
    expect(await run(through, search)).toBe(direct.stdout);
    await run(through, ['search', '--text', 'chess', '-t', 'packages', '--format', 'jsonl']);
    await run(through, ['index', 'list', '--json']);
    await run(through, ['loads', 'prune', '--dry-run']);
    await run(through, ['vacuum', '--dry-run']);
    expect(await run(through, ['vacuum', 'packages', '--sql'])).toContain('VACUUM');
    expect(await run(through, ['sql', 'SELECT 1 AS one', '--csv'])).toContain('1');
  });

  test.for([
    ['index', 'create', '-t', 'packages'],
    ['index', 'drop', 'there_hnsw', '--yes'],
    ['index', 'reindex', 'there_hnsw'],
    ['index', 'tune', 'there_hnsw'],
    ['vacuum', 'packages'],
    ['vacuum', 'packages', '--full'],
    ['init', 'other', '--dimensions', '3', '--index', 'hnsw'],
    ['ingest', packages, '-t', 'other', '--index', 'hnsw'],
    ['ingest', packages, '-t', 'other', '--vacuum', 'always'],
  ])('%s %s asks for the way past it, and does nothing', async (args, { skip }) => {
    const through = pooler(skip);
    await database.query(
      'CREATE INDEX IF NOT EXISTS there_hnsw ON atomic USING hnsw (embedding vector_cosine_ops)',
    );
    expect(await failure(through, args)).toMatchObject({
      code: 'no-session',
      hint: expect.stringMatching(/--direct-url or DIRECT_URL/),
    });
    expect(await indexes('packages')).not.toContain('packages_embedding_hnsw_cosine');
    expect(await indexes('atomic')).toContain('there_hnsw');
    const { rows } = await database.query("SELECT to_regclass('other') AS other");
    expect(rows).toEqual([{ other: null }]);
  });

  test('work that needs a session goes past it', async ({ skip }) => {
    const through = pooler(skip);
    const direct = ['--direct-url', fixture.url];
    await run(through, ['index', 'create', '-t', 'packages', ...direct]);
    expect(await indexes('packages')).toContain('packages_embedding_hnsw_cosine');
    await run(through, ['vacuum', 'packages', '--full'], { env: { DIRECT_URL: fixture.url } });
    await run(through, ['index', 'reindex', 'packages_embedding_hnsw_cosine', ...direct]);
    await run(through, ['index', 'drop', 'packages_embedding_hnsw_cosine', '--yes', ...direct]);
    await run(through, [
      'ingest',
      packages,
      '-t',
      'indexed',
      '--index',
      'hnsw',
      '--vacuum',
      'always',
      ...direct,
    ]);
    expect(await indexes('indexed')).toContain('indexed_embedding_hnsw_cosine');
  });

  test('a pooler that keeps sessions is a way past it', async ({ skip }) => {
    const sessions = pooler(skip, 'session').through(fixture.url);
    await run(pooler(skip), ['index', 'create', '-t', 'upserted', '--direct-url', sessions]);
    expect(await indexes('upserted')).toContain('upserted_embedding_hnsw_cosine');
    await run(pooler(skip, 'session'), ['ingest', packages, '-t', 'sessions']);
    await expectSameRows(database, 'packages', 'sessions');
  });

  test('the way past it is no other pooler of transactions, and no other database', async ({ skip }) => {
    const through = pooler(skip);
    const vacuum = ['vacuum', 'packages'];
    const pooled = { DIRECT_URL: through.through(fixture.url) };
    expect(await failure(through, vacuum, pooled)).toMatchObject({
      code: 'no-session',
      message: 'DIRECT_URL: this is a pooler that gives each transaction another session',
    });
    expect(await failure(through, [...vacuum, '--direct-url', sharedServer().url])).toMatchObject({
      code: 'other-database',
    });
    for (const [wrong, message] of [
      ['', /^--direct-url: .*empty/],
      ['mysql://there', /^--direct-url: .*mysql/],
      ['pglite:', /^--direct-url leads to an embedded/],
      ['postgresql://127.0.0.1:1/there', /^--direct-url: 127.0.0.1:1 refuses/],
    ] as const) {
      const env = { PGV_URL: through.through(fixture.url) };
      const told = await pgv([...vacuum, '--json', `--direct-url=${wrong}`], { env });
      expect(JSON.parse(told.stdout)).toMatchObject({ error: { message: expect.stringMatching(message) } });
    }
    const { stdout, code } = await pgv(['vacuum', '--json', '--direct-url', fixture.url]);
    expect([code, JSON.parse(stdout)]).toMatchObject([2, { error: { hint: /-d, PGV_URL/ } }]);
  });

  test('statements end in time', async ({ skip }) => {
    const env = { PGV_URL: pooler(skip).through(fixture.url) };
    for (const args of [
      ['sql', 'SELECT pg_sleep(5)'],
      ['export', '--query', 'SELECT 1 AS a, pg_sleep(5)::text AS b', '-o', 'slow.csv'],
      ['search', '--id', '1', '-t', 'packages', '--where', '(SELECT pg_sleep(5)) IS NOT NULL'],
    ]) {
      const cwd = await temporaryDirectory();
      const { code, stdout } = await pgv([...args, '--statement-timeout', '200ms', '--json'], { env, cwd });
      expect([code, stdout]).toEqual([4, expect.stringContaining('"statement-timeout"')]);
    }
  });

  test('what can be in no transaction is told how to go without', async ({ skip }) => {
    const env = { PGV_URL: pooler(skip).through(fixture.url) };
    const told = await pgv(['sql', 'VACUUM packages', '--statement-timeout', '9s', '--json'], { env });
    expect(JSON.parse(told.stdout)).toMatchObject({
      error: { sqlstate: '25001', hint: expect.stringContaining('leave --statement-timeout out') },
    });
  });

  test('nothing stays behind in the sessions of others', async ({ skip }) => {
    const url = new URL(pooler(skip).through(fixture.url));
    const opened = await Promise.all([1, 2, 3, 4].map(() => connectClient(url.href)));
    // All at once, so that each has another session.
    await Promise.all(opened.map((client) => client.query('BEGIN')));
    for (const client of opened) {
      const { rows } = await client.query(
        "SELECT name, setting FROM pg_settings WHERE source = 'session' AND name NOT IN ('extra_float_digits', 'transaction_isolation', 'transaction_read_only', 'transaction_deferrable', 'client_encoding', 'DateStyle', 'application_name', 'TimeZone', 'standard_conforming_strings')",
      );
      expect(rows).toEqual([]);
      await client.query('COMMIT');
      await client.end();
    }
    // The server is that of other tests, too; and a session that was left may be there for some milliseconds.
    const held = `SELECT pid FROM pg_locks WHERE locktype = 'advisory'
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
    await expect.poll(async () => (await database.query(held)).rows).toEqual([]);
  });

  describe('a load', () => {
    /** Until its first rows are stored, and many are not. */
    const isBegun = (table: string) =>
      expect
        .poll(
          () =>
            database.query(`SELECT FROM ${table} LIMIT 1`).then(
              ({ rowCount }) => rowCount,
              () => 0,
            ),
          {
            timeout: 30_000,
            interval: 20,
          },
        )
        .toBe(1);

    test('outlives the end of the pooler', async ({ skip }) => {
      const through = pooler(skip);
      const corpus = await bigCsv(24_000);
      const interrupt = async () => {
        await isBegun('outlived');
        await through.kill();
        await sleep(500);
        await through.start();
      };
      const env = { PGV_URL: through.through(fixture.url) };
      const [told] = await Promise.all([
        pgv(['ingest', corpus.path, '-t', 'outlived', '--progress', 'json'], { env }),
        interrupt(),
      ]);
      expect(told.code, told.stderr).toBe(0);
      expect(told.stderr).toMatch(/again in/);
      expect(await contentsOf(database, 'outlived')).toEqual(contentsOfWhole(corpus));
    });

    test('goes on where the program and the pooler ended', async ({ skip }) => {
      const through = pooler(skip);
      const corpus = await bigCsv(24_000);
      const load = ['ingest', corpus.path, '-t', 'resumed', '--json'];
      const { signal } = await pgv(load, {
        env: { PGV_URL: through.through(fixture.url) },
        signalAfter: { promise: isBegun('resumed').then(() => through.kill()), signal: 'SIGKILL' },
      });
      expect(signal).toBe('SIGKILL');
      await through.start();
      expect(JSON.parse(await run(through, load))).toMatchObject({ status: 'resumed' });
      expect(await contentsOf(database, 'resumed')).toEqual(contentsOfWhole(corpus));
    });
  });
});

async function connectClient(connectionString: string): Promise<Client> {
  const client = new Client({ connectionString });
  await client.connect();
  return client;
}
