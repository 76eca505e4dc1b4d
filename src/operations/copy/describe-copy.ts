import type { Database } from '../../database/database.ts';
import type { Reporter } from '../../progress.ts';
import { parseTableName } from '../../sql/identifiers.ts';
import { cancellable } from '../cancellable.ts';
import { needsStaging } from '../ingest/target.ts';
import { statementsFor } from '../manifest/make-table.ts';
import { currentSchema, describeTable } from '../tables.ts';
import { changedTable } from './changed-table.ts';
import { lanesOf } from './lanes.ts';
import type { CopyOptions } from './options.ts';
import { planCopy } from './plan-copy.ts';
import { subjectOf } from './subject.ts';
import { refuseSameTable } from './target.ts';

/** What a copy would do. */
export interface CopyDescription {
  /** The same as `to`. */
  database: string;
  from: string;
  to: string;
  fromTable: string;
  table: string;
  /** The statements that would make the table; null: it is there. */
  createTable: string[] | null;
  /** Whether rows that are in the table would go. */
  truncate: boolean;
  /** Whether rows would come all at once, through a staging table, or a piece a transaction. */
  through: 'staging' | 'pieces';
  /** About how many; null: not known. */
  rows: number | null;
  lanes: number;
  /** Whether values would go as they are, or as text. */
  values: 'binary' | 'text';
  columns: { column: string; type: string; sent: string }[];
}

/** What copying the table would do, as far as can be seen without a row. @throws what the copy would throw before its first row */
export async function describeCopy(
  from: Database,
  to: Database,
  options: CopyOptions,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<CopyDescription> {
  const subject = await cancellable(from, signal, () => subjectOf(from, options));
  return cancellable(to, signal, async () => {
    const { table: source, told, changed, toTable } = subject;
    const existing = await describeTable(to, toTable);
    await refuseSameTable(from, source, to, existing);
    const { road, columns } = await planCopy(from, to, subject, existing, options);
    const { schema, name } = parseTableName(toTable);
    const target = { schema: schema ?? (await currentSchema(to)) ?? 'public', name };
    const made =
      existing === undefined ? statementsFor(changedTable(told, changed, reporter), target) : undefined;
    return {
      database: to.target.description,
      from: from.target.description,
      to: to.target.description,
      fromTable: `${source.schema}.${source.name}`,
      table: name,
      createTable:
        made === undefined ? null : made.filter(({ values }) => values === undefined).map(({ text }) => text),
      truncate: options.truncate === true,
      through: needsStaging(options, existing) ? 'staging' : 'pieces',
      rows: subject.source.expectedRows ?? null,
      lanes: lanesOf(from, to, options).writing,
      values: road,
      columns: columns.map(({ column, expression }) => ({
        column: column.name,
        type: column.declared,
        sent: expression,
      })),
    };
  });
}
