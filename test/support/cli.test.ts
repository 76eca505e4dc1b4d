import { expect, test } from 'vitest';
import { noTerminal, pgv, pgvOnTerminal } from './cli.ts';
import { temporaryDirectory } from './temporary.ts';

test('the program runs, with its streams apart', async () => {
  const version = await pgv(['--version']);
  expect(version).toMatchObject({ code: 0, signal: null, stderr: '' });
  expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  const wrong = await pgv(['--no-such-flag']);
  expect(wrong).toMatchObject({ code: 2, stdout: '' });
  expect(wrong.stderr).toContain('--no-such-flag');
});

test('a program that does not end is killed, and that is an error', async () => {
  await expect(pgv(['--version'], { timeout: 1 })).rejects.toThrow(/did not end in 1 ms/);
});

test.skipIf(noTerminal)('the program runs on a terminal', async () => {
  const version = await pgvOnTerminal(['--version']);
  expect(version.code).toBe(0);
  expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\r\n$/);
  expect((await pgvOnTerminal(['--no-such-flag'])).code).toBe(2);
});

// Making an embedded database takes longer than this.
const interrupted = { signalAfter: { output: /embedded database/ } };

test('a signal can be sent when something has been said', async () => {
  const cwd = await temporaryDirectory();
  expect(await pgv(['init', 'docs', '--dimensions', '3'], { cwd, ...interrupted })).toMatchObject({
    code: 130,
  });
});

test.skipIf(noTerminal)('Ctrl-C can be typed on a terminal', async () => {
  const cwd = await temporaryDirectory();
  const result = await pgvOnTerminal(['init', 'docs', '--dimensions', '3'], { cwd, ...interrupted });
  expect(result.code).toBe(130);
});
