import type { Statement } from '../database/database.ts';

interface Backend {
  pid: number;
  /** A moment when it was there already: whoever has the pid since is another. */
  at: string;
}

const isTheOne = `pid = $1 AND backend_start <= $2::timestamptz AND usename = current_user AND pid <> pg_backend_pid()`;

/** Gives a row where there was something to end. */
export function terminateBackend({ pid, at }: Backend): Statement {
  return {
    text: `SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE ${isTheOne}`,
    values: [pid, at],
  };
}

/** Gives a row as long as it is there. */
export function backendIsThere({ pid, at }: Backend): Statement {
  return { text: `SELECT pid FROM pg_catalog.pg_stat_activity WHERE ${isTheOne}`, values: [pid, at] };
}

/** Gives a row as long as the backend is there: waitsForUs, whether it waits for its client to send something. */
export function backendActivity(pid: number): Statement {
  return {
    text: `SELECT coalesce(wait_event_type = 'Client' AND wait_event = 'ClientRead', false) AS "waitsForUs"
FROM pg_catalog.pg_stat_activity WHERE pid = $1`,
    values: [pid],
  };
}
