import type { Statement } from '../database/database.ts';
import { quoteName, quoteQualified } from './identifiers.ts';
import { conditionsOf, type NearestQuery } from './search.ts';
import { binder } from './search-conditions.ts';

/** What tells rows apart where there need not be a key: the partition, and the place in it. */
export const rowPlace: readonly string[] = ['tableoid', 'ctid'];

/** Rows that fulfil the query's conditions, at random: part and place (`rowPlace`), and the vector as text. */
export function randomRows(query: NearestQuery, count: number): Statement {
  const values: unknown[] = [count];
  return {
    text: `SELECT part, place, vector::text AS vector
FROM (
  SELECT tableoid AS part, ctid AS place, ${quoteName(query.column)} AS vector
  FROM ${quoteQualified(query.table.schema, query.table.name)}
  WHERE ${conditionsOf(query, binder(values)).join('\n    AND ')}
  ORDER BY pg_catalog.random()
  LIMIT $1::int8
) AS chosen`,
    values,
  };
}

/** Vectors that rows are compared with: each as text, and how far away a row may be to be told of. */
export interface Asked {
  vectors: readonly string[];
  bounds: readonly number[];
}

/**
 * The rows of some blocks, each compared with every vector: query (the vector's number, from 0), part, place and
 * distance of those that are near enough.
 *
 * The outer query stays a scan, and the inner one a loop over the vectors, since OFFSET 0 keeps a subquery where it is.
 * The type's own conversion takes a row's vector out of TOAST, once for all comparisons.
 * @param blocks from, and to which, exclusive; of a partitioned table those of each partition
 */
export function comparedInBlocks(
  query: NearestQuery,
  { vectors, bounds }: Asked,
  blocks: { from: number; to: number | undefined },
): Statement {
  const values: unknown[] = [vectors, bounds.map(String)];
  const conditions = conditionsOf(query, binder(values));
  conditions.push(`ctid >= '(${blocks.from},0)'::tid`);
  if (blocks.to !== undefined) conditions.push(`ctid < '(${blocks.to},0)'::tid`);
  const distance = `(pgv_vector ${query.operator} pgv_query)`;
  return {
    text: `SELECT (pgv_number - 1)::int4 AS query, pgv_part AS part, pgv_place AS place, pgv_distance AS distance
FROM (
  SELECT tableoid AS pgv_part, ctid AS pgv_place, ${query.type}(${quoteName(query.column)}, -1, true) AS pgv_vector
  FROM ${quoteQualified(query.table.schema, query.table.name)}
  WHERE ${conditions.join('\n    AND ')}
  OFFSET 0
) AS pgv_rows
CROSS JOIN LATERAL (
  SELECT pgv_number, ${distance} AS pgv_distance
  FROM unnest($1::text[]::${query.type}[], $2::float8[]) WITH ORDINALITY AS pgv_asked (pgv_query, pgv_bound, pgv_number)
  WHERE ${distance} <= pgv_bound
  OFFSET 0
) AS pgv_near`,
    values,
  };
}

/** Blocks of a table; of a partitioned one, of its largest partition. Gives one row: blocks. */
export function mostBlocks(tableOid: number): Statement {
  return {
    text: `SELECT max(pg_catalog.pg_relation_size(relid) / current_setting('block_size')::int8)::int8 AS blocks
FROM (
  SELECT relid::oid FROM pg_catalog.pg_partition_tree($1::int8::oid::regclass)
  UNION SELECT $1::int8::oid
) AS parts`,
    values: [tableOid],
  };
}

/** What decides how an index is searched; the cast loads pgvector's library, before which its settings are not known. */
export function indexSettings(extensionSchema: string): Statement {
  return {
    text: `SELECT '[0]'::${quoteQualified(extensionSchema, 'vector')} IS NOT NULL AS loaded,
  current_setting('hnsw.ef_search')::int AS "efSearch", current_setting('ivfflat.probes')::int AS probes,
  current_setting('hnsw.iterative_scan', true) AS "hnswScan",
  current_setting('ivfflat.iterative_scan', true) AS "ivfflatScan"`,
  };
}

/** Settings of searches and plans, by their name. */
const isAboutSearches = (name: string) => `(${name} ~ '^(hnsw|ivfflat)[.]' OR ${name} IN (
      SELECT name FROM pg_catalog.pg_settings WHERE category LIKE 'Query Tuning%' OR name = 'work_mem'
    ))`;

/** The settings that the session has because its role is who it is, each with the value that it is without. */
export function withoutOwnSettings(): Statement {
  return {
    text: `SELECT name, boot_val AS value
FROM pg_catalog.pg_settings
WHERE source IN ('user', 'database user') AND ${isAboutSearches('name')}`,
  };
}

/**
 * The settings of searches and plans that a new session of the role has in this database, the later before the earlier:
 * of all roles, of the database, of the role, of the role in it. No row where there is no such role; name and value are
 * null where nothing is set. https://www.postgresql.org/docs/current/catalog-pg-db-role-setting.html
 */
export function roleSettings(role: string): Statement {
  return {
    text: `SELECT split_part(entry, '=', 1) AS name, substr(entry, strpos(entry, '=') + 1) AS value
FROM pg_catalog.pg_roles r
LEFT JOIN (
  SELECT s.setrole, s.setdatabase, entry
  FROM pg_catalog.pg_db_role_setting s CROSS JOIN unnest(s.setconfig) AS entry
  WHERE s.setdatabase IN (0, (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()))
    AND ${isAboutSearches("split_part(entry, '=', 1)")}
) AS given ON given.setrole IN (0, r.oid)
WHERE r.rolname = $1
ORDER BY given.setrole <> 0, given.setdatabase <> 0`,
    values: [role],
  };
}
