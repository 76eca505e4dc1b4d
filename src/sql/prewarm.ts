import type { Statement } from '../database/database.ts';
import { quoteName, quoteQualified } from './identifiers.ts';

/** What there is to prewarm with. */
export interface PrewarmMeans {
  /** The schemas of extensions; null where the database has them not. */
  prewarm: string | null;
  bufferCache: string | null;
  /** Whether the server could create pg_prewarm. */
  available: boolean;
  /** Bytes. */
  sharedBuffers: number;
  blockSize: number;
}

/** Gives one row of PrewarmMeans; pg_buffercache as null too where the role may not read it. */
export function prewarmMeans(): Statement {
  const schemaOf = (name: string) =>
    `SELECT n.nspname FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = '${name}'`;
  return {
    text: `SELECT (${schemaOf('pg_prewarm')}) AS prewarm,
  (
    SELECT n.nspname FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
    JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = 'pg_buffercache'
    JOIN pg_catalog.pg_proc f ON f.pronamespace = n.oid AND f.proname = 'pg_buffercache_pages'
    WHERE e.extname = 'pg_buffercache' AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
      AND pg_catalog.has_function_privilege(f.oid, 'EXECUTE')
  ) AS "bufferCache",
  EXISTS (SELECT FROM pg_catalog.pg_available_extensions WHERE name = 'pg_prewarm') AS available,
  pg_catalog.pg_size_bytes(current_setting('shared_buffers')) AS "sharedBuffers",
  current_setting('block_size')::int AS "blockSize"`,
  };
}

/**
 * Reads all of a relation, into the buffer cache or (`read`) only into the operating system's. Gives one row: blocks.
 * https://www.postgresql.org/docs/current/pgprewarm.html
 * @param schema of the extension
 */
export function prewarm(schema: string, oid: number, mode: 'buffer' | 'read'): Statement {
  return {
    text: `SELECT ${quoteName(schema)}.pg_prewarm($1::int8::oid::regclass, $2) AS blocks`,
    values: [oid, mode],
  };
}

/**
 * Gives one row: how many blocks of these relations the buffer cache holds.
 * https://www.postgresql.org/docs/current/pgbuffercache.html
 * @param schema of the extension
 */
export function cachedBlocks(schema: string, oids: readonly number[]): Statement {
  return {
    text: `SELECT count(*) AS blocks
FROM ${quoteName(schema)}.pg_buffercache b
WHERE b.relforknumber = 0
  AND b.reldatabase = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database())
  AND b.relfilenode IN (SELECT pg_catalog.pg_relation_filenode(o) FROM unnest($1::int8[]::oid[]) AS o)`,
    values: [oids],
  };
}

/** A table's own pages and what is stored beside them. Gives rows: oid, bytes. */
export function tableAndToast(tableOid: number): Statement {
  return {
    text: `SELECT r.oid::int8 AS oid, pg_catalog.pg_relation_size(r.oid) AS bytes
FROM pg_catalog.pg_class c
LEFT JOIN pg_catalog.pg_index i ON i.indrelid = c.reltoastrelid
CROSS JOIN LATERAL unnest(ARRAY[c.oid, nullif(c.reltoastrelid, 0), i.indexrelid]) AS r (oid)
WHERE c.oid = $1 AND r.oid IS NOT NULL`,
    values: [tableOid],
  };
}

/** An index that is read through. */
export interface ReadThrough {
  schema: string;
  table: string;
  /** What it indexes, as SQL. */
  indexed: string;
  /** Of the metric, with its schema. */
  operator: string;
  predicate: string | null;
}

/**
 * Goes from one stored vector to the nearest, and on, for as long as the index gives rows; explained, as JSON: which
 * index was used, and how many rows it gave.
 */
export function readThrough({ schema, table, indexed, operator, predicate }: ReadThrough): Statement {
  const from = quoteQualified(schema, table);
  const conditions = [`${indexed} IS NOT NULL`, ...(predicate === null ? [] : [`(${predicate})`])];
  const start = `SELECT ${indexed} FROM ${from} WHERE ${conditions.join(' AND ')} LIMIT 1`;
  return {
    text: `EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON)
SELECT FROM ${from}${predicate === null ? '' : ` WHERE (${predicate})`}
ORDER BY ${indexed} ${operator} (${start})`,
  };
}
