import { chmod, copyFile, readdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { pgv, type RunOptions } from '../support/cli.ts';
import { withoutPgvector } from '../support/databases.ts';
import { noOwnServer, ownServer } from '../support/servers.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const packages = fileURLToPath(new URL('../../fixtures/packages.csv', import.meta.url));

/** `pgv ingest data.csv` in a folder that has it. */
async function ingest(options: RunOptions = {}, ...args: string[]) {
  const cwd = await temporaryDirectory();
  await copyFile(packages, path.join(cwd, 'data.csv'));
  return { cwd, ...(await pgv(['ingest', 'data.csv', ...args], { cwd, ...options })) };
}

/** A port on which nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test('DATABASE_URL set but empty is a missing secret, not a wish for the embedded database', async () => {
  const { cwd, code, stdout, stderr } = await ingest({ env: { DATABASE_URL: '' } });
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^pgv: DATABASE_URL is set but empty/);
  expect(await readdir(cwd)).toEqual(['data.csv']);
});

test.each([
  ['--max-errors', '3'],
  ['--expect-sha256', 'abc'],
  ['--delete-missing'],
  ['--defer-indexes', '--no-ledger'],
  ['--no-ledger', '--load-id', 'mine'],
  ['--no-ledger', '--if-loaded', 'again'],
  ['--no-ledger', '--restart'],
  ['--key', 'id'],
  ['--columns', 'id,nothing'],
  ['--map', 'nothing=title'],
  ['--map', 'package=id'],
  ['--types', 'nothing=text'],
  ['--on-conflict', 'update', '--key', 'nothing'],
  ['--embed', 'nothing=vector', '--embed-url', 'http://127.0.0.1:9', '--embed-model', 'm'],
])('flags that do not go together, or with the file, make none: %s %s %s', async (...flags) => {
  const { cwd, code } = await ingest({}, ...flags);
  expect(code).toBe(2);
  expect(await readdir(cwd)).toEqual(['data.csv']);
});

test('no server', async () => {
  const port = await closedPort();
  const { code, stdout, stderr } = await ingest({}, '-d', `postgres://me:secret@127.0.0.1:${port}/app`);
  expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
  expect(stderr).toMatch(new RegExp(`^pgv: .*127\\.0\\.0\\.1:${port}.*\\nhint: `));
  expect(stderr).not.toContain('secret');
});

test('no server, under --json', async () => {
  const port = await closedPort();
  const { code, stdout } = await ingest({}, '-d', `host=127.0.0.1 port=${port} dbname=app`, '--json');
  expect(code).toBe(4);
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'no-server', file: null, row: null } });
});

describe.skipIf(noOwnServer !== null)('a server', () => {
  test('that refuses the password', async () => {
    const server = await ownServer({ hba: ['host all alice 127.0.0.1/32 scram-sha-256'] });
    await pgv(['sql', "CREATE ROLE alice LOGIN PASSWORD 'right'"], { env: { PGV_URL: server.url } });
    const { port } = new URL(server.url);
    const url = `postgres://alice:wr%21ng@127.0.0.1:${port}/postgres`;
    const { code, stdout, stderr } = await ingest({}, '-d', url);
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(stderr).toMatch(
      /^pgv: password authentication failed for user "alice" \(SQLSTATE 28P01\)\nhint: /,
    );
    expect(stderr).not.toMatch(/wr!ng|wr%21ng/);
  });

  test('without pgvector says how to install it, and has no table then', async () => {
    const url = await withoutPgvector();
    const { code, stdout, stderr } = await ingest({}, '-d', url);
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(stderr).toMatch(/extension "vector" is not available.*\nhint: .*postgresql-\d+-pgvector/);
    const tables = await pgv(['sql', "SELECT 1 FROM pg_class WHERE relname = 'data'", '--json'], {
      env: { PGV_URL: url },
    });
    expect(JSON.parse(tables.stdout)).toMatchObject({ rowCount: 0 });
  });
});

describe('the embedded database', () => {
  test('in a directory that may not be written to', async () => {
    // Root may write to any directory but the kernel's own.
    const isRoot = process.getuid?.() === 0;
    const cwd = isRoot ? '/sys/kernel' : await temporaryDirectory();
    if (!isRoot) await chmod(cwd, 0o555);
    const { code, stdout, stderr } = await pgv(['ingest', packages], { cwd });
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(stderr).toBe(
      'pgv: the embedded database in ./.pgv cannot be opened: permission denied\n' +
        'hint: name a directory that can be written with -d pglite:<dir>, or a server with -d postgresql://…\n',
    );
  });

  test('is not made by a command that only reads', async () => {
    const cwd = await temporaryDirectory();
    for (const args of [
      ['search', '[1,2,3]'],
      ['export'],
      ['init', 'docs', '--dimensions', '3', '--check'],
    ]) {
      const { code, stderr } = await pgv(args, { cwd });
      expect(code).not.toBe(0);
      expect(stderr).toMatch(/no embedded database in \.\/\.pgv/);
    }
    expect(await readdir(cwd)).toEqual([]);
  });
});
