import path from 'node:path';
import { type Command, Option } from 'commander';
import { UsageError } from '../src/errors.ts';
import { readFormats } from '../src/formats/read/formats.ts';
import { type IngestSummary, ingest } from '../src/operations/ingest/ingest.ts';
import { inputOf } from '../src/operations/ingest/input.ts';
import { withoutCompression } from '../src/sources/decompress.ts';
import { type NamedInput, resolveInputs } from '../src/sources/inputs.ts';
import { quoteName } from '../src/sql/identifiers.ts';
import { action } from './action.ts';
import type { Context } from './context.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { keyValue, nameList, wholeNumber } from './option-values.ts';
import { addConnectionOptions, addExamples, addTableOption } from './options.ts';
import { byteRate, counted, duration, rowRate } from './output/units.ts';

interface IngestFlags {
  format?: string;
  jobs?: number;
  columns?: string[];
  map?: [string, string][];
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
  truncate?: true;
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
  addConnectionOptions(addTableOption(command))
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
    .option('--map <field=column>', 'the column that a field goes into; several times', keyValue)
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
    )
    .action(action<IngestFlags, [string[]]>({ writes: true, createsEmbedded: true, endsItself: true }, run));
  return addExamples(command, [
    'pgv ingest docs.csv',
    'pgv ingest docs.csv -t archive.docs --map text=content --map vec=embedding',
    'pgv ingest docs.csv --on-conflict update',
    'pgv ingest docs.csv.gz --atomic -d postgres://localhost/app',
    'curl -s https://example.com/docs.csv | pgv ingest - -t docs',
    "pgv ingest 'part-*.csv.zst' https://example.com/more.csv -t docs",
    "pgv ingest vectors.npy --map embedding=vec  # in a new table, id is the row's number, from 0",
  ]);
}

async function run(context: Context<IngestFlags>, args: string[]): Promise<ExitCode> {
  const { io, options, output, reporter, signal } = context;
  const inputs = await resolveInputs(args, io, reporter.warn);
  const table = tableName(context, inputs);
  const summary = await ingest(
    await context.database(),
    inputs.map((input) => inputOf(input, options, reporter, signal)),
    {
      ...options,
      table,
      types: new Map(options.types),
      dialect: dialectOf(options),
    },
    reporter,
    signal,
  );
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

function sentence({ table, rows, updated, skipped, seconds, bytes }: IngestSummary): string {
  const parts = [`${counted(rows, 'row')} into ${table} in ${duration(seconds)}`];
  // Of a small file, a rate would only say how long the program took to start.
  if (rows >= 10_000) parts.push(`${rowRate(rows, seconds)}, ${byteRate(bytes, seconds)}`);
  if (updated > 0) parts.push(`${counted(updated, 'row')} updated`);
  if (skipped > 0) parts.push(`${counted(skipped, 'row')} skipped`);
  return parts.join(' · ');
}
