import type { Database } from '../../database/database.ts';
import { DatabaseError } from '../../errors.ts';
import { mayVacuum } from '../../sql/maintenance.ts';

/** @param table `name` as commands take it @throws DatabaseError where the role may vacuum no part of it */
export async function requireMayVacuum(
  database: Database,
  { oid, name }: { oid: number; name: string },
): Promise<void> {
  const { rows } = await database.query<{ may: boolean }>(mayVacuum(oid));
  if (!rows[0]!.may) throw notAllowed(name);
}

export function notAllowed(name: string): DatabaseError {
  return new DatabaseError(`${name} was not vacuumed: the role may not`, {
    code: 'not-allowed',
    sqlstate: '42501',
    hint: `its owner may, or a role with GRANT MAINTAIN ON ${name} (PostgreSQL 17)`,
  });
}
