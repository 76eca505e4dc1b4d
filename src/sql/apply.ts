import type { Statement } from '../database/database.ts';
import { quoteLiteral, quoteName } from './identifiers.ts';

/** Whose new sessions have a setting: a role's in one database, or all of a database. */
export interface SettingScope {
  role?: string;
  database: string;
}

/** https://www.postgresql.org/docs/current/sql-alterrole.html and sql-alterdatabase.html. */
export function setForGood(scope: SettingScope, name: string, value: string): Statement {
  const database = quoteName(scope.database);
  const whose =
    scope.role !== undefined
      ? `ROLE ${quoteName(scope.role)} IN DATABASE ${database}`
      : `DATABASE ${database}`;
  return { text: `ALTER ${whose} SET ${name} = ${quoteLiteral(value)}` };
}

/** Who asks, and where. */
export function whereAmI(): Statement {
  return { text: 'SELECT current_user AS role, current_database() AS database' };
}

/** Roles that have settings of these names of their own, which go before their database's. */
export function rolesWithOwn(names: readonly string[]): Statement {
  return {
    text: `SELECT DISTINCT r.rolname AS role
FROM pg_catalog.pg_db_role_setting s
JOIN pg_catalog.pg_roles r ON r.oid = s.setrole
CROSS JOIN unnest(s.setconfig) AS entry
WHERE s.setdatabase IN (0, (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()))
  AND split_part(entry, '=', 1) = ANY ($1::text[])
ORDER BY r.rolname`,
    values: [names],
  };
}
