import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { noTerminal, pgv, pgvOnTerminal } from '../support/cli.ts';
import { eachDatabase } from '../support/databases.ts';
import { noServer } from '../support/servers.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { pgvOn, runInMemory } from './memory-io.ts';

eachDatabase((fixture) => {
  const run = pgvOn(fixture.kind);
  const env = () => ({ PGV_URL: fixture.url });

  beforeAll(async () => {
    const database = await fixture.open();
    await database.query('CREATE EXTENSION vector');
    await database.query('CREATE TABLE docs (id bigint PRIMARY KEY, title text, embedding vector(3))');
    await database.query(`INSERT INTO docs VALUES (1, 'a, b', '[1,2,3]'), (2, NULL, '[0.5,0,-1]')`);
    await database.query(
      'CREATE TABLE many AS SELECT i, repeat(md5(i::text), 30) AS t FROM generate_series(1, 30000) i',
    );
    await database.close();
  });

  const csv = 'id,title,embedding\n1,"a, b","[1,2,3]"\n2,,"[0.5,0,-1]"\n';

  test('the only table with vectors goes to stdout, where that is no terminal', async () => {
    const { code, stdout, stderr } = await run(['export'], { env: env() });
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: csv, stderr: '' });
    const binary = await run(['export', '--format', 'binary'], { env: env() });
    expect(binary.code).toBe(0);
    expect(binary.stdoutBytes.subarray(0, 11).toString('latin1')).toBe('PGCOPY\n\xff\r\n\0');
  });

  test('an ending that means no format is csv, and it is said', async () => {
    const cwd = await temporaryDirectory();
    const unknown = await run(['export', 'docs', '-o', 'docs.txt'], { env: env(), cwd });
    expect(unknown.stderr).toMatch(/^docs\.txt is written as csv: no format has the ending \.txt/m);
    expect(readFileSync(join(cwd, 'docs.txt'), 'utf8')).toBe(csv);
    const plain = await run(['export', 'docs', '-o', 'docs.txt', '--format', 'csv', '--force'], {
      env: env(),
      cwd,
    });
    expect(plain.stderr).not.toMatch(/is written as/);
  });

  test('a file, its format by its ending, and its summary', async () => {
    const cwd = await temporaryDirectory();
    const binary = await run(['export', 'docs', '-o', 'docs.bin', '--json'], { env: env(), cwd });
    expect(binary).toMatchObject({ code: 0 });
    const bytes = readFileSync(join(cwd, 'docs.bin'));
    expect(bytes.subarray(0, 6).toString()).toBe('PGCOPY');
    expect(JSON.parse(binary.stdout)).toMatchObject({
      table: 'docs',
      rows: 2,
      bytes: bytes.length,
      files: [
        { path: 'docs.bin', rows: 2, bytes: bytes.length, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      ],
    });

    const again = await run(['export', 'docs', '-o', 'docs.bin'], { env: env(), cwd });
    expect(again).toMatchObject({ code: 2, stdout: '' });
    expect(again.stderr).toMatch(/docs\.bin exists already.*--force/s);
    const forced = await run(['export', '-t', 'docs', '-o', 'docs.bin', '--format', 'csv', '--force'], {
      env: env(),
      cwd,
    });
    expect(forced.stderr).toMatch(/^exported 2 rows \(\d+ bytes\) to docs\.bin in [\d.]+ s$/m);
    expect(readFileSync(join(cwd, 'docs.bin'), 'utf8')).toBe(csv);
    expect(readdirSync(cwd)).toEqual(['docs.bin']);
  });

  test('what is exported is ingested again, and is the same', async () => {
    const cwd = await temporaryDirectory();
    const packages = fileURLToPath(new URL('../../fixtures/packages.csv', import.meta.url));
    const lines = [
      ['ingest', packages, '-t', 'packages'],
      ['export', 'packages', '-o', 'packages.csv'],
      ['ingest', 'packages.csv', '-t', 'again'],
    ];
    for (const line of lines) expect(await run(line, { env: env(), cwd })).toMatchObject({ code: 0 });
    const database = await fixture.open();
    const { rows } = await database.query(
      `SELECT (SELECT count(*) FROM again) AS count, NOT EXISTS (
         (SELECT p::text FROM packages p EXCEPT ALL SELECT a::text FROM again a)
         UNION ALL (SELECT a::text FROM again a EXCEPT ALL SELECT p::text FROM packages p)) AS same`,
    );
    expect(rows).toEqual([{ count: 1000, same: true }]);
    await database.query('DROP TABLE packages, again');
  });

  test.skipIf(process.platform !== 'linux')('a disk that is full behind stdout is said', async () => {
    const program = new URL('../../dist/pgv.js', import.meta.url).pathname;
    const line = `exec "$0" "$1" export docs -q > /dev/full`;
    const child = spawn('sh', ['-c', line, process.execPath, program], {
      env: { PATH: process.env.PATH, PGV_URL: fixture.url },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const stderr: Buffer[] = [];
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    const [code] = await once(child, 'close');
    expect({ code, stderr: String(Buffer.concat(stderr)) }).toEqual({
      code: 4,
      stderr: 'pgv: stdout: no space left on device\n',
    });
  });

  test('a reader that has seen enough is no error', async () => {
    const program = new URL('../../dist/pgv.js', import.meta.url).pathname;
    const child = spawn(process.execPath, [program, 'export', 'many', '-q'], {
      env: { PATH: process.env.PATH, PGV_URL: fixture.url },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const stderr: Buffer[] = [];
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    await once(child.stdout, 'data');
    child.stdout.destroy();
    const [code] = await once(child, 'close');
    expect({ code, stderr: String(Buffer.concat(stderr)) }).toEqual({ code: 0, stderr: '' });
  });

  test.skipIf(process.platform === 'win32')('nor is one of the pipe that -o names', async () => {
    const cwd = await temporaryDirectory();
    execFileSync('mkfifo', ['pipe'], { cwd });
    const reader = spawn('head', ['-c', '100', 'pipe'], { cwd });
    expect(await pgv(['export', 'many', '-q', '-o', 'pipe'], { env: env(), cwd })).toMatchObject({
      code: 0,
      stderr: '',
    });
    reader.kill();
  });

  test('interrupted: exit 130, and nothing stays', async () => {
    const cwd = await temporaryDirectory();
    await writeFile(join(cwd, 'slow.csv'), 'old');
    const query = `SELECT i, CASE WHEN i > 15000 THEN pg_sleep(0.01)::text ELSE t END FROM many ORDER BY i`;
    const { code } = await pgv(['export', '--query', query, '-o', 'slow.csv', '--force'], {
      env: env(),
      cwd,
      signalAfter: { milliseconds: 2_000 },
    });
    expect(code).toBe(130);
    expect(readdirSync(cwd)).toEqual(['slow.csv']);
    expect(readFileSync(join(cwd, 'slow.csv'), 'utf8')).toBe('old');
  });

  // The same on both, and a server answers faster.
  if (fixture.kind === 'embedded' && noServer === null) return;

  test.skipIf(noTerminal !== null)('on a terminal the rows go to a file named after the table', async () => {
    const cwd = await temporaryDirectory();
    expect(await pgvOnTerminal(['export', '--format', 'binary'], { env: env(), cwd })).toMatchObject({
      code: 0,
    });
    expect(await pgvOnTerminal(['export', 'docs', '-q'], { env: env(), cwd })).toMatchObject({
      code: 0,
      stdout: '',
    });
    expect(readdirSync(cwd).sort()).toEqual(['docs.binary', 'docs.csv']);
    expect(readFileSync(join(cwd, 'docs.csv'), 'utf8')).toBe(csv);

    const refused = await pgvOnTerminal(['export', 'docs', '--format', 'binary', '-o', '-'], {
      env: env(),
      cwd,
    });
    expect(refused.code).toBe(2);
    expect(refused.stdout).toMatch(/binary data is not written to a terminal/);
    const shown = await pgvOnTerminal(['export', 'docs', '-o', '-'], { env: env(), cwd });
    expect(shown.stdout.replaceAll('\r\n', '\n')).toContain(csv);
  });

  test.each([
    [['export', 'none'], 2, /table none does not exist/],
    [
      ['export', 'docs', '--columns', 'id,none'],
      2,
      /^pgv: column none does not exist in docs\nhint: .*id, title, embedding/,
    ],
    [['export', 'docs', '--where', 'none = 1'], 2, /"none" does not exist.*42703.*\nhint: check --where$/m],
    [['export', 'docs', '--where', 'true', '--order-by', 'id,,'], 2, /hint: check --where and --order-by$/m],
    [['export', '--query', 'DELETE FROM docs'], 2, /syntax error.*\nhint: check --query$/m],
    [['export', 'docs', '-o', 'made/', '--where', 'none = 1'], 2, /"none" does not exist/],
    [['export', 'docs', '-o', 'none/docs.csv'], 2, /directory none does not exist/],
    [['export', 'docs', '--json'], 2, /--json needs -o/],
  ] as const)('%j', async (args, code, stderr) => {
    const cwd = await temporaryDirectory();
    const result = await runInMemory(args, { env: env(), cwd });
    expect(result.code).toBe(code);
    expect(result.err).toMatch(stderr);
    expect(readdirSync(cwd)).toEqual([]);
  });
});

describe('wrong usage, before any database is opened', () => {
  const env = { PGV_URL: 'postgres://nobody@127.0.0.1:1/none' };
  test.each([
    [['--format', 'xlsx'], /format xlsx is not known.*csv, tsv/s],
    [['-o', 'docs.zip'], /docs\.zip ends in \.zip.*--format/s],
    [['-o', 'docs.json'], /docs\.json ends in \.json.*jsonl/s],
    [['-o', 'docs.csv.gz', '--compress', 'zstd'], /promises gzip, and --compress says zstd/],
    [['-o', 'docs.npz', '--compress', 'gzip'], /npz cannot be compressed with gzip/],
    [['--sample', '5', '--limit', '5'], /--sample and --limit exclude each other/],
    [['--seed', '5'], /--seed needs --sample/],
    [['--split', '5'], /--split needs -o/],
    [['--split', '5 apples', '-o', 'x/'], /--split/],
    [['--split', '0', '-o', 'x/'], /--split.*a number of rows, such as 1000000, or a size/],
    [['--split', '-5', '-o', 'x/'], /--split.*a number of rows, such as 1000000, or a size/],
    [['--verify', 'manifest.json', '--sample', '5'], /--verify and --sample exclude each other/],
    [['--verify', 'manifest.json', '--resume'], /--verify and --resume exclude each other/],
    [['--format', 'binary', '--null', 'x'], /--null cannot be used with --format binary/],
    [['--delimiter', ';;'], /--delimiter takes one ASCII character/],
    [['--null', 'a,b'], /--null cannot hold/],
    [['--limit', 'ten'], /--limit/],
    [['--query', 'SELECT 1', '--where', 'true'], /--query and --where exclude each other/],
    [['docs', '--query', 'SELECT 1'], /--query and a table exclude each other/],
    [['--query', ' ; '], /--query is empty/],
    [['--colums', 'id'], /unknown option '--colums'.*--columns/s],
  ])('%j', async (args, stderr) => {
    const result = await runInMemory(['export', ...args], { env });
    expect(result).toMatchObject({ code: 2, out: '' });
    expect(result.err).toMatch(stderr);
  });
});
