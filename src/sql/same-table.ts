import type { Statement } from '../database/database.ts';

/**
 * Gives one row: server, the same for two connections to one server, and for no two servers, not even a server and one
 * that was restored from its backup; database, on that server.
 */
export const whichDatabase = `SELECT extract(epoch FROM pg_catalog.pg_postmaster_start_time())::text AS server, oid::int8 AS database
FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()`;

/** Gives one row: related, whether one table is the other, or below it. */
export function areRelated(one: number, other: number): Statement {
  return {
    text: `WITH RECURSIVE family AS (
  SELECT oid, oid AS root FROM (VALUES ($1::oid), ($2::oid)) AS t (oid)
  UNION
  SELECT i.inhrelid, f.root FROM pg_catalog.pg_inherits i JOIN family f ON i.inhparent = f.oid
)
SELECT EXISTS (SELECT FROM family WHERE oid = $2 AND root = $1 OR oid = $1 AND root = $2) AS related`,
    values: [one, other],
  };
}
