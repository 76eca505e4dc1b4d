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

/** @throws DatabaseError where this database has it not */
export async function requireVectorExtension(session: Session): Promise<Extension> {
  const present = await findVectorExtension(session);
  if (present !== undefined) return present;
  throw new DatabaseError('the database has no pgvector', {
    code: 'no-pgvector',
    hint: '`pgv init` creates the extension',
  });
}

/**
 * pgvector in this database, created where it is not yet. Call it outside a transaction: a lost race between two
 * creations is an error that would abort one.
 * @throws DatabaseError that says how to install the extension (src/database), or who may create it
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
  role: string;
  database: string;
  owner: string;
  trusted: boolean;
}

/** The server says that the role may not; who may is worth a question of its own. */
async function explain(session: Session, error: unknown): Promise<unknown> {
  if (!(error instanceof PgvError) || error.sqlstate !== '42501') return error;
  const { rows } = await session.query<Circumstances>(extensionCircumstances());
  const { role, database, owner, trusted } = rows[0]!;
  const who = trusted ? `${owner} (the owner of ${database}) or a superuser` : 'a superuser';
  return new DatabaseError(`role ${role} may not create the extension vector in ${database}`, {
    code: 'extension-not-allowed',
    sqlstate: error.sqlstate,
    cause: error,
    hint: `let ${who} run \`CREATE EXTENSION vector\` in ${database} once, then try again`,
  });
}
