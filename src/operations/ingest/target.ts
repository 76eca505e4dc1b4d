import { randomBytes } from 'node:crypto';
import type { Database, Session } from '../../database/database.ts';
import { PgvError, UsageError } from '../../errors.ts';
import { quoteName, quoteQualified } from '../../sql/identifiers.ts';
import { deleteStagedPieces, keepStagedPieces, type PieceTable } from '../../sql/ledger-pieces.ts';
import { dropStaging, type Merge, type OnConflict } from '../../sql/staging.ts';
import { tableNamed } from '../../sql/tables.ts';
import { truncate } from '../../sql/truncate.ts';
import { cancellable, queryAnyway } from '../cancellable.ts';
import { sweepStaging } from '../ledger/sweep.ts';
import type { TableDescription } from '../tables.ts';
import type { RefuseRow } from './merge-around.ts';
import { type MergeOptions, type MergeOutcome, makeStaging, mergeRows } from './staging.ts';

/** How rows reach their table. */
export interface TargetStrategy {
  /** Where the lanes copy to, quoted and qualified. */
  copyInto: string;
  /** Whether each row goes with its number in the load, as its first column. */
  numbered: boolean;
  /** Whether a piece that has been copied is in the table for good. */
  immediate: boolean;
  /** Run with the load's first piece, in its transaction. */
  beforeFirst: string | undefined;
  /** Which of the ledger's tables tells of its pieces. */
  pieces: PieceTable;
  prepare: (database: Database) => Promise<void>;
  /**
   * After the last piece, within a transaction.
   * @param copied rows that the lanes have stored
   * @param refuse left out, a row that the table does not take ends it all
   */
  finish: (session: Session, copied: number, refuse?: RefuseRow) => Promise<MergeOutcome>;
  /** After finish, in its transaction: the ledger need not tell of staged pieces any more. */
  forget: (session: Session) => Promise<void>;
  /** After finish, or instead of it where the load will not go on: leaves nothing behind but the table. */
  cleanUp: () => Promise<void>;
}

export interface TargetOptions {
  /** Default: error. */
  onConflict?: OnConflict | undefined;
  key?: readonly string[] | undefined;
  /** All rows or none; default no. */
  atomic?: boolean | undefined;
  /** What the table holds goes first; default no. */
  truncate?: boolean | undefined;
  /** Rows whose key is not loaded go too: those of the tenant alone, where one is given. */
  deleteMissing?: boolean | undefined;
  tenant?: string | undefined;
  tenantColumn?: string | undefined;
}

/** Whether rows must be merged, come all at once, or pass row security (which COPY refuses). */
export function needsStaging(
  { onConflict = 'error', atomic }: TargetOptions,
  table: TableDescription | undefined,
): boolean {
  return onConflict !== 'error' || atomic === true || table?.rowSecurity === true;
}

/** The load that a staging table is for, as the ledger has it. */
export interface StagingLoad {
  loadId: string;
  /** Quoted and qualified. */
  staging: string;
}

/** Where a load stages its rows: beside the ledger, where the role may make tables whatever the target's schema is. */
export function stagingName(loadId: string): string {
  return quoteQualified('pgv', `staging_${loadId}`);
}

/**
 * Straight into the table, a piece a transaction; or, where `needsStaging` says so, through a staging table and one
 * merge.
 * @param load undefined: there is no ledger
 */
export function chooseTarget(
  database: Database,
  table: TableDescription,
  columns: readonly string[],
  options: TargetOptions,
  load: StagingLoad | undefined,
  signal: AbortSignal,
): TargetStrategy {
  const key = conflictKey(table, columns, options);
  const target = quoteQualified(table.schema, table.name);
  if (!needsStaging(options, table))
    return straightInto(target, options.truncate ? truncate(target, database.limits.lock) : undefined);
  const name = `pgv_staging_${randomBytes(6).toString('hex')}`;
  // With one lane only, all see one session and its temporary tables, which a kill leaves nothing of.
  const temporary = load === undefined && database.maxLanes === 1;
  const staging = load?.staging ?? (temporary ? quoteName(name) : quoteQualified(table.schema, name));
  const partitioned = table.kind === 'partitioned table';
  const merge: Merge = {
    target,
    staging,
    temporary,
    partitioned,
    columns,
    onConflict: options.onConflict ?? 'error',
    key,
  };
  return throughStaging(database, table.oid, merge, mergeOptions(table, options), load?.loadId, signal);
}

function straightInto(target: string, beforeFirst: string | undefined): TargetStrategy {
  return {
    copyInto: target,
    numbered: false,
    immediate: true,
    beforeFirst,
    pieces: 'pieces',
    prepare: async () => {},
    finish: async (_, copied) => ({ inserted: copied, updated: 0, unchanged: 0, skipped: 0, deleted: 0 }),
    forget: async () => {},
    cleanUp: async () => {},
  };
}

function throughStaging(
  database: Database,
  tableOid: number,
  merge: Merge,
  how: MergeOptions,
  loadId: string | undefined,
  signal: AbortSignal,
): TargetStrategy {
  const prepare = async (database: Database) => {
    const { rows } = await database.query<{ oid: number | null }>(tableNamed(merge.staging));
    if (rows[0]!.oid !== null) return;
    if (loadId !== undefined) await sweepStaging(database);
    await database.transaction(async (session) => {
      // Pieces of a staging table that is gone are gone with it.
      if (loadId !== undefined) await session.query(deleteStagedPieces(loadId));
      await makeStaging(session, tableOid, merge);
    });
  };
  return {
    copyInto: merge.staging,
    numbered: true,
    immediate: false,
    beforeFirst: undefined,
    pieces: 'staged_pieces',
    prepare: (session) =>
      cancellable(session, signal, () => prepare(session)).catch((error) => {
        throw withoutPermission(error) ? error.withHint(stagingHint) : error;
      }),
    finish: (session, _, refuse) => mergeRows(session, merge, how, refuse),
    forget: async (session) => {
      if (loadId !== undefined) await session.query(keepStagedPieces(loadId));
    },
    cleanUp: () => removeStaging(database, merge),
  };
}

function mergeOptions(table: TableDescription, options: TargetOptions): MergeOptions {
  const { truncate, deleteMissing, tenant, tenantColumn = 'tenant_id' } = options;
  if (!deleteMissing) return { truncate };
  if (tenant === undefined) return { deleteMissing: {} };
  // The rows go into it, so it is there.
  const { name: column, declared: type } = table.columns.find(({ name }) => name === tenantColumn)!;
  return { deleteMissing: { tenant: { column, type, value: tenant } } };
}

const stagingHint =
  "rows go through a staging table beside the ledger, or without one in the table's schema: `pgv init --grant <role>` gives a role what it needs, or GRANT CREATE ON SCHEMA … TO it; and SELECT on the table";

function withoutPermission(error: unknown): error is PgvError {
  return error instanceof PgvError && error.sqlstate === '42501';
}

/** What a session of the embedded database cannot drop any more has gone with the session. */
async function removeStaging(database: Database, { staging, temporary }: Merge): Promise<void> {
  await queryAnyway(database, dropStaging(staging)).catch((error: unknown) => {
    if (!temporary) throw error;
  });
}

/** @throws UsageError for a key that nobody asks for */
export function checkKey({ onConflict = 'error', key }: Pick<TargetOptions, 'onConflict' | 'key'>): void {
  if (key === undefined || onConflict !== 'error') return;
  throw new UsageError(
    '--key says which rows are the same, which only --on-conflict skip or update asks for',
  );
}

function conflictKey(
  table: TableDescription,
  columns: readonly string[],
  { onConflict = 'error', key }: TargetOptions,
): readonly string[] {
  const chosen = key ?? (onConflict === 'update' ? table.primaryKey : []);
  if (onConflict === 'update' && chosen.length === 0) {
    throw new UsageError(`table ${table.shown} has no primary key to tell which rows to update`, {
      code: 'no-key',
      hint: 'name the columns of a unique index with --key <columns>',
    });
  }
  const absent = chosen.find((column) => !columns.includes(column));
  if (absent !== undefined) {
    throw new UsageError(`key column ${absent} is not among the columns loaded`, {
      code: 'no-key',
      column: absent,
      hint: `load it too (${columns.join(', ')} are), or name other columns with --key`,
    });
  }
  return chosen;
}
