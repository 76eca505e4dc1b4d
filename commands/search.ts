import { type Command, Option } from 'commander';
import { UsageError } from '../src/errors.ts';
import type { Filter } from '../src/operations/search/filters.ts';
import { type SearchOptions, type SearchResult, search } from '../src/operations/search/search.ts';
import type { IterativeScan } from '../src/operations/search/settings.ts';
import type { Metric } from '../src/vector/metrics.ts';
import { action } from './action.ts';
import type { Context } from './context.ts';
import { readText } from './io.ts';
import { decimalNumber, metric, nameList, wholeNumber } from './option-values.ts';
import { addConnectionOptions, addExamples, addTableOptions } from './options.ts';
import { csvRecord } from './output/csv.ts';
import { jsonLine } from './output/json.ts';
import { explanationLines } from './search/explanation.ts';
import { filter } from './search/filter.ts';

interface SearchFlags {
  id?: string;
  limit: number;
  metric?: Metric;
  where?: string;
  filter?: Filter[];
  tenant?: string;
  tenantColumn?: string;
  maxDistance?: number;
  minScore?: number;
  columns?: string[];
  exact?: true;
  efSearch?: number;
  probes?: number;
  iterativeScan?: IterativeScan;
  explain?: true;
  format: 'table' | 'jsonl' | 'csv';
}

export function configure(command: Command): Command {
  addConnectionOptions(addTableOptions(command))
    .argument(
      '[vector]',
      "as '[0.1,0.2,…]', '{1:0.5}/100' for sparsevec, '0110' for bit; - reads it from stdin",
    )
    .option('--id <key>', "a stored row's neighbours, itself left out")
    .option('-k, --limit <n>', 'how many', wholeNumber({ min: 1 }), 10)
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
    .option('--columns <a,b,c>', 'columns to show (default: all but vectors)', nameList)
    .option('--exact', 'compare every row, without the index')
    .option('--ef-search <n>', 'hnsw: candidates kept while searching', wholeNumber({ min: 1, max: 1000 }))
    .option('--probes <n>', 'ivfflat: lists read', wholeNumber({ min: 1, max: 32_768 }))
    .addOption(
      new Option(
        '--iterative-scan <mode>',
        'whether an index goes on until enough rows pass the filters (default: strict_order, where pgvector can)',
      ).choices(['off', 'strict_order', 'relaxed_order']),
    )
    .option('--explain', 'how the rows were found: the road, the index, rows scanned, time, the plan')
    .addOption(
      new Option('--format <format>', 'how the rows are written')
        .choices(['table', 'jsonl', 'csv'])
        .default('table'),
    )
    .action(action<SearchFlags, [string | undefined]>({ writes: false }, run));
  return addExamples(command, [
    "pgv search '[0.1,0.2,0.3]' -k 5",
    "pgv search --id 42 --filter metadata.section=games --filter 'year>=2024'",
    'pgv search - -t docs --where "created_at > now() - interval \'1 day\'" --json < vector.txt',
  ]);
}

async function run(context: Context<SearchFlags>, vector: string | undefined): Promise<void> {
  const { options, output, reporter } = context;
  const query = await queryOf(context, vector);
  const database = await context.database();
  const { limit, filter: filters, ...rest } = options;
  const result = await search(
    database,
    { ...rest, table: context.table, query, k: limit, filters },
    reporter,
  );

  for (const line of explanationLines(result.explanation)) reporter.note(line);
  if (output.json) return output.document(documentOf(result));
  const names = ['id', 'distance', 'score', ...result.columns];
  const rows = result.hits.map(({ id, distance, score, values }) => [id, distance, score, ...values]);
  if (options.format === 'csv') return output.write([names, ...rows].map(csvRecord).join(''));
  if (options.format === 'jsonl') return output.write(documentOf(result).hits.map(jsonLine).join(''));
  return output.table(
    names.map((name) => ({ name })),
    rows.map(([id, distance, score, ...values]) => [id, rounded(distance), rounded(score), ...values]),
  );
}

async function queryOf(
  { options, io }: Context<SearchFlags>,
  vector?: string,
): Promise<SearchOptions['query']> {
  if (vector !== undefined && options.id !== undefined) {
    throw new UsageError('a vector and --id exclude each other', { hint: 'leave one of them out' });
  }
  if (options.id !== undefined) return { id: options.id };
  if (vector === undefined) {
    throw new UsageError('there is nothing to search for', {
      hint: "give a vector, as pgv search '[0.1,0.2,…]', or a stored row's key with --id",
    });
  }
  return { vector: vector === '-' ? await readText(io.stdin) : vector };
}

/** As the promise has it: a hit's own fields, then the columns; one that is called like a field is `table.column`. */
function documentOf({ columns, hits, ...summary }: SearchResult) {
  const own = new Set(['id', 'distance', 'score']);
  const names = columns.map((name) => (own.has(name) ? `${summary.table}.${name}` : name));
  return {
    ...summary,
    hits: hits.map(({ values, ...hit }) => ({
      ...hit,
      ...Object.fromEntries(names.map((name, i) => [name, values[i]])),
    })),
  };
}

/** For people: seven digits are all that a distance of float32 vectors has. */
function rounded(value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(6)) : value;
}
