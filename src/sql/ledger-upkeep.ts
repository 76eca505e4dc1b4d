import type { Statement } from '../database/database.ts';

// What the ledger is asked, and relieved of, beside the loads.

/** Of these tables those that are there still, as rows: oid, schema, name, rowSecurity. */
export function tablesStillThere(oids: readonly number[]): Statement {
  return {
    text: `SELECT c.oid::int8 AS oid, n.nspname AS schema, c.relname AS name, pg_catalog.row_security_active(c.oid) AS "rowSecurity"
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = ANY ($1::oid[]) AND c.relkind IN ('r', 'p')`,
    values: [oids],
  };
}

/** What is left of a load, and serves nobody. */
export interface Remnant {
  loadId: string;
  /** `schema.table`; null: the ledger does not know the load. */
  table: string | null;
  /** Its staging table, quoted and qualified; null: there is none. */
  staging: string | null;
  /**
   * `forgotten`: there is a staging table of a load that the ledger does not know; `finished`: of one that is done;
   * `table-gone`: what it was loaded into is not there any more; `nameless`: of a stream without a name, so that
   * nothing can go on with what it has staged.
   */
  why: 'forgotten' | 'finished' | 'table-gone' | 'nameless';
}

/**
 * Rows of Remnant; a run may be at work on some (`lockLoad` tells). A staging table that the role could not drop does
 * not count.
 * @param loadId undefined: of all loads
 */
export function remnants(loadId?: string): Statement {
  return {
    text: `SELECT * FROM (
  SELECT coalesce(l.load_id, s.load_id) AS "loadId", l.table_name AS "table", s.staging,
    CASE WHEN l.load_id IS NULL THEN 'forgotten' WHEN t.oid IS NULL THEN 'table-gone'
      WHEN f.load_id IS NOT NULL AND s.load_id IS NOT NULL THEN 'finished'
      WHEN f.load_id IS NULL AND l.source_key IS NULL AND l.staging IS NOT NULL THEN 'nameless' END AS why
  FROM pgv.loads l
  FULL JOIN (
    SELECT substr(relname, length('staging_') + 1) AS load_id, format('%I.%I', 'pgv', relname) AS staging
    FROM pg_catalog.pg_class
    WHERE relnamespace = 'pgv'::regnamespace AND relkind = 'r' AND starts_with(relname, 'staging_')
      AND pg_catalog.pg_has_role(relowner, 'USAGE')
  ) AS s ON s.load_id = l.load_id
  LEFT JOIN pgv.finished f ON f.load_id = l.load_id
  LEFT JOIN pg_catalog.pg_class t ON t.oid = l.table_oid
) AS found
WHERE why IS NOT NULL${loadId === undefined ? '' : ' AND "loadId" = $1'} ORDER BY "loadId"`,
    values: loadId === undefined ? [] : [loadId],
  };
}

const finishedBefore =
  'SELECT load_id FROM pgv.finished WHERE finished_at < now() - make_interval(days => $1)';

/** Gives one row: count, the pieces of loads that were finished more than so many days ago. */
export function countOldPieces(days: number): Statement {
  return {
    text: `SELECT count(*) FROM pgv.pieces WHERE load_id IN (${finishedBefore})`,
    values: [days],
  };
}

/** Removes those pieces; the loads stay known as finished. */
export function deleteOldPieces(days: number): Statement {
  return {
    text: `WITH old AS (${finishedBefore}),
stored AS (DELETE FROM pgv.pieces_stored WHERE load_id IN (SELECT load_id FROM old))
DELETE FROM pgv.pieces WHERE load_id IN (SELECT load_id FROM old)`,
    values: [days],
  };
}
