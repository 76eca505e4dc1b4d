import type { Command } from 'commander';
import type { Filter } from '../../src/operations/search/filters.ts';
import { decimalNumber } from '../option-values.ts';
import { filter } from './filter.ts';

/** Which rows may be an answer. */
export interface RowFlags {
  where?: string;
  filter?: Filter[];
  tenant?: string;
  tenantColumn?: string;
  maxDistance?: number;
  minScore?: number;
}

export function addRowOptions(command: Command): Command {
  return command
    .option('--where <sql>', 'only rows for which this holds')
    .option(
      '--filter <key=value>',
      'only rows whose column, or metadata.path in a jsonb column, is this; also >=, <=, >, < and "key in a,b"; repeatable',
      filter,
    )
    .option('--tenant <id>', 'only rows of this tenant')
    .option('--tenant-column <name>', 'the column that tells tenants apart (default: tenant_id)')
    .option('--max-distance <d>', 'none farther away', decimalNumber())
    .option('--min-score <s>', 'none of a lower score', decimalNumber());
}
