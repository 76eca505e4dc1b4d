import type { Session } from '../database/database.ts';
import { DatabaseError, PgvError } from '../errors.ts';
import { createExtension, extensionCircumstances, findExtension } from '../sql/extension.ts';

/** pgvector as one database has it. */
export interface Extension {
  /** As `0.8.0`. */
  version: string;
  /** Where its types and operators live; a search path may lack it. */
  schema: string;
}

/** pgvector in this database, or undefined. */
export async function findVectorExtension(session: Session): Promise<Extension | undefined> {
  const { rows } = await session.query<Extension>(findExtension());
  return rows[0];
}

/**
 * pgvector in this database, created where it is not yet. Call it outside a transaction: a lost race between two
 * creations is an error that would abort one.
 * @throws DatabaseError that says how to install the extension, or who may create it
 */
export async function ensureExtension(session: Session): Promise<Extension> {
  const present = await findVectorExtension(session);
  if (present !== undefined) return present;
  try {
    await session.query(createExtension());
  } catch (error) {
    if (!isLostRace(error)) throw await explain(session, error);
  }
  // IF NOT EXISTS does not hold between two sessions: the slower one fails once the faster has committed.
  const created = await findVectorExtension(session);
  if (created === undefined) throw new DatabaseError('extension vector is not there after CREATE EXTENSION');
  return created;
}

function isLostRace(error: unknown): boolean {
  return error instanceof PgvError && (error.sqlstate === '23505' || error.sqlstate === '42710');
}

interface Circumstances {
  major: number;
  role: string;
  database: string;
  owner: string;
  trusted: boolean;
}

async function explain(session: Session, error: unknown): Promise<unknown> {
  if (!(error instanceof PgvError)) return error;
  // 0A000 since PostgreSQL 16, 58P01 before it: the extension's control file is not there.
  const missing = error.sqlstate === '0A000' || error.sqlstate === '58P01';
  const forbidden = error.sqlstate === '42501';
  if (!missing && !forbidden) return error;
  const { rows } = await session.query<Circumstances>(extensionCircumstances());
  const circumstances = rows[0];
  if (circumstances === undefined) return error;
  return missing ? notInstalled(circumstances, error) : notAllowed(circumstances, error);
}

function notInstalled({ major }: Circumstances, cause: PgvError): DatabaseError {
  return new DatabaseError(`pgvector is not installed on this PostgreSQL ${major} server`, {
    code: 'no-pgvector',
    sqlstate: cause.sqlstate,
    cause,
    hint:
      `install it there (\`apt install postgresql-${major}-pgvector\`, \`dnf install pgvector_${major}\`, ` +
      '`brew install pgvector`, or see https://github.com/pgvector/pgvector#installation), or leave the server ' +
      'out to use the embedded database',
  });
}

function notAllowed({ role, database, owner, trusted }: Circumstances, cause: PgvError): DatabaseError {
  const who = trusted ? `${owner} (the owner of ${database}) or a superuser` : 'a superuser';
  return new DatabaseError(`role ${role} may not create the extension vector in ${database}`, {
    code: 'extension-not-allowed',
    sqlstate: cause.sqlstate,
    cause,
    hint: `let ${who} run \`CREATE EXTENSION vector\` in ${database} once, then try again`,
  });
}
