import type { WireClient } from './server-connection.ts';

/** What is known of a session once it is set up. */
export interface SessionFacts {
  /** Between us and the server stands a pooler, which may give each transaction another session. */
  isPooled: boolean;
  /** As the server tells it: `17.5 (Debian 17.5-1)`. */
  serverVersion: string;
}

/**
 * Sets what the text of values depends on, whatever the role's own defaults: ISO dates (their order of day and
 * month is left), shortest exact floats; and lifts statement_timeout, since loads and
 * index builds take as long as they take. All in one round trip, by SET and not in the startup packet, because
 * poolers refuse most parameters there.
 *
 * A pooler is told by the backend's pid: the pooler made up the one that came with the session's start. Behind
 * it statement_timeout is left, as it would stay set for others; a transaction sets it for itself.
 */
export async function prepareSession(client: WireClient): Promise<SessionFacts> {
  const isOwnBackend = `pg_backend_pid() = ${client.processID}`;
  const { rows } = await client.query<{ own: boolean; version: string }>(
    `SELECT ${isOwnBackend} AS own, current_setting('server_version') AS version,
            set_config('datestyle', 'ISO', false),
            set_config('extra_float_digits', '1', false),
            CASE WHEN ${isOwnBackend} THEN set_config('statement_timeout', '0', false) END`,
  );
  const { own, version } = rows[0]!;
  return { isPooled: !own, serverVersion: version };
}
