import { readFileSync } from 'node:fs';
import { globSync } from 'tinyglobby';
import { defineConfig } from 'vitest/config';
import { ClosingLine } from './test/support/closing-line.ts';
import { LongestFirst } from './test/support/longest-first.ts';
import { testFlags } from './test/support/node-flags.ts';

const include = ['test/**/*.test.ts'];
/** What a file mocks, no other may get: it has a process to itself. */
const mocking = globSync(include).filter((file) => readFileSync(file, 'utf8').includes('vi.mock('));

const each = {
  pool: 'forks' as const,
  execArgv: [...testFlags],
  setupFiles: './test/support/file-setup.ts',
  testTimeout: 60_000 * Math.max(1, Number(process.env.PGV_TEST_CASES ?? 1)),
  hookTimeout: 120_000,
  // What is waited for comes at once, but for a machine that is busy.
  expect: { poll: { timeout: 20_000 } },
  // Processes, signals and clocks are real here, and CI's machine is shared: a test may have another try there.
  retry: process.env.CI ? 2 : 0,
};

export default defineConfig({
  test: {
    watch: false,
    globalSetup: './test/support/global-setup.ts',
    // Tests wait for processes and servers of their own: three keep two cores busy.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    reporters: ['default', new ClosingLine()],
    projects: [
      // To start a process and to read the sources again for every file would take a tenth of the whole run.
      { test: { ...each, name: 'shared', include, exclude: mocking, isolate: false } },
      { test: { ...each, name: 'isolated', include: mocking, isolate: true } },
    ],
  },
});
