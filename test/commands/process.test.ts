import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { noTerminal, pgv, pgvOnTerminal } from '../support/cli.ts';
import { emptyDatabase } from '../support/databases.ts';
import { noServer } from '../support/servers.ts';

const program = fileURLToPath(new URL('../../dist/pgv.js', import.meta.url));
const sleep = ['sql', 'SELECT pg_sleep(60)'];

describe.skipIf(noServer)('the built program', () => {
  let env: Record<string, string>;
  beforeAll(async () => {
    env = { PGV_URL: (await emptyDatabase('server')).url };
  });

  test.each([
    ['SIGINT', 130, 'interrupted'],
    ['SIGTERM', 143, 'terminated'],
  ] as const)('%s ends it with %i', async (signal, code, message) => {
    const result = await pgv(sleep, {
      env,
      signalAfter: { output: /database: .*\n/, signal },
      timeout: 30_000,
    });
    expect(result).toMatchObject({ code, signal: null, stdout: '' });
    expect(result.stderr).toMatch(new RegExp(`\npgv: ${message}\n$`));
  });

  test('a signal under --json is told in JSON', async () => {
    const how = { env, signalAfter: { output: /database: .*\n/, signal: 'SIGTERM' } as const };
    const { code, stdout } = await pgv([...sleep, '--json'], how);
    expect(code).toBe(143);
    expect(JSON.parse(stdout).error).toMatchObject({ code: 'terminated', message: 'terminated' });
  });

  test.skipIf(noTerminal)('Ctrl-C on a terminal ends it with 130', async () => {
    const result = await pgvOnTerminal(sleep, { env, signalAfter: { output: /database: / } });
    expect(result.code).toBe(130);
    expect(result.stdout).toContain('interrupted');
  });

  test.skipIf(noTerminal)('a table fits the terminal, and colours are there unless refused', async () => {
    const statement = "SELECT 1 AS id, repeat('long ', 100) AS text";
    const { stdout } = await pgvOnTerminal(['sql', statement], { env });
    expect(stdout).toContain('\u001b[1mid\u001b[22m');
    expect(stdout).toMatch(/ 1 {2}(long )+.*…\r\n/);
    const plain = await pgvOnTerminal(['sql', statement, '--no-color'], { env });
    expect(plain.stdout).not.toContain('\u001b[');
  });

  test('a reader that goes away ends it quietly', async () => {
    const statement = "SELECT n, repeat('x', 100) AS x FROM generate_series(1, 100000) AS n";
    for (const flag of ['--quiet', '--csv', '--json']) {
      const child = spawn(process.execPath, [program, 'sql', '-q', statement, flag], {
        env: { ...env, TZ: 'UTC' },
      });
      let told = '';
      child.stderr.on('data', (chunk: Buffer) => {
        told += chunk.toString();
      });
      child.stdout.once('data', () => child.stdout.destroy());
      expect(await once(child, 'close')).toEqual([0, null]);
      expect(told).toBe('');
    }
  });

  test.skipIf(process.platform !== 'linux')('its title shows no arguments, and so no password', async () => {
    const url = env.PGV_URL!.replace('//postgres@', '//postgres:secret@');
    const child = spawn(process.execPath, [program, ...sleep, '-d', url], { env: { TZ: 'UTC' } });
    await once(child.stderr, 'data');
    const title = await readFile(`/proc/${child.pid}/cmdline`, 'utf8');
    child.kill();
    await once(child, 'close');
    expect(title).toMatch(/^pgv\0*$/);
  });

  test('a fault of ours exits 70 and asks to be reported', async () => {
    const bomb = 'setTimeout(() => { throw new TypeError("x is not a function"); }, 4000);';
    const result = await pgv(sleep, {
      env: { ...env, NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(bomb)}` },
    });
    expect(result).toMatchObject({ code: 70, stdout: '' });
    expect(result.stderr).toMatch(/pgv: unexpected error: x is not a function\nhint: .*report.*\n$/);
  });
});
