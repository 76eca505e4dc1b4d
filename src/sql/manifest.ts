import type { Statement } from '../database/database.ts';

// What a manifest tells of a table. All of it is asked with a search path of pgvector's schema alone: then what is
// pgvector's stands there by its bare name, which holds wherever the extension lives, and all else with its schema.

/** Gives one row: unlogged, partitionedBy (null: it is not), comment, rowSecurity. */
export function tableFacts(tableOid: number): Statement {
  return {
    text: `SELECT c.relpersistence = 'u' AS unlogged, pg_catalog.pg_get_partkeydef(c.oid) AS "partitionedBy",
  pg_catalog.obj_description(c.oid, 'pg_class') AS comment, c.relrowsecurity AS "rowSecurity"
FROM pg_catalog.pg_class c
WHERE c.oid = $1`,
    values: [tableOid],
  };
}

/**
 * A table's columns in order. `default` is null for generated and numbered ones; `numbered` says by what a number comes
 * where a row brings none, and `next` which one is next, null where the role may not know.
 */
export function columnFacts(tableOid: number): Statement {
  return {
    text: `SELECT a.attname AS name, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS "notNull",
  CASE WHEN a.attgenerated = '' AND s.seqrelid IS NULL THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END AS "default",
  CASE WHEN a.attgenerated <> '' THEN jsonb_build_object(
    'kind', CASE a.attgenerated WHEN 's' THEN 'stored' ELSE 'virtual' END,
    'expression', pg_catalog.pg_get_expr(d.adbin, d.adrelid)) END AS generated,
  CASE WHEN s.seqrelid IS NOT NULL THEN jsonb_build_object(
    'by', CASE a.attidentity WHEN 'a' THEN 'identity always' WHEN 'd' THEN 'identity' ELSE 'serial' END,
    'next', CASE WHEN pg_catalog.has_sequence_privilege(s.seqrelid, 'USAGE, SELECT') THEN greatest(s.seqmin, least(s.seqmax,
      coalesce(pg_catalog.pg_sequence_last_value(s.seqrelid)::numeric + s.seqincrement, s.seqstart)))::text END) END AS numbered,
  CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::regcollation::text END AS collation,
  pg_catalog.col_description(a.attrelid, a.attnum) AS comment
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN LATERAL (
  SELECT q.*
  FROM pg_catalog.pg_depend o
  JOIN pg_catalog.pg_sequence q ON q.seqrelid = o.objid
  WHERE o.classid = 'pg_catalog.pg_class'::regclass AND o.refclassid = 'pg_catalog.pg_class'::regclass
    AND o.refobjid = a.attrelid AND o.refobjsubid = a.attnum
    AND (o.deptype = 'i' OR o.deptype = 'a' AND starts_with(pg_catalog.pg_get_expr(d.adbin, d.adrelid), 'nextval('))
  LIMIT 1
) s ON true
WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum`,
    values: [tableOid],
  };
}

/** A table's constraints but NOT NULL, which its columns tell, and but those that not all rows need hold to. */
export function constraintFacts(tableOid: number): Statement {
  return {
    text: `SELECT k.conname AS name,
  CASE k.contype WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique' WHEN 'x' THEN 'exclude'
    WHEN 'c' THEN 'check' ELSE 'foreign key' END AS kind,
  pg_catalog.pg_get_constraintdef(k.oid) AS definition,
  ARRAY(
    SELECT a.attname::text FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey) ORDER BY a.attnum
  ) AS columns
FROM pg_catalog.pg_constraint k
WHERE k.conrelid = $1 AND k.contype IN ('p', 'u', 'x', 'c', 'f') AND k.convalidated
ORDER BY position(k.contype::text IN 'puxcf'), k.conname`,
    values: [tableOid],
  };
}

/**
 * A table's indexes but those of its constraints and those that are not whole. `definition` is what stands behind USING
 * in their CREATE INDEX; `columns` are all that they need, for a key, an expression or a condition.
 */
export function indexFacts(tableOid: number): Statement {
  return {
    text: `SELECT c.relname AS name, i.indisunique AS "unique", am.amname AS method,
  substr(pg_catalog.pg_get_indexdef(c.oid), 1 + length(format('CREATE %sINDEX %I ON %s%I.%I USING ',
    CASE WHEN i.indisunique THEN 'UNIQUE ' END, c.relname, CASE c.relkind WHEN 'I' THEN 'ONLY ' END,
    n.nspname, t.relname))) AS definition,
  ARRAY(
    SELECT a.attname::text FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = i.indrelid AND (a.attnum = ANY (i.indkey::int2[]) AND a.attnum > 0 OR EXISTS (
      SELECT FROM pg_catalog.pg_depend d
      WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid
        AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = a.attrelid AND d.refobjsubid = a.attnum))
    ORDER BY a.attnum
  ) AS columns,
  pg_catalog.obj_description(c.oid, 'pg_class') AS comment
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_class t ON t.oid = i.indrelid
JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
JOIN pg_catalog.pg_am am ON am.oid = c.relam
WHERE i.indrelid = $1 AND i.indisvalid AND i.indisready
  AND NOT EXISTS (
    SELECT FROM pg_catalog.pg_constraint k WHERE k.conindid = c.oid AND k.contype IN ('p', 'u', 'x')
  )
ORDER BY c.relname`,
    values: [tableOid],
  };
}

/** Gives one row: postgresql, at, and whether the role may ask for the write-ahead log's place. */
export function serverFacts(): Statement {
  return {
    text: `SELECT current_setting('server_version') AS postgresql,
  to_char(transaction_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at,
  pg_catalog.pg_is_in_recovery() AS recovering,
  has_function_privilege('pg_catalog.pg_current_wal_lsn()', 'EXECUTE')
    AND has_function_privilege('pg_catalog.pg_last_wal_replay_lsn()', 'EXECUTE') AS "mayAsk"`,
  };
}

/** Gives one row: lsn, how far the write-ahead log is. */
export function walPlace(recovering: boolean): Statement {
  const place = recovering ? 'pg_last_wal_replay_lsn' : 'pg_current_wal_lsn';
  return { text: `SELECT pg_catalog.${place}()::text AS lsn` };
}

/** What rows are written with before they are digested, so that the same ones read the same anywhere. */
export const digestSettings = {
  datestyle: 'ISO, YMD',
  intervalstyle: 'postgres',
  timezone: 'UTC',
  extra_float_digits: '1',
  bytea_output: 'hex',
  lc_monetary: 'C',
};

/**
 * A digest of a query's rows, whatever their order: of each row's text the first half of its MD5, as a number, and the
 * sum of these numbers, in which a row that is there twice counts twice. The same for each column alone, which tells
 * where two sets of rows differ. Vectors count by the MD5 of their binary form, which is many times as fast as their
 * text and tells −0 from 0. Run it with digestSettings. Gives one row: rows, digest and columns as text.
 * @param senders for each column the function that gives its bytes, quoted and qualified; undefined: its text counts
 */
export function digestRows(query: string, senders: readonly (string | undefined)[]): Statement {
  const names = senders.map((_, i) => `c${i}`);
  const texts = senders.map((send, i) =>
    send === undefined ? `c${i}::text AS c${i}` : `pg_catalog.md5(${send}(c${i})) AS c${i}`,
  );
  const sumOf = (value: string) =>
    `coalesce(sum(('x' || substr(pg_catalog.md5(convert_to(${value}, 'UTF8')), 1, 16))::bit(64)::int8), 0)::text`;
  return {
    // OFFSET 0 keeps the planner from writing each column's text out twice.
    text: `SELECT count(*) AS rows, ${sumOf(`ROW(${names.join(', ')})::text`)} AS digest,
  ARRAY[${names.map(sumOf).join(',\n    ')}]::text[] AS columns
FROM (SELECT ${texts.join(', ')} FROM (\n${query}\n) AS r (${names.join(', ')}) OFFSET 0) AS t`,
  };
}
