import { beforeAll, describe, expect, test } from 'vitest';
import { run } from '../../commands/program.ts';
import { pgv } from '../support/cli.ts';
import { emptyDatabase, type Fixture } from '../support/databases.ts';
import { noServer } from '../support/servers.ts';
import { memoryIo, runInMemory } from './memory-io.ts';

// test/operations/index-upkeep passes through both kinds.
describe.skipIf(noServer)('on a server', () => {
  let fixture: Fixture;
  const pgvOn = (...args: string[]) => runInMemory(args, { env: { PGV_URL: fixture.url } });
  beforeAll(async () => {
    fixture = await emptyDatabase('server');
    const database = await fixture.open();
    await database.query(`CREATE EXTENSION vector; CREATE TABLE docs (id int, v vector(3));
      INSERT INTO docs SELECT i, ARRAY[i, i % 7, 1] FROM generate_series(1, 500) i;
      CREATE INDEX docs_hnsw ON docs USING hnsw (v vector_l2_ops) WITH (m = 8)`);
    await database.query('SELECT pg_stat_force_next_flush()');
    await database.query('VACUUM ANALYZE docs');
    await database.close();
  });

  test('an index from its list to its end', async () => {
    const list = await pgvOn('index', 'list');
    expect(list).toMatchObject({ code: 0, err: '' });
    const [head, , line] = list.out.split('\n');
    expect(head!.split(/ {2,}/)).toEqual('index,column,kind,rows,size,state,scans,last used'.split(','));
    expect(line!.trim().split(/ {2,}/).slice(0, 4)).toEqual(['docs_hnsw', 'v', 'hnsw l2 m=8', '500']);

    const warmed = await pgvOn('index', 'prewarm', 'docs_hnsw');
    expect(warmed).toMatchObject({ code: 0, out: '' });
    expect(warmed.err).toMatch(/\nread docs_hnsw in [\d.]+ s: \d+ blocks, \d+ kB, 500 rows met\n$/);

    const rebuilt = await pgvOn('index', 'reindex', '-t', 'docs');
    expect(rebuilt).toMatchObject({ code: 0, out: '' });
    expect(rebuilt.err).toMatch(/^database: .*\nbuilt index docs_hnsw anew in [\d.]+ s: \d+ kB → \d+ kB\n$/);

    const dropped = await pgvOn('index', 'drop', 'docs_hnsw', '--yes', '--json');
    expect(dropped.code).toBe(0);
    expect(JSON.parse(dropped.out)).toMatchObject({
      index: 'docs_hnsw',
      table: 'docs',
      dropped: true,
      dryRun: false,
    });
    const empty = await pgvOn('index', 'list', 'docs');
    expect(empty).toEqual({
      code: 0,
      out: '',
      err: 'there is no vector index on docs yet: `pgv index create -t docs` makes one\n',
    });
  });

  test('JSON, dry runs, statements', async () => {
    await pgvOn('sql', 'CREATE INDEX docs_hnsw ON docs USING hnsw (v vector_cosine_ops)');
    const { indexes } = JSON.parse((await pgvOn('index', 'list', 'docs', '--json')).out);
    expect(indexes).toEqual([
      {
        name: 'docs_hnsw',
        table: 'docs',
        type: 'hnsw',
        column: 'v',
        quantization: 'none',
        metric: 'cosine',
        operatorClass: 'vector_cosine_ops',
        options: {},
        predicate: null,
        state: 'valid',
        progress: null,
        partitions: null,
        bytes: expect.any(Number),
        rows: 500,
        tableRows: 500,
        scans: 0,
        lastScan: null,
      },
    ]);
    expect(
      (await pgvOn('index', 'reindex', 'docs_hnsw', '--sql', '--memory', '1GB', '--workers', '0')).out,
    ).toBe(
      `SET maintenance_work_mem = '1048576kB';\nSET max_parallel_maintenance_workers = '0';\nREINDEX INDEX CONCURRENTLY "public"."docs_hnsw";\nRESET maintenance_work_mem;\nRESET max_parallel_maintenance_workers;\n`,
    );
    const dry = await pgvOn('index', 'reindex', 'docs_hnsw', '--dry-run', '--json');
    expect(JSON.parse(dry.out)).toMatchObject({
      dryRun: true,
      indexes: [{ index: 'docs_hnsw', table: 'docs' }],
    });
    expect((await pgvOn('index', 'drop', 'docs_hnsw', '--dry-run')).err).toMatch(
      /^would drop index docs_hnsw \(.* kB\) of docs\n$/,
    );
    const sql = (await pgvOn('index', 'drop', 'docs_hnsw', '--sql')).out;
    expect(sql).toBe('DROP INDEX CONCURRENTLY IF EXISTS "public"."docs_hnsw";\n');
    const unasked = await pgvOn('index', 'drop', 'docs_hnsw');
    expect(unasked).toMatchObject({ code: 2, out: '' });
    expect(unasked.err).toContain('to drop index docs_hnsw');
    const vacuum = JSON.parse(
      (await pgvOn('vacuum', 'docs', '--dry-run', '--if-needed', '--reindex', '--json')).out,
    );
    expect(vacuum).toMatchObject({
      dryRun: true,
      tables: [
        {
          table: 'docs',
          status: 'not-needed',
          due: { due: false, deadRows: 0, deadLimit: 150 },
          indexes: [{ index: 'docs_hnsw', rebuild: false }],
        },
      ],
    });
    expect((await pgvOn('vacuum', 'docs', '--sql', '--parallel', '1')).out).toBe(
      'VACUUM (ANALYZE, PARALLEL 1) "public"."docs";\n',
    );
    const done = await pgvOn('vacuum', 'docs');
    expect(done.err).toMatch(/\nvacuumed docs in [\d.]+ s: 0 dead rows → 0, \d+ kB → \d+ kB.*\n$/);
    expect((await pgvOn('vacuum', 'docs', '--if-needed')).err).toMatch(
      /docs needs no vacuum: 0 of 150 dead rows/,
    );
  });

  test('no is an answer, and what is not there is wrong usage', async () => {
    const io = memoryIo({ env: { PGV_URL: fixture.url }, terminal: 100, input: 'no\n' });
    Object.assign(io.stdin, { isTTY: true });
    expect(await run(['index', 'drop', 'docs_hnsw'], io)).toBe(1);
    expect(io.err()).toContain('docs_hnsw stays');
    expect(await pgvOn('index', 'drop', 'nope', '--yes')).toMatchObject({
      code: 2,
      err: expect.stringContaining('hint: there is docs_hnsw'),
    });
    const error = JSON.parse((await pgvOn('index', 'reindex', 'docs', '--json')).out).error;
    expect(error).toMatchObject({ code: 'not-a-vector-index', message: 'docs is a table, no vector index' });
    expect(await pgvOn('index', 'reindex', 'docs_hnsw', '--memory', '1kB')).toMatchObject({
      code: 2,
      err: expect.stringContaining('less than 1MB'),
    });
  });

  test('Ctrl-C in a rebuild that waits leaves nothing INVALID', async () => {
    const [holder, database] = [await fixture.open(), await fixture.open()];
    await holder.query('BEGIN; DELETE FROM docs WHERE id = 1');
    const invalid = async () => {
      const { rows } = await database.query<{ name: string }>(
        'SELECT indexrelid::regclass::text AS name FROM pg_index WHERE NOT indisvalid',
      );
      return rows.map(({ name }) => name);
    };
    // The moment the question is over for the first time, Ctrl-C comes; then the writer ends.
    const ended = pgv(['index', 'reindex', 'docs_hnsw', '--progress', 'json'], {
      env: { PGV_URL: fixture.url },
      signalAfter: { output: /"phase":"waiting/ },
    });
    await expect.poll(invalid, { timeout: 20_000 }).toEqual(['docs_hnsw_ccnew']);
    await holder.query('SELECT pg_sleep(2); COMMIT');
    expect(await ended).toMatchObject({ code: 130, stdout: '' });
    expect(await invalid()).toEqual([]);
  });
});

describe('before any database is opened', () => {
  const env = { PGV_URL: 'postgres://nobody@127.0.0.1:1/none' };
  test.each([
    [['index', 'drop'], /missing required argument 'name'/],
    [['index', 'prewarm'], /missing required argument 'name'/],
    [['index', 'reindex', 'a', '--workers', '-1'], /whole number from 0/],
    [['vacuum', '--full', '--parallel', '2'], /--full and --parallel exclude each other/],
    [['vacuum', '--full', '--reindex'], /--full and --reindex exclude each other/],
    [['vacuum', '--skip-locked', '--reindex'], /--skip-locked and --reindex exclude each other/],
  ])('%j', async (args, err) => {
    expect(await runInMemory(args, { env })).toMatchObject({ code: 2, err: expect.stringMatching(err) });
  });

  test.each(['list', 'drop', 'reindex', 'prewarm'])('help of %s has examples', async (name) => {
    expect((await runInMemory(['help', 'index', name])).out).toContain(`Examples:\n  pgv index ${name}`);
  });
});
