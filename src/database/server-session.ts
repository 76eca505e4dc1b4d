import { UsageError } from '../errors.ts';
import type { ServerSettings } from './libpq/settings.ts';
import type { Limits } from './limits.ts';
import type { WireClient } from './server-connection.ts';
import { pinned } from './server-lane.ts';
import { type OpenServer, openServer } from './server-search.ts';

/** Where to, and what the session is to be like; crosses to other threads. */
export interface SessionSettings extends ServerSettings {
  limits: Limits;
  /** Somebody says that the session is ours alone, pooler or not. */
  isDirect: boolean;
}

/** What is known of a session once it is set up. */
export interface SessionFacts {
  /** Between us and the server stands a pooler, which may give each transaction another session. */
  isPooled: boolean;
  /** As the server tells it: `17.5 (Debian 17.5-1)`. */
  serverVersion: string;
}

/**
 * Sets what the text of values depends on, whatever the role's own defaults: ISO dates (their order of day and
 * month is left), shortest exact floats; and statement_timeout, which is lifted by default, since loads and
 * index builds take as long as they take. All in one round trip, by SET and not in the startup packet, because
 * poolers refuse most parameters there.
 *
 * A pooler is told by the backend's pid: the pooler made up the one that came with the session's start. Behind
 * it statement_timeout is left, as it would stay set for others; a transaction sets it for itself.
 */
export async function prepareSession(settings: SessionSettings, opened: OpenServer): Promise<SessionFacts> {
  const { client } = opened;
  const timeout = `set_config('statement_timeout', '${settings.limits.statement}', false)`;
  const { rows } = await client.query<{ pid: number; version: string }>(
    `SELECT pg_backend_pid() AS pid, current_setting('server_version') AS version,
            set_config('datestyle', 'ISO', false),
            set_config('extra_float_digits', '1', false),
            CASE WHEN pg_backend_pid() = ${client.processID} THEN ${timeout} END`,
  );
  const { pid, version: serverVersion } = rows[0]!;
  if (pid === client.processID) return { isPooled: false, serverVersion };
  if (!settings.isDirect) return { isPooled: true, serverVersion };
  await refuseShared(pinned(settings, opened), pid);
  await client.query(`SELECT ${timeout}`);
  return { isPooled: false, serverVersion };
}

/**
 * A pooler that keeps a session for each client never serves two that are there at once with the same backend.
 * @throws UsageError where it does
 */
async function refuseShared(settings: ServerSettings, pid: number): Promise<void> {
  const { client } = await openServer(settings);
  const other = await backendOf(client).finally(() => client.end());
  if (other !== pid) return;
  throw new UsageError('--direct-url leads to a pooler that gives each transaction another session', {
    code: 'no-session',
    hint: "give --direct-url (or DIRECT_URL) the server's own address, or that of a pooler of sessions",
  });
}

async function backendOf(client: WireClient): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return rows[0]!.pid;
}
