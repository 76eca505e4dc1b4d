import type { Statement } from '../database/database.ts';
import { quoteLiteral, quoteName, quoteQualified } from './identifiers.ts';

// Indexes that a load has dropped and will build again: the ledger remembers them, in the transaction that drops them,
// until the transaction that builds each.

/** Part of the ledger; can be run again. */
export const deferredIndexesDefinition = `CREATE TABLE IF NOT EXISTS pgv.deferred_indexes (
  table_oid oid,
  name name,
  load_id text NOT NULL,
  definition text NOT NULL,
  tablespace name,
  comment text,
  clustered boolean NOT NULL,
  statistics jsonb NOT NULL,
  method name NOT NULL,
  type name NOT NULL,
  dimensions integer NOT NULL,
  parameters text[] NOT NULL,
  deferred_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (table_oid, name)
)`;

/** An index as the ledger remembers it. */
export interface DeferredIndex {
  name: string;
  /** What stands behind USING in its CREATE INDEX: names in it are qualified, that of its table is not in it. */
  definition: string;
  /** Null: the database's own. */
  tablespace: string | null;
  comment: string | null;
  /** Whether CLUSTER goes by it. */
  clustered: boolean;
  /** Of expressions: how many samples ANALYZE takes. */
  statistics: { column: number; target: number }[];
  /** `hnsw`, `btree`, … */
  method: string;
  /** Of its first column, with its dimensions where it is a vector; −1: none. */
  type: string;
  dimensions: number;
  /** As `m=16`. */
  parameters: string[];
}

/** Gives one row: whether the role owns the table, and so may make and drop its indexes. */
export function ownsTable(tableOid: number): Statement {
  return {
    text: `SELECT pg_catalog.pg_has_role(c.relowner, 'USAGE') AS owns FROM pg_catalog.pg_class c WHERE c.oid = $1`,
    values: [tableOid],
  };
}

/**
 * Keeps everybody else out of a table until the transaction ends.
 * @param table quoted and qualified
 * @param lockTimeout milliseconds to wait for it
 */
export function lockTable(table: string, lockTimeout: number): string {
  return `SET LOCAL lock_timeout = ${lockTimeout}; LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE; SET LOCAL lock_timeout TO DEFAULT`;
}

/**
 * The table's indexes that nothing but speed depends on, as rows of DeferredIndex: no key, no constraint, nothing that
 * a foreign key, a replica or an extension needs, and no part of a partitioned table's index. Run it with an empty
 * search path: then the definitions hold whatever the search path.
 */
export function deferrableIndexes(tableOid: number): Statement {
  return {
    text: `SELECT c.relname AS name,
  substr(pg_catalog.pg_get_indexdef(c.oid), 1 + length(format('CREATE INDEX %I ON %s%I.%I USING ',
    c.relname, CASE c.relkind WHEN 'I' THEN 'ONLY ' END, n.nspname, t.relname))) AS definition,
  s.spcname AS tablespace, pg_catalog.obj_description(c.oid, 'pg_class') AS comment, i.indisclustered AS clustered,
  coalesce((
    SELECT jsonb_agg(jsonb_build_object('column', attnum, 'target', attstattarget))
    FROM pg_catalog.pg_attribute WHERE attrelid = c.oid AND attstattarget >= 0
  ), '[]') AS statistics,
  am.amname AS method, ty.typname AS type, a.atttypmod AS dimensions, coalesce(c.reloptions, '{}') AS parameters
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_class t ON t.oid = i.indrelid
JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
JOIN pg_catalog.pg_am am ON am.oid = c.relam
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = 1
JOIN pg_catalog.pg_type ty ON ty.oid = a.atttypid
LEFT JOIN pg_catalog.pg_tablespace s ON s.oid = c.reltablespace
WHERE i.indrelid = $1 AND i.indisvalid AND i.indisready AND NOT c.relispartition
  AND NOT i.indisprimary AND NOT i.indisunique AND NOT i.indisexclusion AND NOT i.indisreplident
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conindid = c.oid)
  AND NOT EXISTS (
    SELECT FROM pg_catalog.pg_depend d
    WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('e', 'x')
       OR d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = c.oid AND d.deptype = 'n'
  )
ORDER BY c.relname`,
    values: [tableOid],
  };
}

export function rememberIndex(tableOid: number, loadId: string, index: DeferredIndex): Statement {
  return {
    text: `INSERT INTO pgv.deferred_indexes (table_oid, name, load_id, definition, tablespace, comment, clustered, statistics, method, type, dimensions, parameters)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
    values: [
      tableOid,
      index.name,
      loadId,
      index.definition,
      index.tablespace,
      index.comment,
      index.clustered,
      JSON.stringify(index.statistics),
      index.method,
      index.type,
      index.dimensions,
      index.parameters,
    ],
  };
}

export function dropIndexes(schema: string, names: readonly string[]): Statement {
  return { text: `DROP INDEX ${names.map((name) => quoteQualified(schema, name)).join(', ')}` };
}

/** Gives a row where the ledger remembers indexes: readable, whether the role may know which. */
export function findDeferredIndexes(): Statement {
  return {
    text: `SELECT pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT') AS readable
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'pgv' AND c.relname = 'deferred_indexes'`,
  };
}

/** An index that is to be built again, and where. */
export interface PendingIndex extends DeferredIndex {
  tableOid: number;
  schema: string;
  table: string;
  /** Whether something has the index's name: an index of the same table, or anything else. */
  taken: 'index' | 'other' | null;
}

/** What is to be built again, as rows of PendingIndex. @param tableOid undefined: of all tables */
export function pendingIndexes(tableOid: number | undefined): Statement {
  return {
    text: `SELECT t.oid::int8 AS "tableOid", n.nspname AS schema, t.relname AS table, d.name, d.definition, d.tablespace,
  d.comment, d.clustered, d.statistics, d.method, d.type, d.dimensions, d.parameters,
  CASE WHEN i.indexrelid IS NOT NULL THEN 'index' WHEN c.oid IS NOT NULL THEN 'other' END AS taken
FROM pgv.deferred_indexes d
JOIN pg_catalog.pg_class t ON t.oid = d.table_oid
JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = t.relnamespace AND c.relname = d.name
LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid AND i.indrelid = t.oid
${tableOid === undefined ? '' : 'WHERE d.table_oid = $1\n'}ORDER BY n.nspname, t.relname, d.name`,
    values: tableOid === undefined ? [] : [tableOid],
  };
}

/** Takes an index from what is to be built. Waits for whoever else takes it; gives no row where they have built it. */
export function takeIndex({ tableOid, name }: Pick<PendingIndex, 'tableOid' | 'name'>): Statement {
  return {
    text: 'DELETE FROM pgv.deferred_indexes WHERE table_oid = $1 AND name = $2 RETURNING name',
    values: [tableOid, name],
  };
}

/** The statements that make an index as it was, one after the other. */
export function rebuildIndex(index: PendingIndex): string[] {
  const { name, schema, table, definition, tablespace, comment, clustered, statistics } = index;
  const [own, at] = [quoteQualified(schema, name), quoteQualified(schema, table)];
  return [
    `SET LOCAL default_tablespace = ${tablespace === null ? "''" : quoteName(tablespace)}`,
    `CREATE INDEX ${quoteName(name)} ON ${at} USING ${definition}`,
    ...(comment === null ? [] : [`COMMENT ON INDEX ${own} IS ${quoteLiteral(comment)}`]),
    ...statistics.map(
      ({ column, target }) => `ALTER INDEX ${own} ALTER COLUMN ${column} SET STATISTICS ${target}`,
    ),
    ...(clustered ? [`ALTER TABLE ${at} CLUSTER ON ${quoteName(name)}`] : []),
  ];
}
