import path from 'node:path';
import { type Command, Option } from 'commander';
import { UsageError } from '../src/errors.ts';
import { readFormats } from '../src/formats/read/formats.ts';
import { describeIngest } from '../src/operations/ingest/around/describe-ingest.ts';
import { type IngestSummary, ingest } from '../src/operations/ingest/ingest.ts';
import { inputOf } from '../src/operations/ingest/input.ts';
import { withoutCompression } from '../src/sources/decompress.ts';
import { type NamedInput, resolveInputs } from '../src/sources/inputs.ts';
import { quoteName } from '../src/sql/identifiers.ts';
import { maxDimensions } from '../src/vector/limits.ts';
import type { VectorType } from '../src/vector/metrics.ts';
import { action } from './action.ts';
import type { Context } from './context.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { type AroundFlags, addAroundOptions } from './ingest/around-options.ts';
import { renderDescription } from './ingest/description.ts';
import { keyValue, nameList, wholeNumber } from './option-values.ts';
import { addConnectionOptions, addExamples, addTableOptions } from './options.ts';
import { byteRate, count, counted, duration, rowRate } from './output/units.ts';

interface IngestFlags extends AroundFlags {
  format?: string;
  jobs?: number;
  columns?: string[];
  map?: [string, string][];
  set?: [string, string][];
  tenant?: string;
  tenantColumn?: string;
  vectorColumn?: string;
  type?: VectorType;
  dimensions?: number;
  normalize?: true;
  limit?: number;
  types?: [string, string][];
  delimiter?: string;
  quote?: string;
  escape?: string;
  null?: string;
  encoding?: string;
  dataset?: string;
  /** False with --no-header. */
  header: boolean;
  /** False with --no-create. */
  create?: boolean;
  onConflict: 'error' | 'skip' | 'update';
  key?: string[];
  atomic?: true;
  onError: 'stop' | 'skip';
  rejectFile?: string;
  maxErrors?: number;
  allowRejects?: true;
  restart?: true;
  ifLoaded?: 'skip' | 'error' | 'again';
  loadId?: string;
  /** False with --no-ledger. */
  ledger: boolean;
  expectRows?: number;
}

export function configure(command: Command): Command {
  addConnectionOptions(addTableOptions(command))
    .argument('<file...>', 'files, patterns or URLs (https), also compressed with gzip or zstd; - is stdin')
    .addOption(
      new Option('--format <name>', "of the input (default: by the file's name)").choices(
        readFormats.map(({ name }) => name),
      ),
    )
    .option(
      '--jobs <n>',
      'lanes side by side (default: the cores, at most 4)',
      wholeNumber({ min: 1, max: 64 }),
    )
    .option('--columns <a,b,c>', 'the fields to take; their names where there is no header', nameList)
    .option('--limit <n>', 'the first rows of the file alone', wholeNumber({ min: 1 }))
    .option(
      '--map <field=column>',
      'the column that a field goes into; several times. Also meta.title=title (a path into JSON), *=metadata (all other fields, as one object), dim_*=embedding (a field a dimension)',
      keyValue,
    )
    .option('--set <column=value>', 'the same value in every row, or NULL; several times', keyValue)
    .option('--tenant <id>', 'the value of the tenant column in every row')
    .option('--tenant-column <name>', 'that column (default: tenant_id)')
    .addOption(
      new Option('--type <type>', "of a new table's vector column; bit keeps the signs alone").choices([
        'vector',
        'halfvec',
        'sparsevec',
        'bit',
      ]),
    )
    .option(
      '--dimensions <n>',
      'cut vectors to the first so many, and bring what was cut to length 1 (Matryoshka)',
      wholeNumber({ min: 1, max: maxDimensions.vector }),
    )
    .option('--normalize', 'bring vectors to length 1')
    .option('--types <column=type>', 'the type of a column of a new table; several times', keyValue)
    .option('--delimiter <char>', 'between fields (default: a comma)')
    .option('--quote <char>', 'round fields (default: ")')
    .option('--escape <char>', 'before a quote within quotes (default: the quote)')
    .option('--null <text>', 'an unquoted field that means NULL (default: an empty one)')
    .option('--encoding <name>', 'of a text that is not UTF-8: windows-1252, utf-16le, shift_jis …')
    .option('--dataset <name>', 'which array of an npz or HDF5 file (default: the one of vectors, train)')
    .option('--no-header', 'the first line holds values already')
    .option('--create', 'make the table where it is not there yet, which is the default')
    .option('--no-create', 'fail where the table is not there yet')
    .addOption(
      new Option('--on-conflict <what>', 'for rows whose key is there already')
        .choices(['error', 'skip', 'update'])
        .default('error'),
    )
    .option('--key <a,b>', 'the columns of that key (default: the primary key)', nameList)
    .option('--atomic', 'all rows or none')
    .addOption(
      new Option('--on-error <what>', 'for rows that are wrong').choices(['stop', 'skip']).default('stop'),
    )
    .option('--reject-file <path>', 'where rows that are left out go, and the reasons in <path>.errors.jsonl')
    .option('--max-errors <n>', 'how many rows may be wrong (default: any number)', wholeNumber({ min: 0 }))
    .option('--allow-rejects', 'rows that were left out are no failure: exit 0, not 5')
    .option('--restart', 'forget an unfinished load of the file and begin again')
    .addOption(
      new Option('--if-loaded <what>', 'for a file that is loaded already (default: skip)').choices([
        'skip',
        'error',
        'again',
      ]),
    )
    .option('--load-id <id>', "the load's own name: by it a stream is known when it comes again")
    .option('--no-ledger', 'do not write down what is loaded: the load cannot be repeated safely')
    .option(
      '--expect-rows <n>',
      'rows that the input must have, else the load does not finish',
      wholeNumber({ min: 0 }),
    );
  addAroundOptions(command).action(action<IngestFlags, [string[]]>(needs, run));
  return addExamples(command, [
    'pgv ingest docs.csv',
    'pgv ingest docs.csv -t archive.docs --map text=content --map vec=embedding',
    'pgv ingest docs.csv --on-conflict update',
    'pgv ingest docs.csv.gz --atomic -d postgres://localhost/app',
    'curl -s https://example.com/docs.csv | pgv ingest - -t docs',
    "pgv ingest 'part-*.csv.zst' https://example.com/more.csv -t docs",
    "pgv ingest notes.jsonl -t docs --map '*'=metadata --tenant acme --normalize",
    "pgv ingest features.csv --map 'dim_*=embedding' --dimensions 256 --type halfvec",
    "pgv ingest vectors.npy --map embedding=vec  # in a new table, id is the row's number, from 0",
  ]);
}

const needs = {
  writes: ({ dryRun }: IngestFlags) => !dryRun,
  createsEmbedded: true,
  endsItself: true,
};

async function run(context: Context<IngestFlags>, args: string[]): Promise<ExitCode> {
  const { io, options, output, reporter, signal } = context;
  const inputs = await resolveInputs(args, io, reporter.warn);
  const table = tableName(context, inputs);
  const request = { ...options, table, types: new Map(options.types), dialect: dialectOf(options) };
  const files = inputs.map((input) => inputOf(input, options, reporter, signal));
  const database = await context.database();
  if (options.dryRun) {
    const description = await describeIngest(database, files, request, reporter, signal);
    if (output.json) await output.document(description);
    else await output.write(renderDescription(description));
    return exitCodes.done;
  }
  const summary = await ingest(database, files, request, reporter, signal);
  await output.summary(summary, sentence(summary));
  return summary.rejected > 0 && !options.allowRejects ? exitCodes.rejects : exitCodes.done;
}

/** Flags that say how the input is written: read otherwise, the same file is another load. */
const dialect = ['format', 'delimiter', 'quote', 'escape', 'null', 'encoding', 'dataset', 'header'] as const;

function dialectOf(options: IngestFlags): Record<string, unknown> {
  return Object.fromEntries(dialect.map((name) => [name, options[name]]));
}

/** -t and what stands for it; else the file's base name. */
function tableName({ table }: Context<IngestFlags>, [input, second]: readonly NamedInput[]): string {
  if (table !== undefined) return table;
  const hint = 'name the table with -t';
  if (second !== undefined)
    throw new UsageError('several files do not tell which table they go into', { hint });
  const { fileName, name } = input!;
  const base = fileName === '-' ? '' : path.parse(withoutCompression(fileName)).name;
  if (base !== '') return quoteName(base);
  throw new UsageError(`${name} has no name that the table could take`, { hint });
}

function sentence({
  table,
  rows,
  updated,
  unchanged,
  skipped,
  deleted,
  seconds,
  bytes,
}: IngestSummary): string {
  const parts = [`${counted(rows, 'row')} into ${table} in ${duration(seconds)}`];
  // Of a small file, a rate would only say how long the program took to start.
  if (rows >= 10_000) parts.push(`${rowRate(rows, seconds)}, ${byteRate(bytes, seconds)}`);
  if (updated > 0) parts.push(`${counted(updated, 'row')} updated`);
  if (unchanged > 0) parts.push(`${count(unchanged)} unchanged`);
  if (deleted > 0) parts.push(`${counted(deleted, 'row')} deleted`);
  if (skipped > 0) parts.push(`${counted(skipped, 'row')} skipped`);
  return parts.join(' · ');
}
