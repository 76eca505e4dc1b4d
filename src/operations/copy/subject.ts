import type { Database } from '../../database/database.ts';
import { UsageError } from '../../errors.ts';
import { silentReporter } from '../../progress.ts';
import { type Source, tableSource } from '../export/source.ts';
import { describeTableFor } from '../manifest/describe-table.ts';
import type { ManifestTable } from '../manifest/manifest.ts';
import type { TableDescription } from '../tables.ts';
import type { CopyOptions } from './options.ts';
import { sameName } from './target.ts';
import { type ChangedColumn, changedColumn } from './vector-column.ts';

/** What is copied, and where to. */
export interface Subject {
  source: Source;
  table: TableDescription;
  /** How it is made again. */
  told: ManifestTable;
  changed: ChangedColumn | undefined;
  /** As messages and the ledger name it. */
  name: string;
  /** `[schema.]name` */
  toTable: string;
}

/** @throws UsageError for what is not there, and for vectors that cannot be changed as is asked */
export async function subjectOf(from: Database, options: CopyOptions): Promise<Subject> {
  const { columns, where } = options;
  // Silent of generated columns: the other table makes them again.
  const source = await tableSource(from, { table: options.table, columns, where }, silentReporter);
  const table = source.table!;
  if (source.columns.length === 0) {
    throw new UsageError(`${table.shown} has no columns`, {
      code: 'no-column',
      hint: 'name another table with -t',
    });
  }
  return {
    source,
    table,
    told: await from.transaction((session) => describeTableFor(session, table, columns ?? null)),
    changed: changedColumn(table, source.columns, options),
    name: `${table.schema}.${table.name} of ${from.target.description}`,
    toTable: options.toTable ?? (await sameName(from, table, options.table)),
  };
}
