import { loadConfiguration } from '../src/database/configuration.ts';
import type { Database } from '../src/database/database.ts';
import { variable } from '../src/environment.ts';
import { UsageError } from '../src/errors.ts';
import type { Reporter } from '../src/progress.ts';
import { Connections, type DatabaseNeeds } from './connections.ts';
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
  const connections = new Connections(io, options, configuration, display.warn);
  const open = async (url: string | undefined, needed: DatabaseNeeds) => {
    const database = await connections.open(url, needed);
    if (needed.writes) note(`database: ${database.target.description}`);
    return options.verbose ? traceDatabase(database, note) : database;
  };
  let first: Promise<Database> | undefined;

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
      first ??= open(options.url, needs);
      return first;
    },
    connect: open,
  };
  return {
    context,
    display,
    cancel: () => connections.cancel(),
    close: () => connections.leave(),
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
