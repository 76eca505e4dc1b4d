import { type Command, Option } from 'commander';
import { search } from '../src/operations/search/search.ts';
import type { Metric } from '../src/vector/metrics.ts';
import { action } from './action.ts';
import type { Context } from './context.ts';
import { metric, nameList, wholeNumber } from './option-values.ts';
import { addConnectionOptions, addExamples, addTableOptions } from './options.ts';
import { type AskedFlags, askedFor } from './search/asked.ts';
import { addEmbedOptions, type EmbedFlags } from './search/embed-options.ts';
import { batchExplanationLines, explanationLines } from './search/explanation.ts';
import { batchDocument, document, type HitsFormat, hitsFormats, showHits } from './search/hits.ts';
import { addIndexOptions, type IndexFlags } from './search/index-options.ts';
import { addRowOptions, type RowFlags } from './search/row-options.ts';
import { addTextOptions, type TextFlags } from './search/text-options.ts';

interface SearchFlags extends AskedFlags, TextFlags, EmbedFlags, RowFlags, IndexFlags {
  limit: number;
  metric?: Metric;
  columns?: string[];
  format: HitsFormat;
}

export function configure(command: Command): Command {
  addEmbedOptions(addTextOptions(addConnectionOptions(addTableOptions(command))))
    .argument(
      '[vector]',
      "as '[0.1,0.2,…]' or in another form that ingest reads, '{1:0.5}/100' for sparsevec, '0110' for bit; - reads it from stdin",
    )
    .option('--id <key>', "a stored row's neighbours, itself left out")
    .option(
      '--file <vectors>',
      'a batch: each vector of a file of any format that pgv ingest reads; - is stdin',
    )
    .option('--dataset <name>', 'which array of an npz or HDF5 file of queries')
    .option(
      '--jobs <n>',
      'lanes that answer a batch (default: min(4, cores))',
      wholeNumber({ min: 1, max: 64 }),
    )
    .option('-k, --limit <n>', 'how many', wholeNumber({ min: 1, max: 10_000_000 }), 10)
    .option(
      '--metric <name>',
      'cosine, l2, ip, l1, hamming or jaccard (default: what the index serves, else cosine, hamming for bit)',
      metric,
    );
  addRowOptions(command).option(
    '--columns <a,b,c>',
    'columns to show (default: all but vectors; a table on a terminal shows these shortened, every other output whole)',
    nameList,
  );
  addIndexOptions(command)
    .option('--explain', 'how the rows were found: the road, the index, rows scanned, time, the plan')
    .addOption(
      new Option('--format <format>', 'how the rows are written').choices(hitsFormats).default('table'),
    )
    .action(action<SearchFlags, [string | undefined]>({ writes: false }, run));
  return addExamples(command, [
    "pgv search '[0.1,0.2,0.3]' -k 5",
    "pgv search '[0.1,0.2,0.3]' --text 'chess -clock' --hybrid",
    "pgv search --text 'strategy games' --embed https://api.openai.com/v1 --embed-model text-embedding-3-small",
    "pgv search --id 42 --filter metadata.section=games --filter 'year>=2024'",
    'pgv search --file queries.npy -k 100 --format trec > run.trec',
    'pgv search - -t docs --where "created_at > now() - interval \'1 day\'" --json < vector.txt',
  ]);
}

/** What a search by one vector does not need is loaded where it is: of a quick search, starting is the most. */
async function run(context: Context<SearchFlags>, vector: string | undefined): Promise<void> {
  const { options, output, reporter, signal, io } = context;
  const asked = await askedFor(context, vector);
  if (options.format === 'ivecs' && !output.json) output.refuseBinaryOnTerminal();
  const { limit: k, filter: filters, dataset, hybrid: _, ...rest } = options;
  const common = { ...rest, table: context.table, k, filters };
  if ('file' in asked) {
    const { resolveInputs } = await import('../src/sources/inputs.ts');
    const { searchBatch } = await import('../src/operations/search/batch.ts');
    const [input] = await resolveInputs([asked.file], io, reporter.warn);
    const reading = { dataset };
    const database = await context.database();
    const result = await searchBatch(database, { ...common, input: input!, reading }, reporter, signal);
    for (const line of batchExplanationLines(result.explanation)) reporter.note(line);
    if (output.json) return output.document(batchDocument(result));
    return showHits(result, result.queries, true, options.format, output);
  }
  if ('text' in asked) {
    const { searchText } = await import('../src/operations/search/text.ts');
    const result = await searchText(await context.database(), { ...common, ...asked }, reporter);
    for (const line of explanationLines(result.explanation)) reporter.note(line);
    if (output.json) return output.document(document(result));
    return showHits(result, [{ query: 0, hits: result.hits }], false, options.format, output);
  }
  const result = await search(await context.database(), { ...common, query: asked }, reporter);
  for (const line of explanationLines(result.explanation)) reporter.note(line);
  if (output.json) return output.document(document(result));
  return showHits(result, [{ query: 0, hits: result.hits }], false, options.format, output);
}
