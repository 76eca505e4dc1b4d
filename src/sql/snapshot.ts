import type { Statement } from '../database/database.ts';
import { quoteLiteral } from './identifiers.ts';

/** Must come before any query of the transaction. */
export const readOneMoment = 'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY';

/** Keeps the table from being altered or dropped, and holds up nobody who reads or writes. @param table quoted */
export function lockForReading(table: string, wait: 'wait' | 'nowait'): string {
  return `LOCK TABLE ${table} IN ACCESS SHARE MODE${wait === 'nowait' ? ' NOWAIT' : ''}`;
}

/** Gives one row: snapshot, by which other transactions see the same moment for as long as this one lasts. */
export const exportSnapshot = 'SELECT pg_catalog.pg_export_snapshot() AS snapshot';

/** Must come before any query of the transaction. */
export function importSnapshot(snapshot: string): string {
  return `SET TRANSACTION SNAPSHOT ${quoteLiteral(snapshot)}`;
}

/**
 * For this transaction alone, as behind a pooler the session is not ours: what the text of values depends on, no limit but
 * the user's for statements. Gives rows, each alike: pid and at, the backend at work and the server's time.
 */
export function settleTransaction(statementLimit: number): string {
  return `SELECT pg_catalog.set_config(name, value, true), pg_catalog.pg_backend_pid() AS pid,
  pg_catalog.clock_timestamp()::text AS at
FROM (VALUES ('DateStyle', 'ISO'), ('extra_float_digits', '1'), ('statement_timeout', '${statementLimit}'),
  ('idle_in_transaction_session_timeout', '0'), ('transaction_timeout', '0')) AS wanted (name, value)
JOIN pg_catalog.pg_settings USING (name)`;
}

/**
 * For this transaction alone: a scan of a table gives its rows as they are stored, not as several processes have them
 * ready, nor from where another session's scan is.
 */
export const inTheOrderStored = `SELECT pg_catalog.set_config('max_parallel_workers_per_gather', '0', true),
  pg_catalog.set_config('synchronize_seqscans', 'off', true)`;

/** A table that holds rows itself, and how they can be read. */
export interface LeafTable {
  schema: string;
  name: string;
  /** pg_class.relkind: r, m, f. */
  kind: string;
  /** Of the heap, in PostgreSQL's own layout, of all sessions: its blocks can be read one by one. */
  isPlain: boolean;
  /** The role may read it by its own name, and no policies of its own stand in the way. */
  isReadable: boolean;
  /** Of its main fork. */
  blocks: number;
  /** With what is stored out of line. */
  bytes: number;
}

/**
 * The tables that hold a table's rows: itself, its partitions, the tables that inherit from it; and whether it is one of
 * Citus's, whose rows are elsewhere.
 */
export function leafTables(oid: number): Statement {
  return {
    text: `WITH RECURSIVE family AS (
  SELECT $1::oid AS oid
  UNION
  SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN family f ON i.inhparent = f.oid
)
SELECT n.nspname AS schema, c.relname AS name, c.relkind AS kind,
  COALESCE(m.amname = 'heap', false) AND c.relpersistence <> 't' AND to_regclass('pg_catalog.pg_dist_partition') IS NULL AS "isPlain",
  pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
    AND (c.oid = $1 OR NOT pg_catalog.row_security_active(c.oid)) AS "isReadable",
  CASE WHEN c.relkind IN ('r', 'm') THEN pg_catalog.pg_relation_size(c.oid) / current_setting('block_size')::int8 ELSE 0 END AS blocks,
  CASE WHEN c.relkind IN ('r', 'm') THEN pg_catalog.pg_table_size(c.oid) ELSE 0 END AS bytes
FROM family f
JOIN pg_catalog.pg_class c ON c.oid = f.oid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_am m ON m.oid = c.relam
WHERE c.relkind <> 'p'
ORDER BY n.nspname, c.relname`,
    values: [oid],
  };
}

/** Gives one row: version, as a number (170002). */
export const serverVersionNumber = `SELECT current_setting('server_version_num')::int AS version`;
