import type { Statement } from '../database/database.ts';
import { quoteQualified } from './identifiers.ts';

export interface VacuumOptions {
  /** Rewrites the table, which nobody can use meanwhile. */
  full?: boolean | undefined;
  /** Workers for the indexes. */
  parallel?: number | undefined;
  /** Leaves a table alone that another session has locked. */
  skipLocked?: boolean | undefined;
}

/** https://www.postgresql.org/docs/current/sql-vacuum.html */
export function vacuum(table: { schema: string; name: string }, options: VacuumOptions): Statement {
  const words = ['ANALYZE'];
  if (options.full) words.push('FULL');
  if (options.parallel !== undefined) words.push(`PARALLEL ${options.parallel}`);
  if (options.skipLocked) words.push('SKIP_LOCKED');
  return { text: `VACUUM (${words.join(', ')}) ${quoteQualified(table.schema, table.name)}` };
}

/** Whether the role may vacuum a table, or a part of it, as its owner or the database's; since PostgreSQL 17, with MAINTAIN. */
export function mayVacuum(oid: number): Statement {
  return {
    text: `SELECT bool_or(pg_catalog.pg_has_role(c.relowner, 'USAGE') OR pg_catalog.pg_has_role(d.datdba, 'USAGE')
  OR CASE WHEN current_setting('server_version_num')::int4 >= 170000
    THEN pg_catalog.has_table_privilege(c.oid, 'MAINTAIN') ELSE false END) AS may
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_database d ON d.datname = current_database()
WHERE c.oid = $1 OR c.oid IN (SELECT relid FROM pg_catalog.pg_partition_tree($1::oid::regclass))`,
    values: [oid],
  };
}

/** https://www.postgresql.org/docs/current/sql-analyze.html */
export function analyze(table: { schema?: string | undefined; name: string }): Statement {
  return { text: `ANALYZE ${quoteQualified(table.schema, table.name)}` };
}

/**
 * A table with all its partitions: rows as counted since the counters began (null: not yet, they start again with an
 * embedded database, and after a server's crash), bytes in all, of its own pages, of its indexes and of what is stored out
 * of line (TOAST), and how often it has been analysed (null where the server does not count), which tells whether a VACUUM that raised no error did anything.
 * `late`: a collector writes the counters down twice a second, as it did before PostgreSQL 15.
 */
export function tableCondition(oid: number): Statement {
  return {
    text: `SELECT CASE WHEN counted THEN live END AS rows, CASE WHEN counted THEN dead END AS "deadRows",
  bytes, bytes - "indexBytes" - "toastBytes" AS "tableBytes", "indexBytes", "toastBytes", analyzed,
  current_setting('server_version_num')::int4 < 150000 AS late
FROM (
  SELECT live, dead, bytes, "indexBytes", "toastBytes", live > 0 OR dead > 0 OR estimated <= 0 AS counted,
    CASE WHEN current_setting('track_counts')::bool THEN analyzed END AS analyzed
  FROM (
    SELECT sum(pg_catalog.pg_stat_get_live_tuples(c.oid))::int8 AS live,
      sum(pg_catalog.pg_stat_get_dead_tuples(c.oid))::int8 AS dead,
      sum(pg_catalog.pg_total_relation_size(c.oid))::int8 AS bytes,
      sum(pg_catalog.pg_indexes_size(c.oid))::int8 AS "indexBytes",
      sum(CASE WHEN c.reltoastrelid <> 0 THEN pg_catalog.pg_total_relation_size(c.reltoastrelid) ELSE 0 END)::int8 AS "toastBytes",
      sum(pg_catalog.pg_stat_get_analyze_count(c.oid))::int8 AS analyzed,
      sum(c.reltuples) FILTER (WHERE c.relkind <> 'p') AS estimated
    FROM pg_catalog.pg_class c
    WHERE c.oid = $1 OR c.oid IN (SELECT relid FROM pg_catalog.pg_partition_tree($1::oid::regclass))
  ) AS sums
) AS known`,
    values: [oid],
  };
}

/** What autovacuum goes by, of a table or of one of a partitioned table's parts. */
export interface VacuumFigures {
  schema: string;
  table: string;
  /** Whether the counters know of its rows. */
  counted: boolean;
  liveRows: number;
  deadRows: number;
  /** Dead rows beyond which autovacuum vacuums. */
  deadLimit: number;
  /** Rows inserted, changed or deleted since the last ANALYZE. */
  changedRows: number;
  /** Changed rows beyond which autovacuum analyses. */
  changedLimit: number;
  /** Whether anybody has ever analysed or vacuumed it. */
  analyzed: boolean;
  /** Rows when it was last analysed or vacuumed, and how many its pages now would hold if they were as full as then. */
  rowsThen: number;
  roomNow: number;
}

/**
 * The parts of a table that hold rows, itself where it is not partitioned, as rows of VacuumFigures, with the table's own
 * settings where it has them.
 * https://www.postgresql.org/docs/current/routine-vacuuming.html#AUTOVACUUM
 */
export function vacuumFigures(oid: number): Statement {
  const setting = (name: string) => `coalesce(
    (SELECT o.option_value FROM pg_catalog.pg_options_to_table(c.reloptions) o WHERE o.option_name = '${name}'),
    current_setting('${name}', true)
  )::float8`;
  const rows = 'greatest(c.reltuples, 0)::float8';
  return {
    text: `SELECT n.nspname AS schema, c.relname AS table, c.reltuples >= 0 AS analyzed,
  pg_catalog.pg_stat_get_live_tuples(c.oid) > 0 OR pg_catalog.pg_stat_get_dead_tuples(c.oid) > 0 OR c.reltuples <= 0 AS counted,
  pg_catalog.pg_stat_get_live_tuples(c.oid) AS "liveRows", pg_catalog.pg_stat_get_dead_tuples(c.oid) AS "deadRows",
  ${rows} AS "rowsThen",
  CASE WHEN c.relpages > 0 THEN round(${rows} / c.relpages * (pg_catalog.pg_relation_size(c.oid) / current_setting('block_size')::int4)) ELSE 0 END AS "roomNow",
  least(
    ${setting('autovacuum_vacuum_threshold')} + ${setting('autovacuum_vacuum_scale_factor')} * ${rows},
    nullif(${setting('autovacuum_vacuum_max_threshold')}, -1)
  ) AS "deadLimit",
  pg_catalog.pg_stat_get_mod_since_analyze(c.oid) AS "changedRows",
  ${setting('autovacuum_analyze_threshold')} + ${setting('autovacuum_analyze_scale_factor')} * ${rows} AS "changedLimit"
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind <> 'p' AND (c.oid = $1 OR c.oid IN (SELECT relid FROM pg_catalog.pg_partition_tree($1::oid::regclass)))
ORDER BY c.relname`,
    values: [oid],
  };
}

/**
 * Gives one row: due, whether that many changed rows are more than what makes autovacuum analyse a table, or nobody has
 * analysed it yet; a partitioned table, which autovacuum never does, with its partitions.
 * https://www.postgresql.org/docs/current/routine-vacuuming.html#VACUUM-FOR-STATISTICS
 */
export function analyzeIsDue(oid: number, changedRows: number): Statement {
  return {
    text: `SELECT bool_or(c.reltuples < 0)
    OR $2::float8 > current_setting('autovacuum_analyze_threshold')::float8
      + current_setting('autovacuum_analyze_scale_factor')::float8 * sum(greatest(c.reltuples, 0)) FILTER (WHERE c.relkind <> 'p') AS due
FROM pg_catalog.pg_class c
WHERE c.oid = $1 OR c.oid IN (SELECT relid FROM pg_catalog.pg_partition_tree($1::oid::regclass))`,
    values: [oid, changedRows],
  };
}
