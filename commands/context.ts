import { loadConfiguration } from '../src/database/configuration.ts';
import { connect } from '../src/database/connect.ts';
import type { Database } from '../src/database/database.ts';
import type { Limits } from '../src/database/limits.ts';
import { type DirectTarget, directTarget, pastPooler } from '../src/database/past-pooler.ts';
import { resolveTarget } from '../src/database/resolve.ts';
import { variable } from '../src/environment.ts';
import { InterruptedError, UsageError } from '../src/errors.ts';
import type { Reporter } from '../src/progress.ts';
import type { Io } from './io.ts';
import type { ConnectionOptions, OutputOptions, TableOptions } from './options.ts';
import { createOutput, type Output } from './output/output.ts';
import { createProgressDisplay, type ProgressDisplay } from './output/progress.ts';
import { styleFor } from './output/style.ts';
import { traceDatabase } from './output/trace.ts';

/** What a command's action is given. */
export interface Context<Options> {
  readonly options: Options & OutputOptions & ConnectionOptions & TableOptions;
  readonly io: Io;
  readonly output: Output;
  /** For the operation: progress, notes and warnings, shown on stderr as the flags ask. */
  readonly reporter: Reporter;
  /** For the operation: fires when the user or the system asks for the end. */
  readonly signal: AbortSignal;
  /** The table named by --table, PGV_TABLE or the configuration file, in this order. */
  readonly table: string | undefined;
  /** The same for a command that takes the table as its argument too. @throws UsageError where --table names another */
  tableNamed(argument: string | undefined): string | undefined;
  /**
   * The database, opened by the first call and closed when the action ends. A command that writes names it on
   * stderr then.
   */
  database(): Promise<Database>;
  /** One more database, as -d would name it, opened and closed like the first. */
  connect(url: string, needs: DatabaseNeeds): Promise<Database>;
}

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

/** A context with what its owner, action.ts, needs to end it. */
export interface OpenContext<Options> {
  context: Context<Options>;
  display: ProgressDisplay;
  /** Ends what the database is running, so that a pending call rejects. */
  cancel: () => Promise<void>;
  close: () => Promise<void>;
}

export function openContext<Options>(
  io: Io,
  options: Context<Options>['options'],
  needs: DatabaseNeeds,
): OpenContext<Options> {
  const errorStyle = styleFor(io.stderr, io.env, options.color);
  const display = createProgressDisplay(io, options, errorStyle);
  const note = (line: string) => display.note(errorStyle.dim(line));
  const configuration = loadConfiguration(io.cwd);
  const table = options.table ?? variable(io.env, 'PGV_TABLE') ?? configuration?.table;
  let first: Promise<Database> | undefined;
  const opened: Promise<Database>[] = [];

  const limits = limitsOf(options);
  const resolve = (url: string | undefined) => {
    const resolved = resolveTarget({ url, env: io.env, cwd: io.cwd, configuration });
    for (const warning of resolved.warnings) display.warn(warning);
    return resolved;
  };
  const direct = (name: DirectTarget['name'], url: string) => directTarget(name, () => resolve(url));
  const connectTo = async (
    url: string | undefined,
    { writes, createsEmbedded, needsSession, limitsServersOnly }: DatabaseNeeds,
  ): Promise<Database> => {
    const resolved = resolve(url);
    if (options.directUrl !== undefined && resolved.kind === 'embedded') {
      throw new UsageError('--direct-url goes with a database behind a pooler, and none is named', {
        hint: 'name it with -d, PGV_URL or DATABASE_URL',
      });
    }
    // A wrong one is told of whether it is needed or not; the variable may be meant for others.
    const given = options.directUrl === undefined ? undefined : direct('--direct-url', options.directUrl);
    const connected = await connect(resolved, {
      mayCreate: writes && createsEmbedded,
      ...(!(limitsServersOnly && resolved.kind === 'embedded') && { limits }),
    });
    if (!needsSession || !connected.isPooled) return connected;
    try {
      const variableUrl = given === undefined ? variable(io.env, 'DIRECT_URL') : undefined;
      const found = given ?? (variableUrl === undefined ? undefined : direct('DIRECT_URL', variableUrl));
      return await pastPooler(connected, found, limits);
    } catch (error) {
      await connected.close();
      throw error;
    }
  };
  const open = async (url: string | undefined, needed: DatabaseNeeds) => {
    const database = await orAbort(connectTo(url, needed), io.signal);
    if (needed.writes) note(`database: ${database.target.description}`);
    return options.verbose ? traceDatabase(database, note) : database;
  };
  const keep = (opening: Promise<Database>): Promise<Database> => {
    opened.push(opening);
    return opening;
  };

  const context: Context<Options> = {
    options,
    io,
    signal: io.signal,
    reporter: display,
    output: createOutput({
      stdout: io.stdout,
      json: options.json === true,
      style: styleFor(io.stdout, io.env, options.color),
      hideProgress: display.stop,
      note: display.note,
    }),
    table,
    tableNamed: (argument) => tableNamed(argument, options.table, table),
    database: () => {
      first ??= keep(open(options.url, needs));
      return first;
    },
    connect: (url, needed) => keep(open(url, needed)),
  };
  // A failure to open has reached the action already, as the rejection of its own call.
  const eachOpen = async (work: (database: Database) => Promise<void>) => {
    const databases = await Promise.all(opened.map((opening) => opening.catch(() => undefined)));
    await Promise.all(databases.map((database) => database && work(database)));
  };
  return {
    context,
    display,
    cancel: () => eachOpen((database) => database.cancel()),
    close: () => eachOpen((database) => database.leave()),
  };
}

/** Those that flags set. */
function limitsOf({ statementTimeout, lockTimeout }: ConnectionOptions): Partial<Limits> {
  return {
    ...(statementTimeout !== undefined && { statement: statementTimeout }),
    ...(lockTimeout !== undefined && { lock: lockTimeout }),
  };
}

function tableNamed(
  argument: string | undefined,
  flag: string | undefined,
  other: string | undefined,
): string | undefined {
  if (argument === undefined) return flag ?? other;
  if (flag === undefined || flag === argument) return argument;
  throw new UsageError(`two tables are named: ${argument}, and ${flag} with --table`, {
    hint: 'leave one of them out',
  });
}

/** The database, unless the signal comes first: then what still opens is closed as soon as it is there. */
function orAbort(connecting: Promise<Database>, signal: AbortSignal): Promise<Database> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      connecting.then((database) => database.close()).catch(() => {});
      reject(new InterruptedError());
    };
    if (signal.aborted) {
      abort();
      return;
    }
    signal.addEventListener('abort', abort, { once: true });
    connecting.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
