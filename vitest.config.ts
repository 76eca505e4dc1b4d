import { defineConfig } from 'vitest/config';
import { ClosingLine } from './test/support/closing-line.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    watch: false,
    globalSetup: './test/support/global-setup.ts',
    // Tests start processes and servers of their own: more at once would only wait for each other.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Processes, signals and clocks are real here, and CI's machine is shared: a test may have another try there.
    retry: process.env.CI ? 2 : 0,
    reporters: ['default', new ClosingLine()],
  },
});
