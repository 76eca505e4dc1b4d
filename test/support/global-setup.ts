import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { buildProgram } from './build.ts';
import { keeper } from './server/keeper.ts';
import { startServer } from './server/provision.ts';
import type { OwnServer, TestServer } from './server/test-server.ts';
import { Unavailable } from './unavailable.ts';

/** The server of a run, or why there is none. */
interface ServerOfTheRun {
  running: TestServer | null;
  missing: string | null;
  /** Why tests cannot start servers of their own. */
  noOwn: string | null;
}

declare module 'vitest' {
  interface ProvidedContext {
    server: ServerOfTheRun;
    scratch: string;
    /** What the build said when it failed: that fails the tests of the built program, and only those. */
    buildFailure: string | null;
  }
}

/** Builds the program, makes a folder for the run and starts its server. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  project.provide('buildFailure', await buildProgram(project.config.root));
  const scratch = await mkdtemp(path.join(tmpdir(), 'pgv-test-'));
  const sweeper = keeper('rm -rf -- "$1"', [scratch]);
  const server = await startServer().catch((error: unknown) => {
    if (!(error instanceof Unavailable)) throw error;
    return error;
  });
  project.provide('scratch', scratch);
  project.provide('server', describeServer(server));
  return async () => {
    if (!(server instanceof Unavailable)) await server.stop();
    await sweeper.release();
  };
}

function describeServer(server: OwnServer | Unavailable): ServerOfTheRun {
  if (server instanceof Unavailable) {
    const missing = `no PostgreSQL server: ${server.message}`;
    return { running: null, missing, noOwn: missing };
  }
  const { stop: _, ...running } = server;
  process.stderr.write(`test server: ${running.description}\n`);
  const noOwn = process.env.PGV_TEST_URL ? 'the server of PGV_TEST_URL is not ours to set up' : null;
  return { running, missing: null, noOwn };
}
