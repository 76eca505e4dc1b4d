import type { Database } from '../../database/database.ts';
import { UsageError } from '../../errors.ts';
import type { Reporter } from '../../progress.ts';
import { qualifiedOperator } from '../../sql/search.ts';
import { operatorOf } from '../../vector/metrics.ts';
import { warnOfMissingIndexes } from '../deferred-indexes/pending.ts';
import { requireVectorExtension } from '../extension.ts';
import {
  type ColumnDescription,
  findTable,
  findVectorColumn,
  type TableDescription,
  type VectorColumn,
} from '../tables.ts';
import { withCatalogueAhead } from './ahead.ts';
import { chooseIndex, type IndexChoice, type IndexOptions } from './index-choice.ts';

/** What is searched, and how. */
export interface Subject extends IndexChoice {
  table: TableDescription;
  column: VectorColumn;
  /** As SQL writes it, found whatever the search path. */
  operator: string;
  extensionSchema: string;
  /** The columns that tell rows apart; none where there is no primary key and no column `id`. */
  key: ColumnDescription[];
  shown: ColumnDescription[];
}

export interface SubjectOptions extends IndexOptions {
  /** Columns to show; default: all but vectors. */
  columns?: readonly string[] | undefined;
}

export async function findSubject(
  database: Database,
  options: SubjectOptions,
  reporter: Reporter,
): Promise<Subject> {
  const session = await withCatalogueAhead(database, options.table);
  const table = await findTable(session, options.table);
  const column = findVectorColumn(table, options.vectorColumn);
  const extension = await requireVectorExtension(session);
  const choice = await chooseIndex(session, table, column, options, reporter);
  const key = keyOf(table);
  if (!options.exact) await warnOfMissingIndexes(session, table, reporter);
  return {
    ...choice,
    table,
    column,
    operator: qualifiedOperator(extension.schema, operatorOf(choice.metric)),
    extensionSchema: extension.schema,
    key,
    shown: shownColumns(table, column, key, options.columns),
  };
}

function keyOf(table: TableDescription): ColumnDescription[] {
  const names = table.primaryKey.length > 0 ? table.primaryKey : ['id'];
  return names.flatMap((name) => table.columns.find((column) => column.name === name) ?? []);
}

function shownColumns(
  table: TableDescription,
  searched: VectorColumn,
  key: readonly ColumnDescription[],
  asked: readonly string[] | undefined,
): ColumnDescription[] {
  // Every hit has its key as `id` anyway.
  const isId = ({ name }: ColumnDescription) => name === 'id' && key.length === 1 && key[0]?.name === 'id';
  if (asked === undefined) {
    const isVector = (column: ColumnDescription) =>
      column.name === searched.name || (column.vector !== undefined && column.vector !== 'bit');
    return table.columns.filter((column) => !isVector(column) && !isId(column));
  }
  return asked
    .map((name) => {
      const column = table.columns.find((each) => each.name === name);
      if (column !== undefined) return column;
      throw new UsageError(`column ${name} does not exist in ${table.shown}`, {
        code: 'no-column',
        column: name,
        hint: `columns of ${table.shown}: ${table.columns.map((each) => each.name).join(', ')}`,
      });
    })
    .filter((column) => !isId(column));
}
