import type { Database, LaneAddress } from './database.ts';
import type { ServerSettings } from './libpq/settings.ts';
import type { ResolvedTarget } from './resolve.ts';

export interface ConnectOptions {
  /** Whether an embedded database may be made where there is none yet; what only reads never does. */
  mayCreate: boolean;
}

/**
 * Opens the database that was resolved. Each kind's code is loaded only when it is needed: a run on a server
 * never pays for PGlite, and the reverse.
 * @throws DatabaseError, UsageError
 */
export async function connect(resolved: ResolvedTarget, options: ConnectOptions): Promise<Database> {
  if (resolved.kind === 'server') {
    const { connectServer } = await import('./server.ts');
    return connectServer(resolved.settings);
  }
  const { openEmbedded } = await import('./embedded/open.ts');
  return openEmbedded({ directory: resolved.directory, mayCreate: options.mayCreate });
}

/** Opens once more the database that gave this address, in this thread (Database.lane). */
export async function connectLane(address: LaneAddress): Promise<Database> {
  if (address.kind === 'server') {
    const { connectServer } = await import('./server.ts');
    return connectServer(address.settings as ServerSettings);
  }
  const { openEmbeddedLane } = await import('./embedded/open.ts');
  return openEmbeddedLane(address.port as Parameters<typeof openEmbeddedLane>[0]);
}
