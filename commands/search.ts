import { type Command, Option } from 'commander';
import type { Filter } from '../src/operations/search/filters.ts';
import { search } from '../src/operations/search/search.ts';
import type { IterativeScan } from '../src/operations/search/settings.ts';
import type { Metric } from '../src/vector/metrics.ts';
import { action } from './action.ts';
import type { Context } from './context.ts';
import { decimalNumber, metric, nameList, wholeNumber } from './option-values.ts';
import { addConnectionOptions, addExamples, addTableOptions } from './options.ts';
import { type AskedFlags, askedFor } from './search/asked.ts';
import { addEmbedOptions, type EmbedFlags } from './search/embed-options.ts';
import { batchExplanationLines, explanationLines } from './search/explanation.ts';
import { filter } from './search/filter.ts';
import { batchDocument, document, type HitsFormat, hitsFormats, showHits } from './search/hits.ts';
import { addTextOptions, type TextFlags } from './search/text-options.ts';

interface SearchFlags extends AskedFlags, TextFlags, EmbedFlags {
  metric?: Metric;
  where?: string;
  filter?: Filter[];
  tenant?: string;
  tenantColumn?: string;
  minScore?: number;
  columns?: string[];
  efSearch?: number;
  probes?: number;
  iterativeScan?: IterativeScan;
  format: HitsFormat;
}

export function configure(command: Command): Command {
  addEmbedOptions(addTextOptions(addConnectionOptions(addTableOptions(command))))
    .argument(
      '[vector]',
      "as '[0.1,0.2,…]', '{1:0.5}/100' for sparsevec, '0110' for bit; - reads it from stdin",
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
    )
    .option('--where <sql>', 'only rows for which this holds')
    .option(
      '--filter <key=value>',
      'only rows whose column, or metadata.path in a jsonb column, is this; also >=, <=, >, < and "key in a,b"; repeatable',
      filter,
    )
    .option('--tenant <id>', 'only rows of this tenant')
    .option('--tenant-column <name>', 'the column that tells tenants apart (default: tenant_id)')
    .option('--max-distance <d>', 'none farther away', decimalNumber())
    .option('--min-score <s>', 'none of a lower score', decimalNumber())
    .option(
      '--columns <a,b,c>',
      'columns to show (default: all but vectors; a table on a terminal shows these shortened, every other output whole)',
      nameList,
    )
    .option('--exact', 'compare every row, without the index')
    .option('--ef-search <n>', 'hnsw: candidates kept while searching', wholeNumber({ min: 1, max: 1000 }))
    .option('--probes <n>', 'ivfflat: lists read', wholeNumber({ min: 1, max: 32_768 }))
    .option(
      '--rerank <n>',
      'half-precision or binary index: candidates that are ordered by their exact distance (default: 1.1 k; binary: 20 k, or all that ef_search keeps)',
      wholeNumber({ min: 1 }),
    )
    .addOption(
      new Option(
        '--iterative-scan <mode>',
        'whether an index goes on until enough rows pass the filters (default: strict_order, for candidates relaxed_order, where pgvector can)',
      ).choices(['off', 'strict_order', 'relaxed_order']),
    )
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
