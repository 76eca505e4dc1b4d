import type { Database } from '../../../database/database.ts';
import { InterruptedError, PgvError, UsageError } from '../../../errors.ts';
import type { Reporter } from '../../../progress.ts';
import { quoteQualified } from '../../../sql/identifiers.ts';
import { countVectors } from '../../../sql/indexes.ts';
import type { IndexType } from '../../../vector/metrics.ts';
import { cancellable } from '../../cancellable.ts';
import { requireVectorExtension } from '../../extension.ts';
import { createVectorIndex } from '../../index-create/index-create.ts';
import { memoryForBuild } from '../../index-create/memory.ts';
import { type IndexPlan, planIndex } from '../../index-create/plan.ts';
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
  try {
    await plan(database, loaded, type);
  } catch (error) {
    // That is what the load is about to change.
    if (!(error instanceof PgvError) || error.code !== 'empty-table') throw error;
  }
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
      const { column, definition } = await plan(database, loaded, type);
      const { rows } = await database.query<{ rows: number }>(countVectors(table, column.name));
      const { vector, dimensions = -1 } = column;
      const subject = { method: type, type: vector, dimensions, parameters: definition.parameters };
      const memory = await memoryForBuild(database, subject, rows[0]!.rows);
      const request = {
        type,
        table: quoteQualified(table.schema, table.name),
        vectorColumn: column.name,
        ...(created ? { concurrently: false } : {}),
        memory,
      };
      const index = await createVectorIndex(database, request, reporter);
      if (index.created) reporter.note(`created index ${index.index} in ${Math.round(index.seconds)} s`);
    });
  } catch (error) {
    throw stillLoaded(error, table, type);
  }
}

async function plan(
  database: Database,
  { table, columns }: Indexable,
  type: IndexType,
): Promise<{ column: VectorColumn; definition: Pick<IndexPlan['definition'], 'parameters'> }> {
  const loaded = columns.filter(({ vector }) => vector !== undefined);
  const column = findVectorColumn(table, loaded.length === 1 ? loaded[0]!.name : undefined);
  const extension = await requireVectorExtension(database);
  const { definition } = await planIndex(database, table, column, { type }, extension.schema);
  return { column, definition };
}

function stillLoaded(error: unknown, { name }: TableDescription, type: IndexType): unknown {
  if (!(error instanceof PgvError)) return error;
  const next = `every row is stored; \`pgv index create -t ${name} --type ${type}\` makes the index`;
  const hint = error instanceof InterruptedError || error instanceof UsageError ? undefined : error.hint;
  return error.withHint([hint, next].filter((part) => part !== undefined).join('; '));
}
