import { inject } from 'vitest';
import { afterwards } from './afterwards.ts';
import { startServer } from './server/provision.ts';
import { type PsqlInput, psql } from './server/psql.ts';
import type { OwnServer, ServerOptions, TestServer } from './server/test-server.ts';

const { running, missing, noOwn } = inject('server');

/** Why this run has no server, or null: `test.skipIf(noServer)`. */
export const noServer: string | null = missing;
/** Why a test cannot start a server of its own, or null. */
export const noOwnServer: string | null = noOwn;

/** The server that serves the whole run. Take a database of your own there (databases.ts). */
export function sharedServer(): TestServer {
  if (running === null) throw new Error(`no server: ${missing}; skip the test with test.skipIf(noServer)`);
  return running;
}

/**
 * Starts a server set up as a test needs it (about 0.3 s), stopped when the test, or its file, has finished.
 * Skip the test with `noOwnServer`.
 */
export async function ownServer(options: ServerOptions): Promise<OwnServer> {
  const server = await startServer(options);
  afterwards(() => server.stop());
  return server;
}

/** Runs psql on a database of the shared server, and gives what it printed. */
export async function psqlOn(database: string, args: readonly string[], input?: PsqlInput): Promise<string> {
  const output = await psql(sharedServer(), args, { database, ...(input !== undefined && { input }) });
  return output.toString('utf8');
}
