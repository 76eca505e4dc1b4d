import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { lockAddress, lockDirectory } from '../../../src/database/embedded/lock.ts';
import { emptyDatabase } from '../../support/databases.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

test.each(['linux', 'darwin'] as const)(
  'shuts others out until it is released, as on %s',
  async (platform) => {
    const directory = await temporaryDirectory();
    const lock = await lockDirectory(directory, platform);
    await expect(lockDirectory(directory, platform)).rejects.toMatchObject({ code: 'database-in-use' });
    await lock.release();
    await (await lockDirectory(directory, platform)).release();
  },
);

test('is one lock for each directory', async () => {
  const parent = await temporaryDirectory();
  const directories = ['a', 'b'].map((name) => path.join(parent, name));
  for (const directory of directories) mkdirSync(directory);
  const locks = await Promise.all(directories.map((directory) => lockDirectory(directory)));
  await Promise.all(locks.map((lock) => lock.release()));
});

test('takes over the socket file that a killed holder left', async () => {
  const directory = await temporaryDirectory();
  const address = lockAddress(directory, 'darwin');
  const listen = "require('node:net').createServer().listen(process.argv[1], () => console.log('listening'))";
  const holder = spawn(process.execPath, ['-e', listen, address]);
  await once(holder.stdout, 'data');
  await expect(lockDirectory(directory, 'darwin')).rejects.toThrow('is in use by another process');
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  expect(existsSync(address)).toBe(true);
  await (await lockDirectory(directory, 'darwin')).release();
  expect(existsSync(address)).toBe(false);
});

test('names an abstract socket by all of its 108 bytes, so that versions of Node agree', async () => {
  expect(lockAddress(await temporaryDirectory(), 'linux')).toMatch(/^\0pgv-[0-9a-f]{32}\0+$/);
  expect(lockAddress(await temporaryDirectory(), 'linux')).toHaveLength(108);
});

const canUnshare = spawnSync('unshare', ['-n', 'true']).status === 0;
if (!canUnshare)
  process.stderr.write('the lock across network namespaces is not tested: unshare -n is refused here\n');

test.skipIf(process.platform !== 'linux' || !canUnshare)(
  'holds in another network namespace, as a container has one',
  async () => {
    const { url } = await emptyDatabase('embedded');
    const directory = url.slice('pglite:'.length);
    const program = fileURLToPath(new URL('../../../dist/pgv.js', import.meta.url));
    const elsewhere = () =>
      spawnSync('unshare', ['-n', process.execPath, program, 'sql', 'SELECT 1 AS one', '--csv', '-d', url], {
        encoding: 'utf8',
      });
    const lock = await lockDirectory(directory);
    expect(elsewhere().stderr).toMatch(`is in use by process ${process.pid}`);
    await lock.release();
    expect(elsewhere().stdout).toBe('one\n1\n');
    expect(existsSync(path.join(directory, 'pgv.sock'))).toBe(false);
  },
);

test.skipIf(process.platform !== 'linux')('takes over the socket file in the directory, too', async () => {
  const directory = await temporaryDirectory();
  const holder = spawn(process.execPath, [
    '-e',
    "require('node:net').createServer().listen(process.argv[1], () => console.log('listening'))",
    path.join(directory, 'pgv.sock'),
  ]);
  await once(holder.stdout, 'data');
  await expect(lockDirectory(directory)).rejects.toMatchObject({ code: 'database-in-use' });
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  await (await lockDirectory(directory)).release();
});
