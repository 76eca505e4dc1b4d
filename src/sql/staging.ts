import type { Statement } from '../database/database.ts';
import { quoteName } from './identifiers.ts';

/** The staging table's own column: the row's number in the load, from 1, which no other row has. */
export const rowNumberColumn = 'pgv_row';

/** What a merge does with a row whose key is there already. */
export type OnConflict = 'error' | 'skip' | 'update';

export interface Merge {
  /** Quoted and qualified. */
  target: string;
  staging: string;
  /** Whether the staging table is the session's own. */
  temporary: boolean;
  /** Whether the target is partitioned. */
  partitioned: boolean;
  columns: readonly string[];
  onConflict: OnConflict;
  /** The columns that say which row is meant; needed for `update`, optional for `skip`. */
  key: readonly string[];
}

/** What came of a merge. Of the staged rows, each is in one of the four. */
export interface MergeCounts {
  inserted: number;
  updated: number;
  /** There already, just as they came. */
  unchanged: number;
  /** Left out: another row of their key counts, or a trigger took them. */
  skipped: number;
}

/** A constraint of the target's, as ALTER TABLE takes it. */
export interface StagingConstraint {
  /** `ALTER COLUMN "id" SET NOT NULL`, `ADD CONSTRAINT "positive" CHECK (n > 0)`. */
  clause: string;
}

/**
 * The target's NOT NULL and CHECK constraints that are about the loaded columns alone, as rows of StagingConstraint:
 * with them on the staging table, COPY finds the rows that break them, and names each. None where a trigger sees the
 * rows first, as it may mend them.
 */
export function constraintsForStaging(tableOid: number, columns: readonly string[]): Statement {
  return {
    text: `WITH loaded AS (
  SELECT attname, attnum, attnotnull FROM pg_catalog.pg_attribute
  WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped AND attname = ANY ($2::name[])
), clauses AS (
  SELECT 1 AS place, attname AS name, format('ALTER COLUMN %I SET NOT NULL', attname) AS clause
  FROM loaded WHERE attnotnull
  UNION ALL
  SELECT 2, conname, format('ADD CONSTRAINT %I %s', conname, pg_catalog.pg_get_constraintdef(oid))
  FROM pg_catalog.pg_constraint
  WHERE conrelid = $1 AND contype = 'c' AND conkey <@ (SELECT array_agg(attnum) FROM loaded) AND conkey <> '{}'
)
SELECT clause FROM clauses
WHERE NOT EXISTS (
  SELECT FROM pg_catalog.pg_trigger
  WHERE (tgrelid = $1 OR tgrelid IN (SELECT relid FROM pg_catalog.pg_partition_tree($1::oid::regclass)))
    AND NOT tgisinternal AND tgenabled <> 'D' AND tgtype & ${beforeRowInsert} = ${beforeRowInsert}
)
ORDER BY place, name`,
    values: [tableOid, columns],
  };
}

/** TRIGGER_TYPE_ROW, _BEFORE and _INSERT of pg_trigger.h. */
const beforeRowInsert = 1 + 2 + 4;

/** An empty table with the columns of the target's that are loaded, and the row's number. Without a log, as it is dropped. */
export function createStaging(
  { target, staging, temporary, columns }: Merge,
  constraints: readonly StagingConstraint[],
): Statement {
  const kind = temporary ? 'TEMPORARY' : 'UNLOGGED';
  const create = `CREATE ${kind} TABLE ${staging} AS SELECT NULL::bigint AS ${rowNumberColumn}, ${names(columns)} FROM ${target} WITH NO DATA`;
  if (constraints.length === 0) return { text: create };
  return {
    text: `${create};\nALTER TABLE ${staging}\n  ${constraints.map(({ clause }) => clause).join(',\n  ')}`,
  };
}

export function dropStaging(staging: string): Statement {
  return { text: `DROP TABLE IF EXISTS ${staging}` };
}

/**
 * Everything staged into the target, in the order of the file. Of several rows with one key, the last one updates,
 * and a row that is there just so already is left alone. Gives one row of MergeCounts.
 */
export function mergeStaged(merge: Merge): Statement {
  const columns = names(merge.columns);
  const counts =
    merge.onConflict === 'update'
      ? `total.latest - inserted - updated AS unchanged, total.staged - total.latest AS skipped`
      : `0::int8 AS unchanged, total.staged - inserted AS skipped`;
  return {
    text: `WITH ${latestRows(merge)}merged AS (
INSERT INTO ${merge.target} AS target (${columns}) OVERRIDING SYSTEM VALUE
SELECT ${columns} FROM ${rowsToMerge(merge)} ORDER BY ${rowNumberColumn}
${conflictClause(merge)}RETURNING ${isInserted(merge)} AS inserted
), done AS (
SELECT count(*) FILTER (WHERE inserted) AS inserted, count(*) FILTER (WHERE NOT inserted) AS updated FROM merged
), total AS (
SELECT count(*) AS staged${merge.onConflict === 'update' ? ', (SELECT count(*) FROM latest) AS latest' : ''} FROM ${merge.staging}
)
SELECT inserted, updated, ${counts} FROM done, total`,
  };
}

function rowsToMerge({ onConflict, staging }: Merge): string {
  return onConflict === 'update' ? `${staging} JOIN latest USING (${rowNumberColumn})` : staging;
}

/**
 * The numbers of the staged rows that count: of those with one key the last. A key with a NULL in it is no other
 * row's, as in a unique index. Numbers alone, as whole rows would be sorted with their vectors.
 */
function latestRows({ onConflict, staging, key }: Merge): string {
  if (onConflict !== 'update') return '';
  const hasNull = key.map((column) => `${quoteName(column)} IS NULL`).join(' OR ');
  return `latest AS MATERIALIZED (
SELECT max(${rowNumberColumn}) AS ${rowNumberColumn} FROM ${staging}
GROUP BY ${names(key)}, CASE WHEN ${hasNull} THEN ${rowNumberColumn} END
), `;
}

/**
 * Whether a row that comes back from the merge is a new one. Nothing of the row is looked at where nothing is
 * updated, so that a role that may only insert can.
 */
function isInserted({ onConflict, target, partitioned, key }: Merge): string {
  if (onConflict !== 'update') return 'true';
  if (!partitioned) return 'target.xmax = 0';
  // Rows on their way into a partition have no xmax. A subquery sees the table as it was before.
  const same = key.map((column) => `old.${quoteName(column)} = target.${quoteName(column)}`).join(' AND ');
  return `NOT EXISTS (SELECT FROM ${target} AS old WHERE ${same})`;
}

/**
 * Rows are compared by their bytes (record_image_ne, `*<>` between records): equality is not there for every type
 * (json, point), and where it is may hold between values that print differently (numeric 1.0 and 1.00, citext).
 * https://www.postgresql.org/docs/current/functions-comparisons.html#COMPOSITE-TYPE-COMPARISON
 */
function conflictClause({ onConflict, columns, key }: Merge): string {
  if (onConflict === 'error') return '';
  const target = key.length > 0 ? `(${names(key)}) ` : '';
  const others = columns.filter((column) => !key.includes(column)).map(quoteName);
  if (onConflict === 'skip' || others.length === 0) return `ON CONFLICT ${target}DO NOTHING\n`;
  const row = (of: string) => `ROW(${others.map((name) => `${of}.${name}`).join(', ')})`;
  return `ON CONFLICT ${target}DO UPDATE SET ${others.map((name) => `${name} = EXCLUDED.${name}`).join(', ')}
WHERE pg_catalog.record_image_ne(${row('target')}, ${row('EXCLUDED')})
`;
}

/** A tenant's rows, where the load is about them alone. */
export interface TenantRows {
  column: string;
  /** The column's type, as SQL writes it. */
  type: string;
  value: string;
}

/**
 * Deletes the target's rows whose key is not staged; run before the merge, in its transaction, it makes room for rows
 * that bring what the deleted ones had. A row with a NULL in its key has no other like it, and goes.
 */
export function deleteMissing({ target, staging, key }: Merge, tenant: TenantRows | undefined): Statement {
  const same = key.map((column) => `staged.${quoteName(column)} = target.${quoteName(column)}`).join(' AND ');
  const text = `DELETE FROM ${target} AS target
WHERE NOT EXISTS (SELECT FROM ${staging} AS staged WHERE ${same})`;
  if (tenant === undefined) return { text };
  return {
    text: `${text} AND target.${quoteName(tenant.column)} = $1::text::${tenant.type}`,
    values: [tenant.value],
  };
}

/** The staged rows with these numbers, to merge from in place of the whole table. */
export function stagedBetween(staging: string, first: number, last: number): string {
  return `(SELECT * FROM ${staging} WHERE ${rowNumberColumn} BETWEEN ${first} AND ${last}) AS staged`;
}

/** Gives one row: the first number and the last. */
export function stagedRange(staging: string): Statement {
  return { text: `SELECT min(${rowNumberColumn}) AS first, max(${rowNumberColumn}) AS last FROM ${staging}` };
}

/** For `stagedBetween`. */
export function indexStaging(staging: string): Statement {
  return { text: `CREATE INDEX ON ${staging} (${rowNumberColumn}); ANALYZE ${staging} (${rowNumberColumn})` };
}

/** Gives one row: record, a staged row's values as text of JSON. */
export function stagedRow(staging: string, number: number): Statement {
  return {
    text: `SELECT (to_jsonb(staged) - '${rowNumberColumn}')::text AS record FROM ${staging} AS staged WHERE ${rowNumberColumn} = $1`,
    values: [number],
  };
}

/** Gives one row: any. */
export function hasStaged(staging: string): Statement {
  return { text: `SELECT EXISTS (SELECT FROM ${staging}) AS any` };
}

function names(columns: readonly string[]): string {
  return columns.map(quoteName).join(', ');
}
