import type { Statement } from '../database/database.ts';

/** pg_class.relkind, in words. */
const kinds = `CASE c.relkind
    WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view'
    WHEN 'm' THEN 'materialized view' ELSE 'foreign table' END`;

/** Types that pgvector brought, whatever they are called and wherever they live. */
const vectorTypes = `vector_types AS (
  SELECT d.objid AS oid
  FROM pg_catalog.pg_depend d
  JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid AND e.extname = 'vector'
  WHERE d.classid = 'pg_catalog.pg_type'::regclass
    AND d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.deptype = 'e'
)`;

/** Every table or view of this name, in whatever schema; `visible`: the one that the search path finds. */
export function tablesNamed(name: string): Statement {
  return {
    text: `SELECT c.oid, n.nspname AS schema, c.relname AS name, ${kinds} AS kind,
  pg_catalog.pg_table_is_visible(c.oid) AS visible,
  pg_catalog.row_security_active(c.oid) AS "rowSecurity",
  CASE WHEN c.reltuples >= 0 AND c.relpages > 0 THEN c.reltuples::float8 END AS "estimatedRows"
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND NOT pg_catalog.pg_is_other_temp_schema(n.oid)
ORDER BY n.nspname`,
    values: [name],
  };
}

/**
 * A table's columns in order, each with its type, the type below it (a domain's base, resolved to the bottom), an
 * array's element type, and the function that prints its values. Of a domain, its NOT NULL and its default count as the
 * column's own.
 */
export function columnsOf(oid: number): Statement {
  return {
    text: described(`SELECT a.attnum AS position, a.attname::text AS name, a.atttypid AS type, a.atttypmod AS typmod,
    a.attnotnull AS "notNull", a.atthasdef AS "hasDefault", a.attgenerated::text AS generated, a.attidentity::text AS identity
  FROM pg_catalog.pg_attribute a
  WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped`),
    values: [oid],
  };
}

/** The like of `columnsOf` for a query's columns. */
export function columnsOfTypes(
  columns: readonly { name: string; oid: number; modifier: number }[],
): Statement {
  return {
    text: described(`SELECT q.position, q.name, q.type, q.typmod, false AS "notNull", false AS "hasDefault", '' AS generated, '' AS identity
  FROM unnest($1::text[], $2::int8[]::oid[], $3::int4[]) WITH ORDINALITY AS q (name, type, typmod, position)`),
    values: [
      columns.map(({ name }) => name),
      columns.map(({ oid }) => oid),
      columns.map(({ modifier }) => modifier),
    ],
  };
}

/** @param source SELECT of position, name, type, typmod, "notNull", "hasDefault", generated, identity */
const described = (source: string): string => `WITH RECURSIVE ${vectorTypes}, source AS (
  ${source}
), chain AS (
  SELECT position, type, typmod, "notNull", "hasDefault"
  FROM source
  UNION ALL
  SELECT chain.position, d.typbasetype, d.typtypmod, chain."notNull" OR d.typnotnull, chain."hasDefault" OR d.typdefault IS NOT NULL
  FROM chain
  JOIN pg_catalog.pg_type d ON d.oid = chain.type AND d.typtype = 'd'
), described AS NOT MATERIALIZED (
  SELECT t.oid, t.typoutput::text AS output, jsonb_build_object('oid', t.oid::int8, 'schema', n.nspname, 'name', t.typname, 'kind', t.typtype, 'category', t.typcategory) AS type
  FROM pg_catalog.pg_type t
  JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
)
SELECT s.name, own.type, base.type AS base, element.type AS element, own.output,
  pg_catalog.format_type(s.type, s.typmod) AS declared, chain.typmod, chain."notNull", chain."hasDefault",
  CASE s.generated WHEN 's' THEN 'stored' WHEN 'v' THEN 'virtual' END AS generated,
  CASE s.identity WHEN 'a' THEN 'always' WHEN 'd' THEN 'by default' END AS identity,
  b.oid IN (SELECT oid FROM vector_types) AS "fromPgvector"
FROM source s
JOIN chain ON chain.position = s.position
JOIN pg_catalog.pg_type b ON b.oid = chain.type AND b.typtype <> 'd'
JOIN described own ON own.oid = s.type
JOIN described base ON base.oid = b.oid
LEFT JOIN described element ON element.oid = b.typelem AND b.typcategory = 'A'
ORDER BY s.position`;

/** The primary key's columns, in the key's order. */
export function primaryKeyOf(oid: number): Statement {
  return {
    text: `SELECT a.attname AS name
FROM pg_catalog.pg_index i
CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, position)
JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
WHERE i.indrelid = $1 AND i.indisprimary AND k.position <= i.indnkeyatts
ORDER BY k.position`,
    values: [oid],
  };
}

/**
 * Tables with a vector column that the role can reach; views and single partitions are left out, as what is meant is
 * the table below or above them, and so are staging tables. `bits`: the table has no column of pgvector's types, but one of bit(n > 1).
 */
export function tablesWithVectors(): Statement {
  return {
    text: `WITH ${vectorTypes}
SELECT n.nspname AS schema, c.relname AS name, pg_catalog.pg_table_is_visible(c.oid) AS visible,
  NOT bool_or(a.atttypid <> 'pg_catalog.bit'::regtype) AS bits
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
WHERE c.relkind IN ('r', 'p', 'm') AND NOT c.relispartition
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND NOT pg_catalog.pg_is_other_temp_schema(n.oid)
  AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND NOT (n.nspname = 'pgv' AND starts_with(c.relname, 'staging_'))
  AND (t.oid IN (SELECT oid FROM vector_types) OR t.typbasetype IN (SELECT oid FROM vector_types)
    OR (t.oid = 'pg_catalog.bit'::regtype AND a.atttypmod > 1))
GROUP BY n.nspname, c.relname, c.oid
ORDER BY n.nspname, c.relname`,
  };
}

/** Gives one row: any. @param table quoted and qualified */
export function hasRows(table: string): Statement {
  return { text: `SELECT EXISTS (SELECT FROM ${table}) AS any` };
}

/**
 * Gives one row: any. Values that are not NULL are parameters, in order, cast from text.
 * @param table quoted and qualified
 */
export function holdsRow(
  table: string,
  conditions: readonly { column: string; type: string; isNull: boolean }[],
  values: readonly string[],
): Statement {
  let parameter = 0;
  const terms = conditions.map(({ column, type, isNull }) =>
    isNull ? `${column} IS NULL` : `${column} = $${++parameter}::text::${type}`,
  );
  return { text: `SELECT EXISTS (SELECT FROM ${table} WHERE ${terms.join(' AND ')}) AS any`, values };
}

/** Gives one row: oid, or null where there is no such table. @param table as SQL writes it */
export function tableNamed(table: string): Statement {
  return { text: 'SELECT pg_catalog.to_regclass($1)::oid::int8 AS oid', values: [table] };
}
