import type { Statement } from '../database/database.ts';

/** The extension's version and schema; no row where the database has it not. */
export function findExtension(): Statement {
  return {
    text: `SELECT e.extversion AS version, n.nspname AS schema
FROM pg_catalog.pg_extension e
JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
WHERE e.extname = 'vector'`,
  };
}

export function createExtension(): Statement {
  return { text: 'CREATE EXTENSION IF NOT EXISTS vector' };
}

/** What an error about the extension has to name: the role, the database and its owner, who may create a trusted one. */
export function extensionCircumstances(): Statement {
  return {
    text: `SELECT current_user AS "role", d.datname AS "database", pg_catalog.pg_get_userbyid(d.datdba) AS "owner",
  COALESCE((SELECT bool_or(v.trusted) FROM pg_catalog.pg_available_extension_versions v WHERE v.name = 'vector'), false) AS "trusted"
FROM pg_catalog.pg_database d
WHERE d.datname = current_database()`,
  };
}
