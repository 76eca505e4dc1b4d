import type { Statement } from '../database/database.ts';
import { quoteLiteral, quoteName, quoteQualified } from './identifiers.ts';

/**
 * What decides how an index of a table is built. Gives one row: workers (max_parallel_maintenance_workers), small
 * (PostgreSQL starts none for a table of its size), tableWorkers (its own parallel_workers; null: not set), temporary,
 * hidesNotices (this session is not told of any), and limitsWaits (lock_timeout is set).
 */
export function buildCircumstances(tableOid: number): Statement {
  return {
    text: `SELECT current_setting('max_parallel_maintenance_workers')::int4 AS workers, c.relpersistence = 't' AS temporary,
  c.relkind <> 'p' AND pg_catalog.pg_relation_size(c.oid) < pg_size_bytes(current_setting('min_parallel_table_scan_size')) AS small,
  current_setting('client_min_messages') IN ('warning', 'error') AS "hidesNotices",
  current_setting('lock_timeout') <> '0' AS "limitsWaits",
  (SELECT split_part(option, '=', 2)::int4 FROM unnest(c.reloptions) AS option WHERE option LIKE 'parallel_workers=%') AS "tableWorkers"
FROM pg_catalog.pg_class c
WHERE c.oid = $1`,
    values: [tableOid],
  };
}

/**
 * Rows of a table with its partitions in which the column is not NULL, as the planner reckons them: what the last
 * ANALYZE found, for as many pages as there are now. Gives one row: rows; null where nobody has counted.
 */
export function estimateVectors(tableOid: number, column: string): Statement {
  return {
    text: `SELECT CASE WHEN bool_and(c.relpages > 0 AND c.reltuples >= 0) THEN
  sum(c.reltuples::float8 / nullif(c.relpages, 0) * (pg_catalog.pg_relation_size(c.oid) / current_setting('block_size')::int4) * (1 - coalesce(s.null_frac, 0)))::int8
END AS rows
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_stats s ON s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = $2 AND NOT s.inherited
WHERE c.relkind <> 'p' AND (c.oid = $1 OR c.oid IN (SELECT relid FROM pg_catalog.pg_partition_tree($1::oid::regclass)))`,
    values: [tableOid, column],
  };
}

/** Gives one row: enough, whether so many rows have a vector. @param where the user's own SQL */
export function atLeast(
  table: { schema: string; name: string },
  column: string,
  rows: number,
  where: string | undefined,
): Statement {
  const condition = where === undefined ? '' : ` AND (\n${where}\n)`;
  return {
    text: `SELECT count(*) >= $1 AS enough FROM (
  SELECT FROM ${quoteQualified(table.schema, table.name)} WHERE ${quoteName(column)} IS NOT NULL${condition} LIMIT $1
) AS sample`,
    values: [rows],
  };
}

/**
 * Elements that are not zero in a sparse vector, on average over a thousand rows. Gives one row: elements; null where
 * there is none. What sparsevec_send gives is 12 bytes and 8 an element.
 * @param extensionSchema that holds pgvector
 */
export function averageElements(
  table: { schema: string; name: string },
  column: string,
  extensionSchema: string,
): Statement {
  const name = quoteName(column);
  return {
    text: `SELECT avg((octet_length(${quoteQualified(extensionSchema, 'sparsevec_send')}(${name})) - 12) / 8.0)::float8 AS elements
FROM (SELECT ${name} FROM ${quoteQualified(table.schema, table.name)} WHERE ${name} IS NOT NULL LIMIT 1000) AS sample`,
  };
}

/**
 * Takes the turn to build indexes on a table until the transaction ends. Gives one row: taken. To be asked again and
 * again: CREATE INDEX CONCURRENTLY would wait for a session that waits for the lock, and has a snapshot meanwhile. Without
 * parameters: a statement that has some keeps its snapshot in a transaction until the next one.
 */
export function takeBuildTurn(tableOid: number): Statement {
  const key = `indexes of ${tableOid}`;
  return {
    text: `SELECT pg_catalog.pg_try_advisory_xact_lock(pg_catalog.hashtext('pgv'), pg_catalog.hashtext(${quoteLiteral(key)})) AS taken`,
  };
}

/** A partition that holds rows. */
export interface PartitionRow {
  oid: number;
  schema: string;
  name: string;
  /** Its name alone finds it. */
  visible: boolean;
}

/** The partitions of a table, on whatever level, that can be indexed: no foreign ones. */
export function partitionsOf(tableOid: number): Statement {
  return {
    text: `SELECT c.oid, n.nspname AS schema, c.relname AS name, pg_catalog.pg_table_is_visible(c.oid) AS visible
FROM pg_catalog.pg_partition_tree($1::oid::regclass) t
JOIN pg_catalog.pg_class c ON c.oid = t.relid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r'
ORDER BY n.nspname, c.relname`,
    values: [tableOid],
  };
}

/** Which of these indexes are parts of a partitioned one. Gives rows: index. */
export function parentsOfIndexes(indexOids: readonly number[]): Statement {
  return {
    text: `SELECT inhrelid AS index
FROM pg_catalog.pg_inherits WHERE inhrelid = ANY ($1::int8[]::oid[])`,
    values: [indexOids],
  };
}
