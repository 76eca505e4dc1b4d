import type { Statement } from '../database/database.ts';

/** `session 4711 of alice (psql), idle in transaction for 312 s`, as far as the role may know. */
const described = `'session ' || a.pid || coalesce(' of ' || a.usename, '') || coalesce(' (' || nullif(a.application_name, '') || ')', '')
  || coalesce(', ' || a.state, '')
  || coalesce(' for ' || round(extract(epoch FROM pg_catalog.clock_timestamp() - a.xact_start)) || ' s', '')`;

/** Of a row `l` of pg_locks: whether it is had, on one of the relations $1 or a partition of it. */
const heldOnParts = `l.granted AND l.relation IN (
    -- pg_partition_tree would wait for what they hold.
    WITH RECURSIVE part AS (
      SELECT o.oid FROM unnest($1::int8[]::oid[]) AS o (oid)
      UNION ALL SELECT h.inhrelid FROM part JOIN pg_catalog.pg_inherits h ON h.inhparent = part.oid
    )
    SELECT part.oid FROM part
  )
    AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database())`;

/** The other sessions that have locks on these relations or partitions of them, the longest first. Gives rows: holder. */
export function lockHolders(oids: readonly number[]): Statement {
  return {
    text: `SELECT ${described} AS holder
FROM pg_catalog.pg_stat_activity a
WHERE a.pid <> pg_catalog.pg_backend_pid() AND a.pid IN (
  SELECT l.pid FROM pg_catalog.pg_locks l
  WHERE ${heldOnParts}
)
ORDER BY a.xact_start NULLS LAST, a.pid`,
    values: [oids],
  };
}

/**
 * The other sessions that may be building or dropping an index of this table, or of a partition of it, CONCURRENTLY:
 * those with the lock that such work keeps throughout, less VACUUM and ANALYZE, which nobody's snapshot holds up. Gives
 * rows: holder.
 * https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES
 */
export function concurrentWorkers(oid: number): Statement {
  return {
    text: `SELECT ${described} AS holder
FROM pg_catalog.pg_stat_activity a
WHERE a.pid <> pg_catalog.pg_backend_pid() AND a.pid IN (
  SELECT l.pid FROM pg_catalog.pg_locks l
  WHERE l.mode = 'ShareUpdateExclusiveLock' AND ${heldOnParts}
  EXCEPT SELECT v.pid FROM pg_catalog.pg_stat_progress_vacuum v
  EXCEPT SELECT n.pid FROM pg_catalog.pg_stat_progress_analyze n
)
ORDER BY a.xact_start NULLS LAST, a.pid`,
    values: [[oid]],
  };
}

/** What a backend waits for, as a progress view would say it: phase; no row while it does not wait for another. */
export function lockWait(pid: number): Statement {
  return {
    text: `SELECT 'waiting for ' || ${described} AS phase, NULL::int8 AS done, NULL::int8 AS total
FROM pg_catalog.pg_stat_activity a
WHERE a.pid = ANY (pg_catalog.pg_blocking_pids($1))
ORDER BY a.xact_start NULLS LAST, a.pid`,
    values: [pid],
  };
}
