import { execFile } from 'node:child_process';
import { symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from './temporary.ts';

const root = path.resolve(import.meta.dirname, '../..');

/** Runs vitest with our reporter on one test file, and gives its exit code and the last lines. */
async function runTests(source: string): Promise<{ code: number; lines: string[] }> {
  const directory = await temporaryDirectory();
  await symlink(path.join(root, 'node_modules'), path.join(directory, 'node_modules'));
  await writeFile(
    path.join(directory, 'a.test.js'),
    `import { beforeAll, describe, test } from 'vitest';\n${source}`,
  );
  const config = `import { ClosingLine } from '${root}/test/support/closing-line.ts';
    export default { test: { watch: false, reporters: ['default', new ClosingLine()] } };`;
  await writeFile(path.join(directory, 'vitest.config.ts'), config);
  const program = path.join(root, 'node_modules/vitest/vitest.mjs');
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [program, 'run'],
      { cwd: directory, env: { PATH: process.env.PATH } },
      (error, stdout) =>
        resolve({ code: error ? Number(error.code) : 0, lines: stdout.trimEnd().split('\n') }),
    );
  });
}

test('the last line counts the tests, and the reasons for skipping go before it', async () => {
  const { code, lines } = await runTests(`
    test('a', () => {});
    test('b', (context) => context.skip('no such thing here'));
    test('c', (context) => context.skip('no such thing here'));
    test.skip('d', () => {});
  `);
  expect(lines.slice(-3)).toEqual([
    'SKIPPED 2 of the tests: no such thing here',
    'SKIPPED 1 of the tests: marked so in the test',
    '1 passed, 0 failed, 3 skipped',
  ]);
  expect(code).toBe(0);
});

test('a failing test, a failing hook and a stray rejection are failures', async () => {
  const { code, lines } = await runTests(`
    test('a', () => {});
    test('b', () => { throw new Error('b'); });
    describe('c', () => { beforeAll(() => { throw new Error('c'); }); test.skip('d', () => {}); test('e', () => {}); });
    test('f', () => { Promise.reject(new Error('f')); });
  `);
  expect(lines.at(-1)).toMatch(/^2 passed, 3 failed, /);
  expect(code).toBe(1);
});

test('a file that does not load is a failure', async () => {
  const { code, lines } = await runTests("throw new Error('a');");
  expect(lines.at(-1)).toBe('0 passed, 1 failed');
  expect(code).toBe(1);
});

test('a run without a test that ran has failed', async () => {
  const { code, lines } = await runTests("test.skip('a', () => {});");
  expect(lines.slice(-2)).toEqual(['No test ran.', '0 passed, 0 failed, 1 skipped']);
  expect(code).toBe(1);
});
