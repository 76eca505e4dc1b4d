import { UsageError } from '../../errors.ts';
import type { WriteColumn, WriteFormat } from '../../formats/write/format.ts';
import type { Reporter } from '../../progress.ts';
import { asJson, printed } from '../../sql/export.ts';
import { quoteName } from '../../sql/identifiers.ts';
import { type ColumnDescription, findVectorColumn, type TableDescription } from '../tables.ts';
import { valueType } from '../value-type.ts';
import type { Source } from './source.ts';

/** A column that is written, and the one that it is of. */
export interface TakenColumn {
  column: ColumnDescription;
  written: WriteColumn;
}

/**
 * The columns that go into the file: those that the user named, else those that the format can hold.
 * @param vectorColumn as --vector-column names it
 * @throws UsageError for columns that the format cannot hold
 */
export function takeColumns(
  source: Source,
  format: WriteFormat,
  vectorColumn: string | undefined,
  reporter: Reporter,
): TakenColumn[] {
  const { table, columns, chosen } = source;
  const all = columns.map((column) => ({ column, written: writeColumn(column, table, format) }));
  if (chosen || format.choose === undefined) {
    format.check?.(all.map(({ written }) => written));
    return all;
  }
  const vector =
    table === undefined || (vectorColumn === undefined && !columns.some((column) => column.vector))
      ? undefined
      : findVectorColumn(table, vectorColumn).name;
  const kept = format.choose(
    all.map(({ written }) => written),
    vector,
  );
  const left = all.filter(({ written }) => !kept.includes(written)).map(({ written }) => written.name);
  if (left.length > 0) {
    reporter.note(
      `left out ${left.join(', ')}: ${format.name} holds ${names(kept)} (--columns takes others)`,
    );
  }
  return kept.map((written) => all.find((each) => each.written === written)!);
}

/** The column as the database is to send it, in SQL. */
export function expressionOf({ column, written: { sent } }: TakenColumn): string {
  if (sent === 'text') return printed(column.name, column.output);
  return sent === 'json' ? asJson(column.name) : quoteName(column.name);
}

/** @throws UsageError for a table without columns */
export function requireColumns(taken: readonly TakenColumn[], table: string): void {
  if (taken.length > 0) return;
  throw new UsageError(`${table} has no columns`, { code: 'no-column', hint: 'name another table with -t' });
}

function writeColumn(
  column: ColumnDescription,
  table: TableDescription | undefined,
  format: WriteFormat,
): WriteColumn {
  const { name, notNull } = column;
  const type = valueType(column);
  const key = table?.primaryKey.length === 1 && table.primaryKey[0] === name;
  return { name, type, sent: format.sent(type), notNull, key };
}

const names = (columns: readonly WriteColumn[]): string => columns.map(({ name }) => name).join(' and ');
