import type { Session } from '../database/database.ts';
import { serverFacts } from '../sql/manifest.ts';
import { findVectorExtension } from './extension.ts';

/** What answers: `PostgreSQL 17.11, pgvector 0.8.0`. */
export async function serverVersions(session: Session): Promise<string> {
  const { rows } = await session.query<{ postgresql: string }>(serverFacts());
  // Distributors add their own after a space.
  const postgresql = `PostgreSQL ${rows[0]!.postgresql.split(' ')[0]}`;
  const extension = await findVectorExtension(session);
  return extension === undefined ? postgresql : `${postgresql}, pgvector ${extension.version}`;
}
