import { PgvError, UsageError } from '../errors.ts';
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

/** The way past a pooler, by the name that people gave it. */
export interface DirectTarget {
  name: '--direct-url' | 'DIRECT_URL';
  resolved: ResolvedTarget & { kind: 'server' };
}

/** @throws UsageError, which says whose fault it is, where there is no server by that name, or it cannot be read */
export function directTarget(name: DirectTarget['name'], resolve: () => ResolvedTarget): DirectTarget {
  let resolved: ResolvedTarget;
  try {
    resolved = resolve();
  } catch (error) {
    throw saidOf(name, error);
  }
  if (resolved.kind === 'server') return { name, resolved };
  throw new UsageError(`${name} leads to an embedded database, which is behind no pooler`, {
    hint: "give it the server's own address",
  });
}

/** The error, with the name that led there. */
function saidOf(name: DirectTarget['name'], error: unknown): unknown {
  return error instanceof PgvError ? error.withMessage(`${name}: ${error.message}`) : error;
}

/**
 * A connection with a session to itself: the one that there is where no pooler is in its way, else one by the direct
 * URL, and the one that there was is closed.
 * @param direct undefined: there is no such URL
 * @throws UsageError where there is none, or it leads elsewhere
 */
export async function pastPooler(
  database: Database,
  direct: DirectTarget | undefined,
  limits: Partial<Limits>,
): Promise<Database> {
  if (!database.isPooled) return database;
  if (direct === undefined) requireSession(database);
  const { name, resolved } = direct!;
  const past = await connect(resolved, { mayCreate: false, limits, isDirect: true }).catch(
    (error: unknown) => {
      throw saidOf(name, error);
    },
  );
  try {
    await requireSame(past, database, name);
  } catch (error) {
    await past.close().catch(() => {});
    throw error;
  }
  await database.close();
  return past;
}

async function requireSame(past: Database, database: Database, name: DirectTarget['name']): Promise<void> {
  if ((await identityOf(past)) === (await identityOf(database))) return;
  throw new UsageError(`${name} leads to another database than the pooler does: ${past.target.description}`, {
    code: 'other-database',
    hint: 'give --direct-url (or DIRECT_URL) the server that is behind the pooler',
  });
}

/** What two connections to one database have in common, whatever their settings, and those to two have not. */
async function identityOf(database: Database): Promise<string> {
  const { rows } = await database.query<{ identity: string }>(
    `SELECT oid || ' since ' || extract(epoch FROM pg_catalog.pg_postmaster_start_time()) AS identity
FROM pg_catalog.pg_database WHERE datname = current_database()`,
  );
  return rows[0]!.identity;
}
