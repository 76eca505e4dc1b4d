import type { Configuration } from '../src/database/configuration.ts';
import { connect } from '../src/database/connect.ts';
import type { Database } from '../src/database/database.ts';
import type { Limits } from '../src/database/limits.ts';
import { type DirectTarget, directTarget, pastPooler } from '../src/database/past-pooler.ts';
import { type ResolvedTarget, resolveTarget } from '../src/database/resolve.ts';
import { variable } from '../src/environment.ts';
import { UsageError } from '../src/errors.ts';
import { unlessAborted } from '../src/unless-aborted.ts';
import type { Io } from './io.ts';
import type { ConnectionOptions } from './options.ts';

/** What a command needs of its database. */
export interface DatabaseNeeds {
  /** Whether this run writes: then the target is named on stderr before it does. */
  writes: boolean;
  /** Whether it may create the embedded database; what only reads never does. */
  createsEmbedded: boolean;
  /** Whether it needs a session of the server to itself, which a pooler does not give; default no. */
  needsSession?: boolean;
  /** Whether the limits that flags set are for another database, should this be an embedded one; default no. */
  limitsServersOnly?: boolean;
}

/** The databases that a command has opened, as its flags and the surroundings name and limit them. */
export class Connections {
  private readonly io: Io;
  private readonly options: ConnectionOptions;
  private readonly configuration: Configuration | undefined;
  private readonly warn: (line: string) => void;
  private readonly limits: Partial<Limits>;
  private readonly opened: Promise<Database>[] = [];

  constructor(
    io: Io,
    options: ConnectionOptions,
    configuration: Configuration | undefined,
    warn: (line: string) => void,
  ) {
    this.io = io;
    this.options = options;
    this.configuration = configuration;
    this.warn = warn;
    this.limits = limitsOf(options);
  }

  /** Opens a database; one that still opens when the signal fires is closed as soon as it is there. */
  open(url: string | undefined, needs: DatabaseNeeds): Promise<Database> {
    const { signal } = this.io;
    const connecting = this.connectTo(url, needs);
    const opening = unlessAborted(connecting, signal).catch((error: unknown) => {
      if (signal.aborted) connecting.then((database) => database.close()).catch(() => {});
      throw error;
    });
    this.opened.push(opening);
    return opening;
  }

  /** Ends what the databases are running, so that a pending call rejects. */
  cancel(): Promise<void> {
    return this.each((database) => database.cancel());
  }

  /** At the end of all work. */
  leave(): Promise<void> {
    return this.each((database) => database.leave());
  }

  private async connectTo(
    url: string | undefined,
    { writes, createsEmbedded, needsSession, limitsServersOnly }: DatabaseNeeds,
  ): Promise<Database> {
    const { options, limits } = this;
    const resolved = this.resolve(url);
    if (options.directUrl !== undefined && resolved.kind === 'embedded') {
      throw new UsageError('--direct-url goes with a database behind a pooler, and none is named', {
        hint: 'name it with -d, PGV_URL or DATABASE_URL',
      });
    }
    // A wrong one is told of whether it is needed or not; the variable may be meant for others.
    const given =
      options.directUrl === undefined ? undefined : this.direct('--direct-url', options.directUrl);
    const connected = await connect(resolved, {
      mayCreate: writes && createsEmbedded,
      ...(!(limitsServersOnly && resolved.kind === 'embedded') && { limits }),
    });
    if (!needsSession || !connected.isPooled) return connected;
    try {
      const variableUrl = given === undefined ? variable(this.io.env, 'DIRECT_URL') : undefined;
      const found = given ?? (variableUrl === undefined ? undefined : this.direct('DIRECT_URL', variableUrl));
      return await pastPooler(connected, found, limits);
    } catch (error) {
      await connected.close();
      throw error;
    }
  }

  private resolve(url: string | undefined): ResolvedTarget {
    const { env, cwd } = this.io;
    const resolved = resolveTarget({ url, env, cwd, configuration: this.configuration });
    for (const warning of resolved.warnings) this.warn(warning);
    return resolved;
  }

  private direct(name: DirectTarget['name'], url: string): DirectTarget {
    return directTarget(name, () => this.resolve(url));
  }

  private async each(work: (database: Database) => Promise<void>): Promise<void> {
    // A failure to open has reached the action already, as the rejection of its own call.
    const databases = await Promise.all(this.opened.map((opening) => opening.catch(() => undefined)));
    await Promise.all(databases.map((database) => database && work(database)));
  }
}

/** Those that flags set. */
function limitsOf({ statementTimeout, lockTimeout }: ConnectionOptions): Partial<Limits> {
  return {
    ...(statementTimeout !== undefined && { statement: statementTimeout }),
    ...(lockTimeout !== undefined && { lock: lockTimeout }),
  };
}
