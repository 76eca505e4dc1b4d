import { randomBytes } from 'node:crypto';
import type { Database } from '../../database/database.ts';
import { PgvError, UsageError } from '../../errors.ts';
import { quoteName, quoteQualified } from '../../sql/identifiers.ts';
import { createStaging, dropStaging, type Merge, mergeStaged, type OnConflict } from '../../sql/staging.ts';
import { cancellable, queryAnyway } from '../cancellable.ts';
import type { TableDescription } from '../tables.ts';

/** How rows reach their table. */
export interface TargetStrategy {
  /** Where the lanes copy to, quoted and qualified. */
  copyInto: string;
  /** Whether each row goes with its number in the file, as its first column. */
  numbered: boolean;
  /** Whether a piece that has been copied is in the table for good. */
  immediate: boolean;
  prepare: () => Promise<void>;
  /** After the last piece. @param copied rows the lanes have stored */
  finish: (copied: number) => Promise<Outcome>;
  /** Instead of finish, or after it: leaves nothing behind but the table. */
  cleanUp: () => Promise<void>;
}

export interface Outcome {
  inserted: number;
  updated: number;
  skipped: number;
}

export interface TargetOptions {
  /** Default: error. */
  onConflict?: OnConflict | undefined;
  key?: readonly string[] | undefined;
  /** All rows or none; default no. */
  atomic?: boolean | undefined;
}

/**
 * Straight into the table, a piece a transaction; or, where rows must be merged, come all at once or pass row
 * security (which COPY refuses), through a staging table and one merge.
 */
export function chooseTarget(
  database: Database,
  table: TableDescription,
  columns: readonly string[],
  options: TargetOptions,
  signal: AbortSignal,
): TargetStrategy {
  const key = conflictKey(table, columns, options);
  const { onConflict = 'error' } = options;
  const straight = onConflict === 'error' && !options.atomic && !table.rowSecurity;
  const target = quoteQualified(table.schema, table.name);
  if (straight) return straightInto(target);
  const name = `pgv_staging_${randomBytes(6).toString('hex')}`;
  // With one lane only, all see one session and its temporary tables, which a kill leaves nothing of.
  const temporary = database.maxLanes === 1;
  const staging = temporary ? quoteName(name) : quoteQualified(table.schema, name);
  const partitioned = table.kind === 'partitioned table';
  const merge = { target, staging, temporary, partitioned, columns, onConflict, key };
  return throughStaging(database, merge, signal);
}

function straightInto(target: string): TargetStrategy {
  return {
    copyInto: target,
    numbered: false,
    immediate: true,
    prepare: async () => {},
    finish: async (copied) => ({ inserted: copied, updated: 0, skipped: 0 }),
    cleanUp: async () => {},
  };
}

function throughStaging(database: Database, merge: Merge, signal: AbortSignal): TargetStrategy {
  return {
    copyInto: merge.staging,
    numbered: true,
    immediate: false,
    prepare: async () => {
      await cancellable(database, signal, () => database.query(createStaging(merge))).catch((error) => {
        throw withoutPermission(error) ? error.withHint(stagingHint) : error;
      });
    },
    finish: async () => {
      const { rows } = await cancellable(database, signal, () =>
        database.query<MergeCounts>(mergeStaged(merge)),
      );
      const { inserted, updated, staged } = rows[0]!;
      return { inserted, updated, skipped: staged - inserted - updated };
    },
    cleanUp: () => removeStaging(database, merge),
  };
}

const stagingHint =
  "rows go through a staging table in the table's schema: GRANT CREATE ON SCHEMA … TO the role, and SELECT on the table";

function withoutPermission(error: unknown): error is PgvError {
  return error instanceof PgvError && error.sqlstate === '42501';
}

interface MergeCounts {
  inserted: number;
  updated: number;
  staged: number;
}

/** What a session of the embedded database cannot drop any more has gone with the session. */
async function removeStaging(database: Database, { staging, temporary }: Merge): Promise<void> {
  await queryAnyway(database, dropStaging(staging)).catch((error: unknown) => {
    if (!temporary) throw error;
  });
}

function conflictKey(
  table: TableDescription,
  columns: readonly string[],
  options: TargetOptions,
): readonly string[] {
  const { onConflict = 'error', key } = options;
  if (key !== undefined && onConflict === 'error') {
    throw new UsageError(
      '--key says which rows are the same, which only --on-conflict skip or update asks for',
    );
  }
  const chosen = key ?? (onConflict === 'update' ? table.primaryKey : []);
  if (onConflict === 'update' && chosen.length === 0) {
    throw new UsageError(`table ${table.name} has no primary key to tell which rows to update`, {
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
