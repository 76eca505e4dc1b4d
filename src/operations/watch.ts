import { connectLane } from '../database/connect.ts';
import type { Database, Statement } from '../database/database.ts';
import type { Progress, Reporter } from '../progress.ts';
import { backendPid } from '../sql/progress.ts';

/** What a statement on a progress view gives; no row while the command has not begun, or is done. */
interface ProgressRow {
  phase: string;
  done: number | null;
  total: number | null;
  rows?: number | null;
}

/** Milliseconds between two looks. */
const interval = 500;

/** A second connection to the same server, beside a first one. */
export interface Beside {
  connection: Database;
  /** The process that serves the first. */
  pid: number;
}

/** A second connection, open beside a long statement on the first. */
export interface Watch {
  /** Undefined on the embedded database, and where the server gave no second connection. */
  readonly connection: Database | undefined;
  /** No more looks; the connection stays. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Watches a long statement that `database` is about to run, on a connection of its own. Progress is a courtesy: when
 * it cannot be had, the work goes on without.
 * @param statement asks a progress view about a backend's pid
 */
export async function watch(
  database: Database,
  statement: (pid: number) => Statement,
  reporter: Reporter,
): Promise<Watch> {
  const beside = await openBeside(database);
  if (beside === undefined) return { connection: undefined, stop: async () => {}, close: async () => {} };
  const { connection } = beside;
  const stop = watchFrom(beside, statement, reporter);
  return {
    connection,
    stop,
    close: async () => {
      await stop();
      await connection.close();
    },
  };
}

/** The same on a second connection that is there already, and stays. @returns what ends it */
export function watchFrom(
  { connection, pid }: Beside,
  statement: (pid: number) => Statement,
  reporter: Reporter,
): () => Promise<void> {
  let looking: Promise<void> | undefined;
  const timer = setInterval(() => {
    looking ??= look(connection, statement(pid), reporter).finally(() => {
      looking = undefined;
    });
  }, interval);
  return async () => {
    clearInterval(timer);
    await looking;
  };
}

/** Undefined on the embedded database, where the server gives no second connection, and behind a pooler: another process may serve each statement. */
export async function openBeside(database: Database): Promise<Beside | undefined> {
  if (database.target.kind === 'embedded' || database.isPooled) return undefined;
  const { rows } = await database.query<{ pid: number }>(backendPid());
  const { address } = await database.lane();
  try {
    return { connection: await connectLane(address), pid: rows[0]!.pid };
  } catch {
    return undefined;
  }
}

async function look(connection: Database, statement: Statement, reporter: Reporter): Promise<void> {
  try {
    const { rows } = await connection.query<ProgressRow>(statement);
    const row = rows[0];
    if (row === undefined) return;
    const progress: Progress = { phase: row.phase };
    if (row.rows) progress.rows = row.rows;
    if (row.total !== null && row.total > 0) {
      progress.total = row.total;
      progress.done = row.done ?? 0;
    }
    reporter.progress(progress);
  } catch {
    // The statement itself will tell what is wrong with the server.
  }
}
