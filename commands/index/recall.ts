import type { Command } from 'commander';
import { measureRecall } from '../../src/operations/index-recall/recall.ts';
import { settingText } from '../../src/operations/index-tune/curves.ts';
import { action } from '../action.ts';
import type { Context } from '../context.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { wholeNumber } from '../option-values.ts';
import { addConnectionOptions, addExamples, addTableOptions } from '../options.ts';
import { addQueryOptions, type QueryFlags, querySource, share } from './query-options.ts';
import { milliseconds, shareText } from './sweep-text.ts';

interface RecallFlags extends QueryFlags {
  min?: number;
  role?: string;
  rerank?: number;
}

export function configure(command: Command): Command {
  addQueryOptions(
    addConnectionOptions(addTableOptions(command)).argument('[name]', 'the index (default: the only one)'),
  )
    .option('--min <r>', 'exit 1 where the recall is below this, for CI', share)
    .option('--role <role>', 'at the settings that this role has')
    .option(
      '--rerank <n>',
      'candidates that are ordered by their exact distance, where the index is quantised',
      wholeNumber({ min: 1 }),
    )
    .action(action<RecallFlags, [string | undefined]>({ writes: false }, run));
  return addExamples(command, [
    'pgv index recall',
    'pgv index recall docs_embedding_hnsw_cosine -k 20 --min 0.95',
    'pgv index recall --queries queries.npy --where "section = \'games\'" --role app --json',
  ]);
}

async function run(context: Context<RecallFlags>, name: string | undefined): Promise<ExitCode | undefined> {
  const { options, output, reporter, signal } = context;
  const { limit: k, min, where, tenant, tenantColumn, role, rerank, vectorColumn } = options;
  const source = await querySource(context);
  const asked = {
    ...source,
    index: name,
    table: context.table,
    vectorColumn,
    k,
    where,
    tenant,
    tenantColumn,
    role,
    rerank,
  };
  const result = await measureRecall(await context.database(), asked, reporter, signal);
  const passed = min === undefined || result.recall >= min;
  if (output.json) await output.document({ ...result, ...(min !== undefined && { min, passed }) });
  else {
    const { index, recall, recallLow, recallHigh, p50Ms, p95Ms, queries } = result;
    await output.table(
      [
        { name: 'index', align: 'left', whole: true },
        { name: `recall@${k}` },
        { name: '95 %', spare: 2 },
        { name: 'p50 ms', spare: 1 },
        { name: 'p95 ms', spare: 3 },
        { name: 'queries', spare: 4 },
        { name: 'settings', whole: true },
      ],
      [
        [
          index,
          shareText(recall),
          `${shareText(recallLow)}–${shareText(recallHigh)}`,
          milliseconds(p50Ms),
          milliseconds(p95Ms),
          queries,
          settingText(result),
        ],
      ],
    );
  }
  if (passed) return undefined;
  reporter.warn(`recall@${k} of ${result.index} is ${shareText(result.recall)}, below ${min}`);
  return exitCodes.no;
}
