import type { Statement } from '../database/database.ts';
import { quoteName } from './identifiers.ts';

/** What a role may be given on a thing of the database. */
export interface Right {
  kind: 'schema' | 'table' | 'sequence';
  /** A schema's name as it is; a table's or a sequence's quoted, and qualified where it is known. */
  name: string;
  privileges: readonly string[];
}

/** Gives a row where there is such a role. */
export function roleNamed(role: string): Statement {
  return { text: 'SELECT FROM pg_catalog.pg_roles WHERE rolname = $1', values: [role] };
}

/** What of these rights the role lacks, a row each: kind, name, privilege. */
export function missingRights(role: string, rights: readonly Right[]): Statement {
  const asked = rights.flatMap(({ kind, name, privileges }) =>
    privileges.map((privilege) => ({ kind, name, privilege })),
  );
  return {
    text: `SELECT kind, name, privilege
FROM jsonb_to_recordset($2::jsonb) AS r (kind text, name text, privilege text)
WHERE NOT CASE kind WHEN 'schema' THEN pg_catalog.has_schema_privilege($1::name, name, privilege)
  WHEN 'table' THEN pg_catalog.has_table_privilege($1::name, name, privilege)
  ELSE pg_catalog.has_sequence_privilege($1::name, name, privilege) END`,
    values: [role, JSON.stringify(asked)],
  };
}

/** @param role as it is */
export function grant({ kind, name, privileges }: Right, role: string): Statement {
  const thing = kind === 'schema' ? `SCHEMA ${quoteName(name)}` : `${kind.toUpperCase()} ${name}`;
  return { text: `GRANT ${privileges.join(', ')} ON ${thing} TO ${quoteName(role)}` };
}

/** The sequences that a table's serial columns count by, as rows: schema, name. Those of identity need no right. */
export function serialSequences(tableOid: number): Statement {
  return {
    text: `SELECT n.nspname AS schema, c.relname AS name
FROM pg_catalog.pg_depend d
JOIN pg_catalog.pg_class c ON c.oid = d.objid AND c.relkind = 'S'
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass
  AND d.refobjid = $1 AND d.deptype = 'a'
ORDER BY n.nspname, c.relname`,
    values: [tableOid],
  };
}
