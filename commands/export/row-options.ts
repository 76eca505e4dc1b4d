import type { Command } from 'commander';
import { UsageError } from '../../src/errors.ts';
import { refuseBeside } from '../exclusive.ts';
import { nameList, wholeNumber } from '../option-values.ts';

/** Which rows, and what of them. */
export interface RowFlags {
  columns?: string[];
  where?: string;
  tenant?: string;
  tenantColumn?: string;
  orderBy?: string;
  limit?: number;
  sample?: number;
  seed?: number;
  query?: string;
}

export function addRowOptions(command: Command): Command {
  return command
    .optionsGroup('Which rows:')
    .option('--columns <a,b,c>', 'these columns, in this order', nameList)
    .option('--where <sql>', 'rows for which this holds')
    .option('--tenant <id>', "this tenant's rows")
    .option('--tenant-column <name>', 'the column that tells the tenant (default: tenant_id)')
    .option('--order-by <sql>', "in this order, over one lane (default: the table's own)")
    .option('--limit <n>', 'at most so many rows, over one lane', wholeNumber({ min: 0 }))
    .option('--sample <n>', 'so many rows, chosen by chance, over one lane', wholeNumber({ min: 0 }))
    .option('--seed <n>', 'the same seed chooses the same sample', wholeNumber())
    .option('--query <sql>', 'the rows of a query instead of a table, over one lane');
}

/** The flags that choose rows of a table, with what they were given. */
export const chosenRows = (flags: RowFlags): Record<string, unknown> => ({
  '--columns': flags.columns,
  '--where': flags.where,
  '--order-by': flags.orderBy,
  '--limit': flags.limit,
  '--sample': flags.sample,
  '--tenant': flags.tenant,
});

/** @param table as it was named, by argument or flag @throws UsageError for flags that do not go together */
export function checkRows(flags: RowFlags, table: string | undefined): void {
  const { query, sample, seed, orderBy, limit } = flags;
  if (seed !== undefined && sample === undefined) {
    throw new UsageError('--seed needs --sample', { hint: 'for example --sample 1000 --seed 1' });
  }
  if (sample !== undefined) {
    refuseBeside('--sample', { '--order-by': orderBy, '--limit': limit }, 'leave one of the two out');
  }
  if (query !== undefined) {
    refuseBeside('--query', { 'a table': table, ...chosenRows(flags) }, 'write it into the query');
  }
}
