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
import { addRowOptions, checkRows, type RowFlags } from './export/row-options.ts';
import { type TextFlags, textOptions } from './export/text-options.ts';
import { verify } from './export/verify.ts';
import { wholeNumber } from './option-values.ts';
import { addConnectionOptions, addExamples, addTableOptions } from './options.ts';
import { bytes, counted, duration } from './output/units.ts';

interface ExportFlags extends OutputFlags, RowFlags, TextFlags {
  jobs?: number;
  manifest?: true;
  resume?: true;
  verify?: string;
}

export function configure(command: Command): Command {
  const formats = writeFormats.map(({ name }) => name).join(', ');
  addConnectionOptions(addTableOptions(command)).argument(
    '[table]',
    'the table or view; default: the only table with vectors',
  );
  addRowOptions(command)
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
    .action(action<ExportFlags, [string | undefined]>({ writes: false, isBatch: true }, run));
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
  context: Context<ExportFlags>,
  argument: string | undefined,
): Promise<ExitCode | undefined> {
  const { options, output, reporter, signal } = context;
  const table = context.tableNamed(argument);
  if (options.verify !== undefined) return verify(context, options.verify, argument);
  if (output.json && (options.output === undefined || options.output === '-')) {
    throw new UsageError('--json needs -o: stdout is for the summary then', { hint: 'name a file with -o' });
  }
  const named = formatOf(options);
  const text = textOptions(options, named.format);
  checkStream(options, output.isTerminal);
  checkRows(options, argument ?? options.table);
  const query = options.query === undefined ? undefined : trimmedQuery(options.query);
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
