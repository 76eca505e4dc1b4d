import type { Command } from 'commander';
import { settingText } from '../../src/operations/index-tune/curves.ts';
import type { SweepPoint, TuneResult } from '../../src/operations/index-tune/result.ts';
import { tuneIndex } from '../../src/operations/index-tune/tune.ts';
import { action } from '../action.ts';
import type { Context } from '../context.ts';
import { addConnectionOptions, addExamples, addTableOptions } from '../options.ts';
import { addQueryOptions, type QueryFlags, querySource, share } from './query-options.ts';
import { milliseconds, shareText } from './sweep-text.ts';

interface TuneFlags extends QueryFlags {
  targetRecall: number;
  role?: string;
}

export function configure(command: Command): Command {
  addQueryOptions(
    addConnectionOptions(addTableOptions(command)).argument('[name]', 'the index (default: the only one)'),
  )
    .option('--target-recall <r>', 'the share of the nearest rows that searches are to find', share, 0.95)
    .option('--role <role>', 'compare with the settings that this role has')
    .action(action<TuneFlags, [string | undefined]>({ writes: false }, run));
  return addExamples(command, [
    'pgv index tune',
    'pgv index tune docs_embedding_hnsw_cosine -k 20 --target-recall 0.98',
  ]);
}

async function run(context: Context<TuneFlags>, name: string | undefined): Promise<void> {
  const { options, output, reporter, signal } = context;
  const { limit: k, targetRecall, where, tenant, tenantColumn, role, vectorColumn } = options;
  const source = await querySource(context);
  const searches = { k, where, tenant, tenantColumn };
  const asked = {
    ...source,
    ...searches,
    index: name,
    table: context.table,
    vectorColumn,
    targetRecall,
    role,
  };
  const result = await tuneIndex(await context.database(), asked, reporter, signal);
  if (output.json) return output.document(result);
  await output.table(
    ['', 'settings', `recall@${k}`, '95 %', 'p50 ms', 'p95 ms', 'queries'].map((heading) => ({
      name: heading,
    })),
    rowsOf(result),
  );
}

function rowsOf({ sweep, current, recommendation }: TuneResult): unknown[][] {
  const points = sweep.filter((point) => settingText(point) !== settingText(recommendation ?? current));
  const rows: [string, SweepPoint][] = points.map((point) => ['', point]);
  if (recommendation !== null) rows.push(['recommended', recommendation]);
  rows.push(['now', current]);
  return rows.map(([name, point]) => [
    name,
    settingText(point),
    shareText(point.recall),
    `${shareText(point.recallLow)}–${shareText(point.recallHigh)}`,
    milliseconds(point.p50Ms),
    milliseconds(point.p95Ms),
    point.queries,
  ]);
}
