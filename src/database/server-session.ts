import { UsageError } from '../errors.ts';
import type { ServerSettings } from './libpq/settings.ts';
import type { Limits } from './limits.ts';
import type { WireClient } from './server-connection.ts';
import { pinned } from './server-lane.ts';
import { type OpenServer, openServer } from './server-search.ts';

/** Where to, and what the session is to be like; crosses to other threads. */
export interface SessionSettings extends ServerSettings {
  limits: Limits;
  /** Whether the session is ours alone, pooler or not: somebody says so, or it was seen that it is. */
  isOurs: 'unknown' | 'said' | 'seen';
}

/** What is known of a session once it is set up. */
export interface SessionFacts {
  /** Between us and the server stands a pooler, which may give each transaction another session. */
  isPooled: boolean;
  /** Nothing stands between us and the backend, which is ours as long as it lives. */
  isDirect: boolean;
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
 * @throws UsageError where the session is said to be ours, and is not
 */
export async function prepareSession(settings: SessionSettings, opened: OpenServer): Promise<SessionFacts> {
  const { client } = opened;
  const timeout = `set_config('statement_timeout', '${settings.limits.statement}', false)`;
  const { rows } = await client.query<{ pid: number; version: string }>(
    `SELECT pg_backend_pid() AS pid, current_setting('server_version') AS version,
            set_config('datestyle', 'ISO', false),
            set_config('extra_float_digits', '1', false),
            CASE WHEN ${settings.isOurs === 'seen'} OR pg_backend_pid() = ${client.processID} THEN ${timeout} END`,
  );
  const { pid, version: serverVersion } = rows[0]!;
  const isDirect = pid === client.processID;
  const facts = { isPooled: false, isDirect, serverVersion };
  if (settings.isOurs === 'seen' || isDirect) return facts;
  if (settings.isOurs === 'unknown') return { ...facts, isPooled: true };
  await refuseShared(settings, opened, pid);
  await client.query(`SELECT ${timeout}`);
  return facts;
}

/** How often it is looked: what others do in between may hide, each time anew, that a session is shared. */
const looks = 12;

/**
 * Who has a session keeps its backend whatever others do. So a second client takes one for a transaction, again and
 * again: a pooler of transactions gives it the first one's, or the first one another.
 * @throws UsageError where it does
 */
async function refuseShared(settings: SessionSettings, opened: OpenServer, pid: number): Promise<void> {
  const { client: other } = await openServer(pinned(settings, opened));
  try {
    for (let look = 0; look < looks; look++) {
      await other.query('BEGIN');
      const isShared = (await backendOf(other)) === pid || (await backendOf(opened.client)) !== pid;
      await other.query('COMMIT');
      if (!isShared) continue;
      throw new UsageError('this is a pooler that gives each transaction another session', {
        code: 'no-session',
        hint: "give --direct-url (or DIRECT_URL) the server's own address, or that of a pooler of sessions",
      });
    }
  } finally {
    await other.end();
  }
}

async function backendOf(client: WireClient): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return rows[0]!.pid;
}
