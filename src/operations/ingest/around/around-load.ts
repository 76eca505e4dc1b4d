import type { Database } from '../../../database/database.ts';
import { DataError, UsageError } from '../../../errors.ts';
import type { Reporter } from '../../../progress.ts';
import type { OnConflict } from '../../../sql/staging.ts';
import type { IndexType } from '../../../vector/metrics.ts';
import { cancellable } from '../../cancellable.ts';
import { deferIndexes } from '../../deferred-indexes/defer.ts';
import { restoreIndexes } from '../../deferred-indexes/restore.ts';
import { checkTruncate } from './before-truncate.ts';
import { checkIndex, type Indexable, indexAfterLoad } from './index-after-load.ts';
import { type ChangedRows, maintainAfterLoad, type VacuumMode } from './maintain.ts';

/** What is done before and after the rows come. */
export interface AroundOptions {
  /** What the table holds goes, with the first piece that comes or with the merge; default no. */
  truncate?: boolean | undefined;
  /** Rows whose key the files have no more go with the merge; default no. */
  deleteMissing?: boolean | undefined;
  /** Drop the table's secondary indexes before, and build them again after; default no. */
  deferIndexes?: boolean | undefined;
  /** An index on the vectors that are loaded, where there is none like it. */
  index?: IndexType | undefined;
  /** Default: auto. */
  vacuum?: VacuumMode | undefined;
}

interface LoadingOptions extends AroundOptions {
  onConflict?: OnConflict | undefined;
  onError?: 'stop' | 'skip' | undefined;
  tenant?: string | undefined;
}

/** @throws UsageError for options that do not go together, known without looking at anything */
export function checkAround(options: LoadingOptions, ledger: boolean): void {
  const { truncate, deleteMissing, onConflict, onError } = options;
  if (deleteMissing && onConflict !== 'update') {
    throw new UsageError(
      '--delete-missing goes with --on-conflict update, by whose key it knows what is missing',
    );
  }
  if (deleteMissing && truncate) {
    throw new UsageError(
      '--delete-missing and --truncate exclude each other: one keeps what the other removes',
    );
  }
  if (deleteMissing && onError === 'skip') {
    throw new UsageError('--delete-missing and --on-error skip exclude each other', {
      hint: 'a row that is left out would count as missing, and its key be deleted',
    });
  }
  if (options.deferIndexes && !ledger) {
    throw new UsageError('--defer-indexes drops indexes that only the ledger remembers, and there is none', {
      hint: 'leave --no-ledger out; `pgv init --grant <role>` lets a role keep a ledger',
    });
  }
}

/** @throws UsageError, DatabaseError where the table cannot have done to it what is asked for */
export async function checkTable(
  database: Database,
  { table, columns, created }: Indexable,
  options: LoadingOptions,
): Promise<void> {
  if (options.truncate) await checkTruncate(database, table, { tenant: options.tenant !== undefined });
  if (options.index !== undefined) await checkIndex(database, { table, columns, created }, options.index);
}

/** Before the first row of a load. @throws as checkTable does */
export async function beforeLoad(
  database: Database,
  loaded: Indexable,
  options: LoadingOptions,
  loadId: string,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<void> {
  const { table, created } = loaded;
  await cancellable(database, signal, async () => {
    await checkTable(database, loaded, options);
    if (!options.deferIndexes || created) return;
    const names = await database.transaction((session) => deferIndexes(session, table, loadId));
    if (names.length > 0) reporter.note(`dropped ${names.join(', ')} until the load is done`);
  });
}

/** @throws DataError for a file without rows, which would leave an emptied table: its producer may have died */
export function checkNotEmpty(file: string, rows: number): void {
  if (rows > 0) return;
  throw new DataError('there are no rows, and --truncate would leave the table empty', {
    code: 'no-rows',
    file,
    hint: 'look at what made the file; the table is as it was',
  });
}

/**
 * After the last row of a run: statistics, then indexes, which would have made a VACUUM slow. Those that an earlier
 * load has left dropped come back too.
 */
export async function afterLoads(
  database: Database,
  loaded: Indexable,
  changed: ChangedRows,
  options: AroundOptions,
  ledger: boolean,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<void> {
  const { table } = loaded;
  await maintainAfterLoad(database, table, changed, options.vacuum ?? 'auto', reporter, signal);
  if (ledger) {
    for (const { index, status, seconds } of await restoreIndexes(database, table, reporter, signal)) {
      if (status === 'built') reporter.note(`built index ${index} in ${seconds.toFixed(1)} s`);
    }
  }
  if (options.index !== undefined) await indexAfterLoad(database, loaded, options.index, reporter, signal);
}
