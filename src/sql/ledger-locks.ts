import { quoteLiteral } from './identifiers.ts';

/**
 * Begins a transaction that may be idle as long as a load takes, without a snapshot: CREATE INDEX CONCURRENTLY would wait
 * for its end.
 */
export const beginHolding = `BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL idle_in_transaction_session_timeout = 0;
SELECT set_config(name, '0', true) FROM pg_catalog.pg_settings WHERE name = 'transaction_timeout'`;

/**
 * Takes a load until the transaction ends: no other run of the same gets it meanwhile. Gives one row: taken. Without
 * parameters, as with them a statement keeps its snapshot until the next.
 * @param key the same for the same load, whatever its table's oid will be
 */
export function lockLoad(key: string): string {
  return `SELECT pg_catalog.pg_try_advisory_xact_lock(pg_catalog.hashtext('pgv'), pg_catalog.hashtext(${quoteLiteral(key)})) AS taken`;
}

/** Gives a row for each other session that holds the load: pid, since. */
export function holdersOfLoad(key: string): string {
  return `SELECT l.pid, a.backend_start::text AS since FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a USING (pid)
WHERE l.locktype = 'advisory' AND l.granted AND l.pid <> pg_catalog.pg_backend_pid() AND l.classid = (pg_catalog.hashtext('pgv')::int8 & 4294967295)::oid
  AND l.objid = (pg_catalog.hashtext(${quoteLiteral(key)})::int8 & 4294967295)::oid AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())`;
}
