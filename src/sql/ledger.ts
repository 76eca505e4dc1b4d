import type { Statement } from '../database/database.ts';
import { deferredIndexesDefinition } from './deferred-indexes.ts';
import { filenodeOf } from './table-storage.ts';

// The ledger: which load has stored which piece of which file. A piece's row is written in the transaction that stores
// the piece, so that the two are there together or not at all. Rows are inserted and deleted, never updated.

/** How the ledger lies in the database; each statement can be run again. */
export const ledgerDefinition: readonly string[] = [
  'CREATE SCHEMA IF NOT EXISTS pgv',
  `CREATE TABLE IF NOT EXISTS pgv.loads (
  load_id text PRIMARY KEY,
  table_oid oid NOT NULL,
  table_name text NOT NULL,
  created_table boolean NOT NULL,
  staging text,
  sources jsonb NOT NULL,
  source_key text,
  shape jsonb NOT NULL,
  shape_key text NOT NULL,
  mode jsonb NOT NULL,
  piece_length bigint NOT NULL,
  filenode text,
  started_at timestamptz NOT NULL DEFAULT now(),
  role name NOT NULL DEFAULT current_user
)`,
  'CREATE INDEX IF NOT EXISTS loads_table_oid ON pgv.loads (table_oid)',
  ...piecesDefinition('pieces', ''),
  // A staging table has no log, and is empty after a crash of the server: so is what tells of its pieces.
  ...piecesDefinition('staged_pieces', 'UNLOGGED '),
  deferredIndexesDefinition,
  // The last one tells that the ledger is there whole.
  `CREATE TABLE IF NOT EXISTS pgv.finished (
  load_id text PRIMARY KEY,
  inserted bigint NOT NULL,
  updated bigint NOT NULL,
  unchanged bigint NOT NULL,
  skipped bigint NOT NULL,
  deleted bigint NOT NULL,
  rejected bigint NOT NULL,
  filenode text,
  finished_at timestamptz NOT NULL DEFAULT now()
)`,
];

/** The tables of the definition, by their names in schema pgv. */
export const ledgerTables = [
  'loads',
  'pieces',
  'pieces_stored',
  'staged_pieces',
  'staged_pieces_stored',
  'deferred_indexes',
  'finished',
] as const;

/** What is known when a piece's transaction begins, and what when it ends: two rows, as none is updated. */
function piecesDefinition(name: string, persistence: string): string[] {
  const key = 'load_id text, file integer, piece integer';
  return [
    `CREATE ${persistence}TABLE IF NOT EXISTS pgv.${name} (
  ${key},
  first_row bigint NOT NULL,
  records bigint NOT NULL,
  byte_offset bigint NOT NULL,
  byte_length bigint NOT NULL,
  checksum text NOT NULL,
  backend_pid integer NOT NULL DEFAULT pg_backend_pid(),
  began_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (load_id, file, piece)
)`,
    `CREATE ${persistence}TABLE IF NOT EXISTS pgv.${name}_stored (
  ${key},
  rows bigint NOT NULL,
  rejected bigint NOT NULL,
  filenode text,
  PRIMARY KEY (load_id, file, piece)
)`,
  ];
}

/** Gives a row where the ledger is there whole: whether the role may read it, and whether it may write in it (usable). */
export function findLedger(): Statement {
  return {
    text: `SELECT pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT') AS readable,
  pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
  AND pg_catalog.has_table_privilege(c.oid, 'INSERT') AND pg_catalog.has_table_privilege(c.oid, 'DELETE') AS usable
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'pgv' AND c.relname = 'finished'`,
  };
}

export interface NewLoad {
  loadId: string;
  tableOid: number;
  /** Qualified, for people. */
  tableName: string;
  createdTable: boolean;
  /** Quoted and qualified; null: straight into the table. */
  staging: string | null;
  sources: unknown;
  sourceKey: string | null;
  shape: unknown;
  shapeKey: string;
  mode: unknown;
  pieceLength: number;
}

export function insertLoad(load: NewLoad): Statement {
  return {
    text: `INSERT INTO pgv.loads (load_id, table_oid, table_name, created_table, staging, sources, source_key, shape, shape_key, mode, piece_length, filenode)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, ${filenodeOf('$2')})`,
    values: [
      load.loadId,
      load.tableOid,
      load.tableName,
      load.createdTable,
      load.staging,
      JSON.stringify(load.sources),
      load.sourceKey,
      JSON.stringify(load.shape),
      load.shapeKey,
      JSON.stringify(load.mode),
      load.pieceLength,
    ],
  };
}

export interface LoadCounts {
  inserted: number;
  updated: number;
  unchanged: number;
  skipped: number;
  deleted: number;
  rejected: number;
}

/** Marks a load as finished. Gives one row, or none where it is already. */
export function insertFinished(loadId: string, tableOid: number, counts: LoadCounts): Statement {
  const { inserted, updated, unchanged, skipped, deleted, rejected } = counts;
  return {
    text: `INSERT INTO pgv.finished (load_id, inserted, updated, unchanged, skipped, deleted, rejected, filenode)
VALUES ($1, $3, $4, $5, $6, $7, $8, ${filenodeOf('$2')}) ON CONFLICT DO NOTHING RETURNING load_id`,
    values: [loadId, tableOid, inserted, updated, unchanged, skipped, deleted, rejected],
  };
}

/**
 * The loads into a table, the newest first: what `RecordedLoad` says of each.
 * @param tableOid undefined: into whatever table
 */
export function loadsInto(tableOid: number | undefined): Statement {
  return {
    text: `SELECT load_id AS "loadId", l.table_oid::int8 AS "tableOid", l.table_name AS "tableName",
  l.created_table AS "createdTable", l.staging, l.sources, l.source_key AS "sourceKey", l.shape, l.shape_key AS "shapeKey",
  l.mode, l.piece_length AS "pieceLength", l.started_at::text AS "startedAt", l.role::text AS role,
  f.finished_at::text AS "finishedAt", f.inserted, f.updated, f.unchanged, f.skipped, f.deleted,
  p.pieces, p.rows, p.bytes, coalesce(f.rejected, p.rejected) AS rejected,
  coalesce(f.filenode, p.filenode, l.filenode) AS filenode
FROM pgv.loads l
LEFT JOIN pgv.finished f USING (load_id)
CROSS JOIN LATERAL (
  SELECT count(*) AS pieces, coalesce(sum(s.rows), 0)::int8 AS rows, coalesce(sum(s.rejected), 0)::int8 AS rejected,
    coalesce(sum(p.byte_length), 0)::int8 AS bytes, (array_agg(s.filenode ORDER BY p.began_at DESC))[1] AS filenode
  FROM (SELECT * FROM pgv.pieces WHERE load_id = l.load_id UNION ALL
        SELECT * FROM pgv.staged_pieces WHERE load_id = l.load_id) AS p
  JOIN (SELECT * FROM pgv.pieces_stored WHERE load_id = l.load_id UNION ALL
        SELECT * FROM pgv.staged_pieces_stored WHERE load_id = l.load_id) AS s USING (file, piece)
) AS p
${tableOid === undefined ? '' : 'WHERE l.table_oid = $1 '}ORDER BY l.started_at DESC`,
    values: tableOid === undefined ? [] : [tableOid],
  };
}

/** Forgets loads; their rows stay where they are. */
export function deleteLoads(loadIds: readonly string[]): Statement {
  const tables = ['pieces', 'pieces_stored', 'staged_pieces', 'staged_pieces_stored', 'finished'];
  const deletions = tables.map(
    (table, i) => `gone${i} AS (DELETE FROM pgv.${table} WHERE load_id = ANY ($1))`,
  );
  return {
    text: `WITH ${deletions.join(', ')} DELETE FROM pgv.loads WHERE load_id = ANY ($1)`,
    values: [loadIds],
  };
}

/** Forgets a load that has stored no piece in its table, as far as this can be seen; one that has stays. */
export function deleteUnstoredLoad(loadId: string): Statement {
  return {
    text: `DELETE FROM pgv.loads WHERE load_id = $1
  AND NOT EXISTS (SELECT FROM pgv.pieces_stored WHERE pieces_stored.load_id = loads.load_id)`,
    values: [loadId],
  };
}

/** Gives a row where a load is finished: LoadCounts. */
export function finishedLoad(loadId: string): Statement {
  return {
    text: `SELECT inserted, updated, unchanged, skipped, deleted, rejected FROM pgv.finished WHERE load_id = $1`,
    values: [loadId],
  };
}
