import type { Command } from 'commander';
import { UsageError } from '../../src/errors.ts';
import type { QuerySource } from '../../src/operations/index-recall/queries.ts';
import { resolveInputs } from '../../src/sources/inputs.ts';
import type { Context } from '../context.ts';
import { decimalNumber, wholeNumber } from '../option-values.ts';

export interface QueryFlags {
  limit: number;
  queries?: string;
  dataset?: string;
  sample?: number;
  where?: string;
  tenant?: string;
  tenantColumn?: string;
}

/** A share, 0 to 1, and not 0. */
export const share = decimalNumber({ min: 0.001, max: 1 });

/** Which searches an index is measured with. */
export function addQueryOptions(command: Command): Command {
  return command
    .option('-k, --limit <n>', 'rows a search', wholeNumber({ min: 1, max: 1000 }), 10)
    .option('--queries <file>', 'vectors to search with, in any format that pgv ingest reads; - is stdin')
    .option('--dataset <name>', 'which array of an npz or HDF5 file of queries')
    .option(
      '--sample <n>',
      'search with so many of the rows, each left out of its own answer (default: up to 1,000)',
      wholeNumber({ min: 10, max: 100_000 }),
    )
    .option('--where <sql>', 'searches are for rows for which this holds')
    .option('--tenant <id>', 'searches are for rows of this tenant')
    .option('--tenant-column <name>', 'the column that tells tenants apart (default: tenant_id)');
}

/** @throws UsageError where flags do not go together */
export async function querySource({ options, io, reporter }: Context<QueryFlags>): Promise<QuerySource> {
  const { queries, dataset, sample } = options;
  if (queries !== undefined && sample !== undefined) {
    throw new UsageError('--queries and --sample exclude each other', { hint: 'leave one of them out' });
  }
  if (queries === undefined) {
    if (dataset === undefined) return { sample };
    throw new UsageError('--dataset is about a file of queries, and there is none', {
      hint: 'name it with --queries',
    });
  }
  const [input] = await resolveInputs([queries], io, reporter.warn);
  return { queries: { input: input!, reading: { dataset } } };
}
