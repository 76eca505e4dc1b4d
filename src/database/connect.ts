import { UsageError } from '../errors.ts';
import type { Database, LaneAddress } from './database.ts';
import { defaultLimits, type Limits } from './limits.ts';
import type { ResolvedTarget } from './resolve.ts';
import type { SessionSettings } from './server-session.ts';

export interface ConnectOptions {
  /** Whether an embedded database may be made where there is none yet; what only reads never does. */
  mayCreate: boolean;
  /** Default: those of `defaultLimits`. */
  limits?: Partial<Limits> | undefined;
  /** Somebody says that it leads past a pooler, or to one that keeps a session for as long as we are there; default no. */
  isDirect?: boolean | undefined;
}

/**
 * Opens the database that was resolved. Each kind's code is loaded only when it is needed: a run on a server
 * never pays for PGlite, and the reverse.
 * @throws DatabaseError, UsageError
 */
export async function connect(
  resolved: ResolvedTarget,
  { mayCreate, limits, isDirect = false }: ConnectOptions,
): Promise<Database> {
  if (resolved.kind === 'server') {
    const { connectServer } = await import('./server.ts');
    return connectServer({
      ...resolved.settings,
      limits: { ...defaultLimits, ...limits },
      isOurs: isDirect ? 'said' : 'unknown',
    });
  }
  if (limits?.statement) {
    throw new UsageError('the embedded database cannot end a statement that takes too long', {
      hint: 'leave --statement-timeout out',
    });
  }
  if (limits?.lock) {
    throw new UsageError('on the embedded database there is nobody to wait for', {
      hint: 'leave --lock-timeout out',
    });
  }
  const { openEmbedded } = await import('./embedded/open.ts');
  return openEmbedded({ directory: resolved.directory, mayCreate });
}

/** Opens once more the database that gave this address, in this thread (Database.lane). */
export async function connectLane(address: LaneAddress): Promise<Database> {
  if (address.kind === 'server') {
    const { connectServer } = await import('./server.ts');
    return connectServer(address.settings as SessionSettings);
  }
  const { openEmbeddedLane } = await import('./embedded/open.ts');
  return openEmbeddedLane(address.port as Parameters<typeof openEmbeddedLane>[0]);
}
