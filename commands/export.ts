import { type Command, Option } from 'commander';
import program from '../package.json' with { type: 'json' };
import { UsageError } from '../src/errors.ts';
import { writeFormats } from '../src/formats/write/formats.ts';
import { exportRows } from '../src/operations/export/export.ts';
import { querySource, tableSource, trimmedQuery } from '../src/operations/export/source.ts';
import { action } from './action.ts';
import type { Context } from './context.ts';
import type { ExitCode } from './exit-codes.ts';
import { checkStream, formatOf, type OutputFlags, placesOf, splitValue } from './export/output-options.ts';
import { type TextFlags, textOptions } from './export/text-options.ts';
import { refuseBesideVerify, verify } from './export/verify.ts';
import { nameList, wholeNumber } from './option-values.ts';
import { addConnectionOptions, addExamples, addTableOptions } from './options.ts';
import { bytes, counted, duration } from './output/units.ts';

interface ExportOptions extends OutputFlags, TextFlags {
  columns?: string[];
  where?: string;
  query?: string;
  orderBy?: string;
  limit?: number;
  sample?: number;
  seed?: number;
  tenant?: string;
  tenantColumn?: string;
  jobs?: number;
  manifest?: true;
  resume?: true;
  verify?: string;
}

export function configure(command: Command): Command {
  const formats = writeFormats.map(({ name }) => name).join(', ');
  addConnectionOptions(addTableOptions(command))
    .argument('[table]', 'the table or view; default: the only table with vectors')
    .optionsGroup('Which rows:')
    .option('--columns <a,b,c>', 'these columns, in this order', nameList)
    .option('--where <sql>', 'rows for which this holds')
    .option('--tenant <id>', "this tenant's rows")
    .option('--tenant-column <name>', 'the column that tells the tenant (default: tenant_id)')
    .option('--order-by <sql>', "in this order, over one lane (default: the table's own)")
    .option('--limit <n>', 'at most so many rows, over one lane', wholeNumber({ min: 0 }))
    .option('--sample <n>', 'so many rows, chosen by chance, over one lane', wholeNumber({ min: 0 }))
    .option('--seed <n>', 'the same seed chooses the same sample', wholeNumber())
    .option('--query <sql>', 'the rows of a query instead of a table, over one lane')
    .optionsGroup('Where to, and as what:')
    .option(
      '-o, --output <file|dir/>',
      'default: stdout where that is no terminal, else <table>.<format>; - is stdout',
    )
    .option('--format <format>', `${formats} (default: by the file's ending, else csv)`)
    .addOption(
      new Option('--compress <how>', "gzip or zstd (default: by the file's ending)").choices([
        'gzip',
        'zstd',
      ]),
    )
    .option(
      '--split <rows|size>',
      'into numbered files of so many rows, or at most so large: 1000000, 2GB',
      splitValue,
    )
    .option('--no-header', 'csv, tsv: without the line of column names')
    .option('--null <text>', 'csv, tsv: what stands for NULL (default: nothing at all)')
    .option('--delimiter <character>', 'csv: between two fields, \\t for a tab (default: a comma)')
    .option('--force', 'overwrite files that are there')
    .optionsGroup('Options:')
    .option(
      '--jobs <n>',
      'lanes side by side (default: as many as cores, at most 4)',
      wholeNumber({ min: 1, max: 64 }),
    )
    .option(
      '--resume',
      'keep what is interrupted, and go on with it: csv, tsv, jsonl or binary along the primary key',
    )
    .option(
      '--manifest',
      'write beside the files what they are: table, indexes, rows, sums; `pgv ingest` makes it again',
    )
    .option(
      '--verify <manifest>',
      'export nothing: compare the database with a manifest (exit 1: it differs)',
    )
    .action(action<ExportOptions, [string | undefined]>({ writes: false, isBatch: true }, run));
  return addExamples(command, [
    'pgv export docs -o docs.csv',
    'pgv export docs -o docs.parquet --where "created_at > now() - interval \'1 day\'"',
    'pgv export docs --format binary --compress zstd --split 2GB -o backup/',
    'pgv export docs -o backup/ --format parquet --manifest',
    'pgv export --verify backup/manifest.json',
    'pgv export docs --columns id,embedding --no-header | gzip > vectors.csv.gz',
  ]);
}

async function run(
  context: Context<ExportOptions>,
  argument: string | undefined,
): Promise<ExitCode | undefined> {
  const { options, output, reporter, signal } = context;
  const table = context.tableNamed(argument);
  if (options.verify !== undefined) {
    const { output: file, format, query, where, columns, orderBy, limit, sample, tenant } = options;
    refuseBesideVerify({
      '-o': file,
      '--format': format,
      '--query': query,
      '--where': where,
      '--columns': columns,
      '--order-by': orderBy,
      '--limit': limit,
      '--sample': sample,
      '--tenant': tenant,
      '--split': options.split,
      '--compress': options.compress,
      '--manifest': options.manifest,
      '--resume': options.resume,
    });
    return verify(context, options.verify, argument);
  }
  if (output.json && (options.output === undefined || options.output === '-')) {
    throw new UsageError('--json needs -o: stdout is for the summary then', { hint: 'name a file with -o' });
  }
  const named = formatOf(options);
  const text = textOptions(options, named.format);
  checkStream(options, output.isTerminal);
  refuseBesideSample(options);
  const query = options.query === undefined ? undefined : trimmedQuery(options.query);
  if (query !== undefined) refuseBesideQuery(options, argument);
  const database = await context.database();
  const source =
    query === undefined
      ? await tableSource(database, { ...options, table }, reporter)
      : await querySource(database, query);
  const places = await placesOf(context, named, source.table?.name ?? 'query');
  // To a stream it is refused before there is work.
  if (options.manifest) places.manifest();
  const summary = await exportRows(database, source, {
    ...options,
    ...named,
    text,
    manifest: options.manifest && { pgvVersion: program.version },
    places,
    // Nobody sees them otherwise, and a GB takes the better part of a second.
    summed: output.json,
    reporter,
    signal,
  });
  if (places.isStream) return undefined;
  const { rows, bytes: size, seconds, files } = summary;
  const where = files.length === 1 ? files[0]!.path : `${files.length} files, ${files[0]!.path} the first,`;
  const beside = summary.manifest === null ? '' : ` and ${summary.manifest}`;
  await output.summary(
    { database: database.target.description, table: source.table?.name ?? null, ...summary },
    `exported ${counted(rows, 'row')} (${bytes(size)}) to ${where}${beside} in ${duration(seconds)}`,
  );
  return undefined;
}

function refuseBesideSample({ sample, seed, orderBy, limit }: ExportOptions): void {
  if (seed !== undefined && sample === undefined) {
    throw new UsageError('--seed needs --sample', { hint: 'for example --sample 1000 --seed 1' });
  }
  if (sample === undefined || (orderBy === undefined && limit === undefined)) return;
  throw new UsageError(
    `--sample and ${orderBy === undefined ? '--limit' : '--order-by'} exclude each other`,
    {
      hint: 'leave one of the two out',
    },
  );
}

function refuseBesideQuery(options: Context<ExportOptions>['options'], argument: string | undefined): void {
  const beside = {
    'a table': argument ?? options.table,
    '--columns': options.columns,
    '--where': options.where,
    '--order-by': options.orderBy,
    '--limit': options.limit,
    '--sample': options.sample,
    '--tenant': options.tenant,
  };
  const [flag] = Object.entries(beside).find(([, value]) => value !== undefined) ?? [];
  if (flag === undefined) return;
  throw new UsageError(`--query and ${flag} exclude each other`, { hint: 'write it into the query' });
}
