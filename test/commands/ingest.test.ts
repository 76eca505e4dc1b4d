import { createReadStream } from 'node:fs';
import { copyFile, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { noTerminal, pgv, pgvOnTerminal } from '../support/cli.ts';
import { eachDatabase, emptyDatabase } from '../support/databases.ts';
import { noServer } from '../support/servers.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { pgvOn } from './memory-io.ts';

const packages = fileURLToPath(new URL('../../fixtures/packages.csv', import.meta.url));

/** A folder with the real embeddings as data.csv. */
async function folderWithData(): Promise<string> {
  const cwd = await temporaryDirectory();
  await copyFile(packages, path.join(cwd, 'data.csv'));
  return cwd;
}

describe('on a fresh machine, with no database named', () => {
  test('the three lines that must always work', async () => {
    const cwd = await folderWithData();
    const ingested = await pgv(['ingest', 'data.csv'], { cwd });
    expect(ingested).toMatchObject({ code: 0, stdout: '' });
    expect(ingested.stderr).toMatch(/^database: embedded database in \.\/\.pgv$/m);
    expect(ingested.stderr).toMatch(
      /^created table data \(id bigint primary key, package text, section text, description text, metadata jsonb, embedding vector\(64\)\)$/m,
    );
    expect(ingested.stderr).toMatch(/^1,000 rows into data in [\d.]+ s$/m);
    const exported = await pgv(['export', '--format', 'binary'], { cwd });
    expect(exported.code).toBe(0);
    expect(exported.stdoutBytes.subarray(0, 6).toString()).toBe('PGCOPY');
    const indexed = await pgv(['index', 'create', '--type', 'hnsw', '--json'], { cwd });
    expect(indexed.code).toBe(0);
    expect(JSON.parse(indexed.stdout)).toMatchObject({ table: 'data', type: 'hnsw', metric: 'cosine' });
  });
});

eachDatabase((fixture) => {
  const run = pgvOn(fixture.kind);
  const env = () => ({ PGV_URL: fixture.url });

  test('the summary under --json, on stdout alone', async () => {
    const cwd = await folderWithData();
    const { code, stdout, stderr } = await run(['ingest', 'data.csv', '--json', '-q'], { cwd, env: env() });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { size } = await stat(packages);
    const summary = JSON.parse(stdout);
    expect(summary).toMatchObject({
      table: 'data',
      status: 'loaded',
      rows: 1000,
      inserted: 1000,
      updated: 0,
      unchanged: 0,
      skipped: 0,
      rejected: 0,
      loadId: expect.any(String),
      lanes: 1,
      files: [{ path: 'data.csv', rows: 1000 }],
    });
    expect(summary.bytes).toBe(size);
    expect(await readdir(cwd)).toEqual(['data.csv']);
  });

  test('stdin, renamed fields, some of them, no header', async () => {
    const text = await readFile(packages, 'utf8');
    const rows = text.slice(text.indexOf('\n') + 1);
    const { code, stderr } = await run(
      [
        'ingest',
        '-',
        '-t',
        'renamed',
        '--no-header',
        '--columns',
        'id,name,part,words,facts,vec',
        '--map',
        'vec=embedding',
      ],
      { input: rows, env: env() },
    );
    expect(stderr).toMatch(
      /created table renamed \(id bigint primary key, name text, part text, words text, facts jsonb, embedding vector\(64\)\)/,
    );
    expect(code).toBe(0);
    const { stdout } = await run(['sql', 'SELECT count(*), max(name) FROM renamed', '--csv'], { env: env() });
    expect(stdout).toMatch(/^count,max\n1000,/);
  });

  test('--on-conflict update applies a file twice, --on-conflict skip leaves what is there', async () => {
    const cwd = await temporaryDirectory();
    const load = async (content: string, ...args: string[]) => {
      await writeFile(path.join(cwd, 'twice.csv'), content);
      const { code, stdout } = await run(['ingest', 'twice.csv', '--json', ...args], { cwd, env: env() });
      return { code, ...JSON.parse(stdout) };
    };
    await load('id,title\n1,one\n2,two\n');
    expect(await load('id,title\n2,zwei\n3,three\n', '--on-conflict', 'skip')).toMatchObject({
      code: 0,
      rows: 1,
      inserted: 1,
      skipped: 1,
    });
    expect(await load('id,title\n2,deux\n4,four\n2,dos\n', '--on-conflict', 'update')).toMatchObject({
      code: 0,
      rows: 2,
      inserted: 1,
      updated: 1,
    });
    const { stdout } = await run(['sql', 'SELECT * FROM twice ORDER BY id', '--csv'], { env: env() });
    expect(stdout).toBe('id,title\n1,one\n2,dos\n3,three\n4,four\n');
  });
});

describe.skipIf(noServer !== null)('stopping a load', () => {
  let large: string;

  beforeAll(async () => {
    // 40,000 rows of 64 numbers: some five pieces.
    large = path.join(await temporaryDirectory(), 'large.csv');
    const [header, ...rows] = (await readFile(packages, 'utf8')).trimEnd().split('\n');
    const copies = Array.from({ length: 40 }, (_, i) =>
      rows.map((row) => row.replace(/^\d+/, (id) => `${i}${id.padStart(4, '0')}`)),
    );
    await writeFile(large, `${header}\n${copies.flat().join('\n')}\n`);
  });

  const storedRows = (stderr: string) =>
    Number(/([\d,]+) rows? (?:is|are) stored in large already/.exec(stderr)?.[1]?.replaceAll(',', '') ?? 0);

  test('Ctrl-C between pieces says how many rows are stored', async () => {
    const { url, open } = await emptyDatabase('server');
    const database = await open();
    await database.query('CREATE TABLE large (id bigint)');
    await database.query(
      "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF NEW.id % 10 = 0 THEN PERFORM pg_sleep(0.0001); END IF; RETURN NEW; END'",
    );
    await database.query('CREATE TRIGGER slow BEFORE INSERT ON large FOR EACH ROW EXECUTE FUNCTION slow()');
    const args = ['ingest', large, '-d', url, '--columns', 'id', '--jobs', '1', '--progress', 'json'];
    const { code, stderr } = await pgv(args, {
      signalAfter: { output: /"rows":[1-3]\d{4}\b/ },
    });
    expect(code).toBe(130);
    const { rows } = await database.query('SELECT count(*) AS rows FROM large');
    expect(storedRows(stderr)).toBeGreaterThan(0);
    expect(rows).toEqual([{ rows: storedRows(stderr) }]);
  });

  test('Ctrl-C while the server is at work cancels that, and leaves no backend', async () => {
    const { url, open } = await emptyDatabase('server');
    const database = await open();
    await database.query('CREATE EXTENSION vector');
    await database.query(
      `CREATE TABLE large (id bigint PRIMARY KEY, package text, section text, description text, metadata jsonb, embedding vector(64))`,
    );
    // Slow enough that the signal finds it at work.
    await database.query('CREATE INDEX ON large USING hnsw (embedding vector_l2_ops)');
    const { code, stderr } = await pgv(['ingest', large, '-d', url, '--jobs', '2'], {
      signalAfter: { milliseconds: 2500 },
    });
    expect(code).toBe(130);
    expect(stderr).toMatch(/^pgv: interrupted$/m);
    const { rows } = await database.query<{ rows: number }>('SELECT count(*) AS rows FROM large');
    expect(rows[0]!.rows).toBe(storedRows(stderr));
    const { rows: backends } = await database.query<{ pid: number }>(
      "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'",
    );
    expect(backends).toEqual([]);
  });

  test('SIGTERM of an --atomic load leaves neither rows nor a staging table: 143', async () => {
    const { url, open } = await emptyDatabase('server');
    const { code } = await pgv(['ingest', '-', '-t', 'large', '-d', url, '--atomic'], {
      input: `id,embedding\n${'1,"[1,2,3]"\n'.repeat(400_000)}`,
      signalAfter: { output: /created table/, signal: 'SIGTERM' },
    });
    expect(code).toBe(143);
    const { rows } = await (await open()).query(
      "SELECT relname FROM pg_class WHERE relname ~ '^large$|staging'",
    );
    expect(rows).toEqual([]);
  });

  test.skipIf(noTerminal)('on a terminal: a bar, and after Ctrl-C a clean line and the cursor', async () => {
    const { url } = await emptyDatabase('server');
    const { code, stdout } = await pgvOnTerminal(['ingest', large, '-d', url, '--jobs', '1'], {
      signalAfter: { output: /loading/ },
    });
    expect(code).toBe(130);
    const hidden = stdout.lastIndexOf('\x1b[?25l');
    const shown = stdout.lastIndexOf('\x1b[?25h');
    expect(shown).toBeGreaterThan(hidden);
    expect(stdout.slice(shown)).not.toMatch(/loading/);
  });
});

test('a stream is loaded as it comes', async () => {
  // The file's own stream: chunks of 64 kB that end anywhere.
  const { url } = await emptyDatabase('embedded');
  const chunks: Buffer[] = [];
  for await (const chunk of createReadStream(packages, { highWaterMark: 1000 })) chunks.push(chunk as Buffer);
  const { code } = await pgv(['ingest', '-', '-t', 'streamed', '-d', url, '-q'], {
    input: Buffer.concat(chunks),
  });
  expect(code).toBe(0);
});
