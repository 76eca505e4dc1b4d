import type { Statement } from '../database/database.ts';

/**
 * Empties a table, its partitions and the tables that inherit from it, within a transaction, which gives it back as
 * it was where it fails. Nobody else reads or writes the table from here to the transaction's end. Readers that come
 * after it see the rows that the transaction has stored; one whose snapshot is older (REPEATABLE READ) sees no rows
 * at all. https://www.postgresql.org/docs/current/sql-truncate.html, https://www.postgresql.org/docs/current/mvcc-caveats.html
 * @param table quoted and qualified
 * @param lockTimeout milliseconds to wait to have it alone
 */
export function truncate(table: string, lockTimeout: number): string {
  return `SET LOCAL lock_timeout = ${lockTimeout}; TRUNCATE ${table}; SET LOCAL lock_timeout TO DEFAULT`;
}

/**
 * What stands in the way of emptying a table. Gives one row: allowed, whether the role may; referencing, the tables
 * beside it and its partitions that have foreign keys on them, as SQL names them.
 */
export function truncateObstacles(tableOid: number): Statement {
  return {
    text: `WITH emptied AS (
  SELECT $1::oid AS oid UNION SELECT relid FROM pg_catalog.pg_partition_tree($1::oid::regclass)
)
SELECT pg_catalog.has_table_privilege($1::oid, 'TRUNCATE') AS allowed,
  ARRAY(
    SELECT DISTINCT coalesce(parent.conrelid, f.conrelid)::regclass::text
    FROM pg_catalog.pg_constraint f LEFT JOIN pg_catalog.pg_constraint parent ON parent.oid = f.conparentid
    WHERE f.contype = 'f' AND f.confrelid IN (SELECT oid FROM emptied) AND f.conrelid NOT IN (SELECT oid FROM emptied)
    ORDER BY 1
  ) AS referencing`,
    values: [tableOid],
  };
}
