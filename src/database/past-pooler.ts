import { UsageError } from '../errors.ts';
import { connect } from './connect.ts';
import type { Database } from './database.ts';
import type { Limits } from './limits.ts';
import type { ResolvedTarget } from './resolve.ts';

/** @throws UsageError where each transaction may have another session */
export function requireSession(database: Database): void {
  if (!database.isPooled) return;
  throw new UsageError(
    'the connection goes through a pooler, and this needs a session of the server to itself',
    {
      code: 'no-session',
      hint: "name the server's own address with --direct-url or DIRECT_URL; a pooler that keeps sessions can be named there too",
    },
  );
}

/**
 * A connection with a session to itself: the one that there is where no pooler is in its way, else one by the direct
 * URL, and the one that there was is closed.
 * @param direct undefined: there is no such URL
 * @throws UsageError where there is none, or it leads elsewhere
 */
export async function pastPooler(
  database: Database,
  direct: ResolvedTarget | undefined,
  limits: Partial<Limits>,
): Promise<Database> {
  if (!database.isPooled) return database;
  if (direct === undefined) requireSession(database);
  const past = await connect(direct!, { mayCreate: false, limits, isDirect: true });
  try {
    await requireSame(past, database);
  } catch (error) {
    await past.close().catch(() => {});
    throw error;
  }
  await database.close();
  return past;
}

async function requireSame(past: Database, database: Database): Promise<void> {
  if ((await identityOf(past)) === (await identityOf(database))) return;
  throw new UsageError(
    `--direct-url leads to another database than the pooler does: ${past.target.description}`,
    {
      code: 'other-database',
      hint: 'give --direct-url (or DIRECT_URL) the server that is behind the pooler',
    },
  );
}

/** What two connections to one database have in common, whatever their settings, and those to two have not. */
async function identityOf(database: Database): Promise<string> {
  const { rows } = await database.query<{ identity: string }>(
    `SELECT oid || ' since ' || extract(epoch FROM pg_catalog.pg_postmaster_start_time()) AS identity
FROM pg_catalog.pg_database WHERE datname = current_database()`,
  );
  return rows[0]!.identity;
}
