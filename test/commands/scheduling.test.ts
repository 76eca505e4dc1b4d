import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { emptyDatabase } from '../support/databases.ts';
import { noServer } from '../support/servers.ts';

const program = fileURLToPath(new URL('../../dist/pgv.js', import.meta.url));
const noChrt = spawnSync('chrt', ['--version']).status !== 0;

/** SCHED_OTHER 0, SCHED_BATCH 3, SCHED_IDLE 5. */
const policyOf = (pid: number) => readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ')[38];

test.skipIf(noServer !== null || noChrt).each([
  ['batch, where nobody has chosen anything', [], '3'],
  ['somebody has chosen', ['chrt', '--idle', '0'], '5'],
])('an export is scheduled as %s', async (_, around, policy) => {
  const { url } = await emptyDatabase('server');
  const query = ['export', '--query', 'SELECT 1 AS a, pg_sleep(1)', '-d', url];
  const [command, ...args] = [...around, process.execPath, program, ...query];
  const child = spawn(command!, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  child.stdout.resume();
  const ended = once(child, 'close');
  await expect.poll(() => policyOf(child.pid!), { timeout: 5000 }).toBe(policy);
  // It stays so, once its lanes are at work.
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(policyOf(child.pid!)).toBe(policy);
  expect(await ended).toEqual([0, null]);
});
