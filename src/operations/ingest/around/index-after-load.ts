import type { Database } from '../../../database/database.ts';
import { InterruptedError, PgvError, UsageError } from '../../../errors.ts';
import type { Reporter } from '../../../progress.ts';
import { shellWord } from '../../../shell-word.ts';
import { quoteQualified } from '../../../sql/identifiers.ts';
import type { IndexType } from '../../../vector/metrics.ts';
import { cancellable } from '../../cancellable.ts';
import { requireVectorExtension } from '../../extension.ts';
import { checkRequest } from '../../index-create/checks.ts';
import { createVectorIndex } from '../../index-create/index-create.ts';
import {
  type ColumnDescription,
  findVectorColumn,
  type TableDescription,
  type VectorColumn,
} from '../../tables.ts';

/** A table that is loaded, and is to have an index. */
export interface Indexable {
  table: TableDescription;
  /** Those that are loaded: the vectors among them are indexed. */
  columns: readonly ColumnDescription[];
  /** Whether the load made the table: nobody else can be using it yet. */
  created: boolean;
}

/** @throws UsageError where the table cannot have such an index: to be known before rows are loaded */
export async function checkIndex(database: Database, loaded: Indexable, type: IndexType): Promise<void> {
  checkRequest(loaded.table, columnOf(loaded), { type });
  await requireVectorExtension(database);
}

/**
 * Makes an index on the loaded vectors as `pgv index create` would, with the memory that its build takes, unless one
 * like it is there.
 * @throws PgvError that says that the rows are stored
 */
export async function indexAfterLoad(
  database: Database,
  loaded: Indexable,
  type: IndexType,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<void> {
  const { table, created } = loaded;
  try {
    await cancellable(database, signal, async () => {
      const column = columnOf(loaded);
      const request = {
        type,
        table: quoteQualified(table.schema, table.name),
        vectorColumn: column.name,
        ...(created ? { concurrently: false } : {}),
      };
      const index = await createVectorIndex(database, request, reporter);
      if (index.created) reporter.note(`created index ${index.index} in ${index.seconds.toFixed(1)} s`);
    });
  } catch (error) {
    throw stillLoaded(error, table, type);
  }
}

function columnOf({ table, columns }: Indexable): VectorColumn {
  const loaded = columns.filter(({ vector }) => vector !== undefined);
  return findVectorColumn(table, loaded.length === 1 ? loaded[0]!.name : undefined);
}

function stillLoaded(error: unknown, { shown }: TableDescription, type: IndexType): unknown {
  if (!(error instanceof PgvError)) return error;
  const next = `every row is stored; \`pgv index create -t ${shellWord(shown)} --type ${type}\` makes the index`;
  const hint = error instanceof InterruptedError || error instanceof UsageError ? undefined : error.hint;
  return error.withHint([hint, next].filter((part) => part !== undefined).join('; '));
}
