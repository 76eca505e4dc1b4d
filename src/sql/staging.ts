import type { Statement } from '../database/database.ts';
import { quoteName } from './identifiers.ts';

/** The staging table's own column: the row's number in the file, from 1. */
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

/** An empty table with the columns of the target's that are loaded, and the row's number. Without a log, as it is dropped. */
export function createStaging({ target, staging, temporary, columns }: Merge): Statement {
  const list = columns.map(quoteName).join(', ');
  return {
    text: `CREATE ${temporary ? 'TEMPORARY' : 'UNLOGGED'} TABLE ${staging} AS SELECT NULL::bigint AS ${rowNumberColumn}, ${list} FROM ${target} WITH NO DATA`,
  };
}

export function dropStaging(staging: string): Statement {
  return { text: `DROP TABLE IF EXISTS ${staging}` };
}

/**
 * Everything staged into the target, in the order of the file. Of several rows with one key, the last one updates.
 * Gives one row: inserted, updated, staged.
 */
export function mergeStaged(merge: Merge): Statement {
  const columns = merge.columns.map(quoteName).join(', ');
  const rows = merge.onConflict === 'update' ? `(${latestStaged(merge)}) AS latest` : merge.staging;
  const source = `SELECT ${columns} FROM ${rows} ORDER BY ${rowNumberColumn}`;
  return {
    text: `WITH merged AS (
INSERT INTO ${merge.target} AS target (${columns}) OVERRIDING SYSTEM VALUE
${source}
${conflictClause(merge)}RETURNING ${isInserted(merge)} AS inserted
)
SELECT count(*) FILTER (WHERE inserted) AS inserted, count(*) FILTER (WHERE NOT inserted) AS updated,
  (SELECT count(*) FROM ${merge.staging}) AS staged
FROM merged`,
  };
}

/** The staged rows, of those with one key the last. A key with a NULL in it is no other row's, as in a unique index. */
function latestStaged({ staging, key }: Merge): string {
  const hasNull = key.map((column) => `${quoteName(column)} IS NULL`).join(' OR ');
  const same = `${names(key)}, CASE WHEN ${hasNull} THEN ${rowNumberColumn} END`;
  return `SELECT DISTINCT ON (${same}) * FROM ${staging}\n  ORDER BY ${same}, ${rowNumberColumn} DESC`;
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

function conflictClause({ onConflict, columns, key }: Merge): string {
  if (onConflict === 'error') return '';
  const target = key.length > 0 ? `(${names(key)}) ` : '';
  const others = columns.filter((column) => !key.includes(column)).map(quoteName);
  if (onConflict === 'skip' || others.length === 0) return `ON CONFLICT ${target}DO NOTHING\n`;
  return `ON CONFLICT ${target}DO UPDATE SET ${others.map((name) => `${name} = EXCLUDED.${name}`).join(', ')}\n`;
}

function names(columns: readonly string[]): string {
  return columns.map(quoteName).join(', ');
}
