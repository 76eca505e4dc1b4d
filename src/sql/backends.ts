import type { Statement } from '../database/database.ts';

/** A transaction's. */
export interface Backend {
  pid: number;
  /** A moment in the transaction, by the server's clock: whoever has the pid in one begun since is another. */
  at: string;
}

/**
 * Directly connected, the backend is ours whatever it does: it may have begun the next transaction. Behind a pooler it
 * lives on and serves others: only the transaction of that moment, or one before, is ours.
 */
function isTheOne(isDirect: boolean): string {
  return `pid = $1 AND backend_start <= $2::timestamptz AND usename = current_user AND pid <> pg_backend_pid()${
    isDirect ? '' : ' AND xact_start <= $2::timestamptz'
  }`;
}

/** Gives a row where the backend, or that transaction, was still there to be ended. */
export function terminateBackend({ pid, at }: Backend, isDirect: boolean): Statement {
  return {
    text: `SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE ${isTheOne(isDirect)}`,
    values: [pid, at],
  };
}

/** Gives a row as long as it is. */
export function backendIsThere({ pid, at }: Backend, isDirect: boolean): Statement {
  return {
    text: `SELECT pid FROM pg_catalog.pg_stat_activity WHERE ${isTheOne(isDirect)}`,
    values: [pid, at],
  };
}

/** Gives a row as long as the backend is there: waitsForUs, whether it waits for its client to send something, or to take it. */
export function backendActivity({ pid }: Pick<Backend, 'pid'>): Statement {
  return {
    text: `SELECT coalesce(wait_event_type = 'Client' AND wait_event IN ('ClientRead', 'ClientWrite'), false) AS "waitsForUs"
FROM pg_catalog.pg_stat_activity WHERE pid = $1`,
    values: [pid],
  };
}

/** Gives one row: pid and at, the backend at work and the server's time. */
export function whoAmI(): Statement {
  return { text: 'SELECT pg_catalog.pg_backend_pid() AS pid, pg_catalog.clock_timestamp()::text AS at' };
}
