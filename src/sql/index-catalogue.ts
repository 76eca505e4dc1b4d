import type { Statement } from '../database/database.ts';
import type { IndexType, VectorType } from '../vector/metrics.ts';
import { isBeingBuilt } from './indexes.ts';

/** An hnsw or ivfflat index, as the catalogue and the counters have it. */
export interface CatalogueRow {
  oid: number;
  /** Of the partitioned index that it is a part of. */
  parentOid: number | null;
  /** An index without pages of its own: those are its parts'. */
  partitioned: boolean;
  schema: string;
  name: string;
  /** Whether the search path finds the index, or the table, without its schema. */
  visible: boolean;
  tableOid: number;
  table: string;
  tableVisible: boolean;
  type: IndexType;
  /** Null where an expression is indexed. */
  column: string | null;
  /** As pg_get_expr writes it; null where a column is indexed. */
  expression: string | null;
  /** Of what is indexed, below a domain; −1: no dimensions. */
  vectorType: VectorType;
  dimensions: number;
  operatorClass: string;
  /** As `m=16`. */
  parameters: string[];
  predicate: string | null;
  valid: boolean;
  building: boolean;
  /** Null while somebody has it all alone. */
  bytes: number | null;
  /** That the index holds, as last counted; null: never. */
  rows: number | null;
  /** Of the table, as last counted; null: never. */
  tableRows: number | null;
  /** Of the table, as the counters have it; 0 where they have not counted. */
  liveRows: number;
  /** Index scans since the counters began. */
  scans: number;
  /** PostgreSQL 16 and later tell. */
  lastScan: string | null;
  /** Of a build that runs now, as far as the role may know. */
  phase: string | null;
  done: number | null;
  total: number | null;
}

/** pg_partition_tree would wait for whoever has a partition all alone. */
const ofTable = `i.indrelid IN (
  WITH RECURSIVE part AS (
    SELECT $1::int8::oid AS oid
    UNION ALL
    SELECT h.inhrelid FROM part
    JOIN pg_catalog.pg_inherits h ON h.inhparent = part.oid
    JOIN pg_catalog.pg_class child ON child.oid = h.inhrelid AND child.relispartition
  )
  SELECT part.oid FROM part
)`;

const withinReach = `NOT pg_catalog.pg_is_other_temp_schema(n.oid) AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
  AND NOT (n.nspname = 'pgv' AND starts_with(t.relname, 'staging_'))`;

/**
 * The vector indexes of a table and of its partitions, as rows of CatalogueRow. A table's estimate less its NULLs is
 * nearer to what an index holds than the index's own, which counts at builds and vacuums; a partial one has only that.
 * Which index is being built is told late by PostgreSQL; of a table it can be but one that is not valid.
 * @param tableOid undefined: of all tables in the role's reach
 */
export function indexCatalogue(tableOid: number | undefined): Statement {
  return {
    text: `SELECT c.oid, h.inhparent AS "parentOid", c.relkind = 'I' AS partitioned,
  n.nspname AS schema, c.relname AS name, pg_catalog.pg_table_is_visible(c.oid) AS visible,
  t.oid AS "tableOid", t.relname AS table, pg_catalog.pg_table_is_visible(t.oid) AS "tableVisible",
  am.amname AS type, a.attname AS column,
  pg_catalog.pg_get_expr(i.indexprs, i.indrelid) AS expression,
  own_type.typname AS "vectorType",
  CASE WHEN own.atttypmod > 0 THEN own.atttypmod ELSE declared.typtypmod END AS dimensions, oc.opcname AS "operatorClass",
  COALESCE(c.reloptions, '{}') AS parameters, pg_catalog.pg_get_expr(i.indpred, i.indrelid) AS predicate,
  i.indisvalid AND i.indisready AS valid, ${isBeingBuilt} AS building,
  CASE WHEN NOT EXISTS (
    SELECT FROM pg_catalog.pg_locks l
    WHERE l.relation = c.oid AND l.granted AND l.mode = 'AccessExclusiveLock' AND l.pid <> pg_catalog.pg_backend_pid()
  ) THEN pg_catalog.pg_relation_size(c.oid) END AS bytes,
  CASE WHEN i.indpred IS NULL AND t.reltuples >= 0 AND s.null_frac IS NOT NULL THEN round(t.reltuples::float8 * (1 - s.null_frac))
    WHEN c.reltuples >= 0 THEN c.reltuples::float8 END AS rows,
  CASE WHEN t.reltuples >= 0 THEN t.reltuples::float8 END AS "tableRows",
  pg_catalog.pg_stat_get_live_tuples(t.oid) AS "liveRows",
  pg_catalog.pg_stat_get_numscans(c.oid) AS scans,
  (to_jsonb(u) ->> 'last_idx_scan')::timestamptz::text AS "lastScan",
  p.phase, CASE WHEN p.blocks_total > 0 THEN p.blocks_done ELSE p.tuples_done END AS done,
  CASE WHEN p.blocks_total > 0 THEN p.blocks_total ELSE p.tuples_total END AS total
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_class t ON t.oid = i.indrelid
JOIN pg_catalog.pg_am am ON am.oid = c.relam
JOIN pg_catalog.pg_opclass oc ON oc.oid = i.indclass[0]
JOIN pg_catalog.pg_attribute own ON own.attrelid = c.oid AND own.attnum = 1
JOIN pg_catalog.pg_type declared ON declared.oid = own.atttypid
JOIN pg_catalog.pg_type own_type ON own_type.oid = oc.opcintype
LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] AND a.attnum > 0
LEFT JOIN pg_catalog.pg_inherits h ON h.inhrelid = c.oid
LEFT JOIN pg_catalog.pg_stats s ON s.schemaname = n.nspname AND NOT s.inherited
  AND s.tablename = CASE WHEN a.attname IS NULL THEN c.relname ELSE t.relname END AND s.attname = own.attname
LEFT JOIN pg_catalog.pg_stat_all_indexes u ON u.indexrelid = c.oid
LEFT JOIN LATERAL (
  SELECT b.* FROM pg_catalog.pg_stat_progress_create_index b
  WHERE b.relid = i.indrelid AND b.datname = current_database()
  ORDER BY b.index_relid = c.oid DESC LIMIT 1
) AS p ON ${isBeingBuilt}
WHERE am.amname IN ('hnsw', 'ivfflat') AND ${tableOid === undefined ? withinReach : ofTable}
ORDER BY n.nspname, t.relname, c.relname`,
    values: tableOid === undefined ? [] : [tableOid],
  };
}

/** Whatever has a name, for saying what it is. */
export interface Relation {
  schema: string;
  visible: boolean;
  /** pg_class.relkind. */
  kind: string;
  /** `btree`, `hnsw`; of tables `heap`, of views null. */
  method: string | null;
  /** Of an index: its table. */
  tableOid: number | null;
  table: string | null;
  /** Of an index: what rests on it. */
  constraint: string | null;
  oid: number;
}

/** Every relation of this name, in whatever schema, as rows of Relation. */
export function relationsCalled(name: string): Statement {
  return {
    text: `SELECT c.oid, n.nspname AS schema, pg_catalog.pg_table_is_visible(c.oid) AS visible, c.relkind::text AS kind,
  am.amname AS method, t.oid AS "tableOid", t.relname AS table,
  (SELECT min(k.conname) FROM pg_catalog.pg_constraint k WHERE k.conindid = c.oid) AS constraint
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam
LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
LEFT JOIN pg_catalog.pg_class t ON t.oid = i.indrelid
WHERE c.relname = $1 AND NOT pg_catalog.pg_is_other_temp_schema(n.oid)
ORDER BY n.nspname`,
    values: [name],
  };
}
