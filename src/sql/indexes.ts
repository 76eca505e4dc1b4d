import type { Statement } from '../database/database.ts';
import type { Quantization } from '../vector/quantization.ts';
import { quoteName, quoteQualified } from './identifiers.ts';
import { quantized } from './quantized.ts';

interface Qualified {
  schema: string;
  name: string;
}

/** A name whose schema may be left to the search path. */
interface Reachable {
  schema: string | undefined;
  name: string;
}

/** A vector index to be made. */
export interface IndexDefinition {
  table: Reachable;
  name: string;
  type: string;
  column: string;
  /** How it holds the column's vectors; undefined: as they are. */
  quantized?: { quantization: Quantization; dimensions: number; schema: string } | undefined;
  operatorClass: Reachable;
  /** `m`, `ef_construction`, `lists`: whole numbers. */
  parameters: Readonly<Record<string, number>>;
  /** The user's own SQL. */
  where?: string | undefined;
  concurrently: boolean;
}

/** https://github.com/pgvector/pgvector#hnsw and #ivfflat. */
export function createIndex(index: IndexDefinition): Statement {
  const concurrently = index.concurrently ? 'CONCURRENTLY ' : '';
  const operatorClass = quoteQualified(index.operatorClass.schema, index.operatorClass.name);
  const parameters = Object.entries(index.parameters).map(([name, value]) => `${name} = ${value}`);
  const lines = [
    `CREATE INDEX ${concurrently}${quoteName(index.name)}`,
    `  ON ${quoteQualified(index.table.schema, index.table.name)}`,
    `  USING ${index.type} (${indexed(index)} ${operatorClass})`,
  ];
  if (parameters.length > 0) lines.push(`  WITH (${parameters.join(', ')})`);
  // On lines of its own, so that a comment at its end takes nothing along.
  if (index.where !== undefined) lines.push(`  WHERE (\n${index.where}\n)`);
  return { text: lines.join('\n') };
}

function indexed({ column, quantized: as }: IndexDefinition): string {
  if (as === undefined) return quoteName(column);
  return `(${quantized(quoteName(column), as.quantization, as.dimensions, as.schema)})`;
}

export function dropIndex(index: Qualified, concurrently: boolean): Statement {
  return {
    text: `DROP INDEX ${concurrently ? 'CONCURRENTLY ' : ''}IF EXISTS ${quoteQualified(index.schema, index.name)}`,
  };
}

/** https://www.postgresql.org/docs/current/sql-reindex.html */
export function reindex(index: Qualified, concurrently: boolean): Statement {
  return {
    text: `REINDEX INDEX ${concurrently ? 'CONCURRENTLY ' : ''}${quoteQualified(index.schema, index.name)}`,
  };
}

/** A row of `vectorIndexesOf`. */
export interface VectorIndexRow {
  oid: number;
  name: string;
  /** Whether the search path finds it without its schema. */
  visible: boolean;
  type: string;
  /** Null where an expression is indexed. */
  column: string | null;
  /** As pg_get_expr writes it; null where a column is indexed. */
  expression: string | null;
  operatorClass: string;
  /** As `m=16`. */
  parameters: string[];
  valid: boolean;
  predicate: string | null;
  building: boolean;
}

/**
 * Whether a session builds the pg_index row `i` right now, which looks the same as what a failed build leaves. It is
 * told by locks, since what another role's session builds is not told to everybody; a REINDEX has one on both indexes.
 * While nothing tells which index it is, it may be any that is not valid.
 */
export const isBeingBuilt = `NOT i.indisvalid AND EXISTS (
    SELECT FROM pg_catalog.pg_stat_progress_create_index p
    JOIN pg_catalog.pg_locks l ON l.pid = p.pid AND l.granted AND l.mode = 'ShareUpdateExclusiveLock'
    WHERE l.relation = i.indrelid AND p.datname = current_database() AND (
      COALESCE(p.index_relid, 0) IN (0, i.indexrelid)
      OR EXISTS (SELECT FROM pg_catalog.pg_locks own WHERE own.pid = p.pid AND own.granted AND own.relation = i.indexrelid)
    )
  )`;

/** A table's hnsw and ivfflat indexes. */
export function vectorIndexesOf(tableOid: number): Statement {
  return {
    text: `SELECT c.oid, c.relname AS name, pg_catalog.pg_table_is_visible(c.oid) AS visible, am.amname AS type,
  a.attname AS column, oc.opcname AS "operatorClass",
  pg_catalog.pg_get_expr(i.indexprs, i.indrelid) AS expression,
  COALESCE(c.reloptions, '{}') AS parameters, i.indisvalid AND i.indisready AS valid,
  pg_catalog.pg_get_expr(i.indpred, i.indrelid) AS predicate,
  ${isBeingBuilt} AS building
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_am am ON am.oid = c.relam
JOIN pg_catalog.pg_opclass oc ON oc.oid = i.indclass[0]
LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] AND a.attnum > 0
WHERE i.indrelid = $1 AND am.amname IN ('hnsw', 'ivfflat')
ORDER BY c.relname`,
    values: [tableOid],
  };
}

/** Whatever has this name in this schema: indexes share theirs with tables. */
export function relationNamed(relation: Qualified): Statement {
  return {
    text: `SELECT c.oid
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relname = $2`,
    values: [relation.schema, relation.name],
  };
}

/** An index's size in bytes; of a partitioned one, that of all its parts. */
export function indexSize(index: Qualified): Statement {
  return {
    text: `SELECT COALESCE(sum(pg_catalog.pg_relation_size(t.relid)), 0)::int8 AS bytes
FROM (
  SELECT relid FROM pg_catalog.pg_partition_tree($1::text::regclass)
  UNION SELECT $1::text::regclass
) AS t`,
    values: [quoteQualified(index.schema, index.name)],
  };
}

/** Rows that an index on the column would hold. @param where the user's own SQL */
export function countVectors(table: Qualified, column: string, where?: string): Statement {
  const condition = where === undefined ? '' : ` WHERE (\n${where}\n)`;
  return {
    text: `SELECT count(${quoteName(column)})::int8 AS rows FROM ${quoteQualified(table.schema, table.name)}${condition}`,
  };
}

/** Gives one row: rows. */
export function countRows(table: Qualified): Statement {
  return { text: `SELECT count(*) AS rows FROM ${quoteQualified(table.schema, table.name)}` };
}

/** Bytes that a build is given, and what there is to cache with. Gives one row: set, cache. */
export function buildMemory(): Statement {
  return {
    text: `SELECT pg_size_bytes(current_setting('maintenance_work_mem'))::int8 AS set,
  pg_size_bytes(current_setting('effective_cache_size'))::int8 AS cache`,
  };
}

/**
 * The steps that tell how the server itself writes a condition, for comparing it with an existing index's: an index
 * on an empty copy of the table, to be rolled back.
 */
export function scratchTable(table: Qualified): Statement {
  return { text: `CREATE TEMPORARY TABLE pgv_scratch (LIKE ${quoteQualified(table.schema, table.name)})` };
}

export function scratchIndex(where: string): Statement {
  return { text: `CREATE INDEX pgv_scratch_index ON pg_temp.pgv_scratch ((1)) WHERE (\n${where}\n)` };
}

export function scratchPredicate(): Statement {
  return {
    text: `SELECT pg_catalog.pg_get_expr(indpred, indrelid) AS predicate
FROM pg_catalog.pg_index
WHERE indexrelid = 'pg_temp.pgv_scratch_index'::regclass`,
  };
}
