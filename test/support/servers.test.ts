import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Client } from 'pg';
import { describe, expect, test } from 'vitest';
import { withoutPgvector } from './databases.ts';
import { noOwnServer, noServer, ownServer, psqlOn, sharedServer } from './servers.ts';
import { temporaryDirectory } from './temporary.ts';

async function ask(url: string, statement: string): Promise<unknown> {
  const client = new Client({ connectionString: url });
  // A lost connection is told by the query that it fails; without a listener it would end the process.
  client.on('error', () => {});
  await client.connect();
  try {
    const result = await client.query({ text: statement, rowMode: 'array' });
    return result.rows[0]?.[0];
  } finally {
    await client.end();
  }
}

const vectorVersion = "SELECT default_version FROM pg_available_extensions WHERE name = 'vector'";

describe.skipIf(noServer)('the server of the run', () => {
  test('has pgvector', async () => {
    expect(await ask(sharedServer().url, vectorVersion)).toMatch(/^0\.\d+\.\d+$/);
  });

  test('answers psql, which reads what it is given', async () => {
    const load = [
      '-c',
      'CREATE TEMP TABLE t (a text)',
      '-c',
      '\\copy t FROM STDIN',
      '-Atc',
      'SELECT a FROM t',
    ];
    expect(await psqlOn('postgres', load, 'ä\n')).toBe('ä\n');
    await expect(psqlOn('postgres', ['-c', 'SELECT 1/0'])).rejects.toThrow(/division by zero/);
  });

  test.skipIf(noOwnServer)('answers on its socket', async (context) => {
    const { socketDirectory, url } = sharedServer();
    if (socketDirectory === null) return context.skip('the socket is out of reach');
    const client = new Client({ host: socketDirectory, port: Number(new URL(url).port), user: 'postgres' });
    await client.connect();
    await client.end();
  });
});

describe.skipIf(noOwnServer)('a server of its own', () => {
  test('takes settings, rules and files', async () => {
    const server = await ownServer({
      settings: { work_mem: '7MB', 'my.words': "it's" },
      hba: ['host all nobody all reject'],
      files: { 'note.txt': 'read me' },
    });
    expect(await ask(server.url, 'SHOW work_mem')).toBe('7MB');
    expect(await ask(server.url, 'SHOW my.words')).toBe("it's");
    expect(await ask(server.url, "SELECT pg_read_file('note.txt')")).toBe('read me');
    await expect(ask(server.url.replace('postgres@', 'nobody@'), 'SELECT 1')).rejects.toThrow(
      /pg_hba.conf rejects/,
    );
    await server.stop();
    await expect(ask(server.url, 'SELECT 1')).rejects.toThrow(/ECONNREFUSED/);
  });

  test('can lack pgvector', async () => {
    expect(await ask(await withoutPgvector(), vectorVersion)).toBeUndefined();
  });

  test('ends with the process that started it, even by kill -9', async () => {
    const root = path.resolve(import.meta.dirname, '../..');
    const script = path.join(await temporaryDirectory(), 'start.ts');
    await writeFile(
      script,
      `import { startServer } from '${root}/test/support/server/provision.ts';
       console.log(JSON.stringify(await startServer({ settings: {} })));
       setTimeout(() => {}, 60_000);`,
    );
    const child = spawn(process.execPath, [path.join(root, 'scripts/run.mjs'), script]);
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const server = JSON.parse(line.toString()) as { url: string; socketDirectory: string | null };
    expect(await ask(server.url, 'SELECT 1')).toBe(1);
    child.kill('SIGKILL');
    await expect
      .poll(() => ask(server.url, 'SELECT 1').catch(String), { timeout: 10_000 })
      .toMatch(/ECONNREFUSED/);
    if (server.socketDirectory !== null) {
      await expect.poll(() => existsSync(server.socketDirectory ?? ''), { timeout: 10_000 }).toBe(false);
    }
  });
});

describe('a temporary directory', () => {
  let earlier = '';
  test('is there for its test', async () => {
    earlier = await temporaryDirectory();
    expect(statSync(earlier).isDirectory()).toBe(true);
  });
  test('is gone for the next', () => expect(existsSync(earlier)).toBe(false));
});
