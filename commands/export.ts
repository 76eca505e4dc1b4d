import type { Command } from 'commander';
import { UsageError } from '../src/errors.ts';
import type { WriteFormat, WriteOptions } from '../src/formats/write/format.ts';
import { writeFormatFor, writeFormats } from '../src/formats/write/formats.ts';
import { exportRows } from '../src/operations/export/export.ts';
import type { Destination } from '../src/operations/export/output.ts';
import { querySource, tableSource } from '../src/operations/export/source.ts';
import { action } from './action.ts';
import type { Context } from './context.ts';
import { nameList, wholeNumber } from './option-values.ts';
import { addConnectionOptions, addExamples, addTableOption } from './options.ts';
import { bytes, counted, duration } from './output/units.ts';

interface ExportOptions {
  output?: string;
  format?: string;
  columns?: string[];
  where?: string;
  query?: string;
  orderBy?: string;
  limit?: number;
  header: boolean;
  null?: string;
  delimiter?: string;
  force?: true;
}

export function configure(command: Command): Command {
  const formats = writeFormats.map(({ name }) => name).join(' or ');
  addConnectionOptions(addTableOption(command))
    .argument('[table]', 'the table or view; default: the only table with vectors')
    .option(
      '-o, --output <file>',
      'default: stdout where that is no terminal, else <table>.<format>; - is stdout',
    )
    .option('--format <format>', `${formats} (default: by the file's ending, else csv)`)
    .option('--columns <a,b,c>', 'these columns, in this order', nameList)
    .option('--where <sql>', 'rows for which this holds')
    .option('--order-by <sql>', 'in this order')
    .option('--limit <n>', 'at most so many rows', wholeNumber({ min: 0 }))
    .option('--query <sql>', 'the rows of a query instead of a table')
    .option('--no-header', 'csv: without the line of column names')
    .option('--null <text>', 'csv: what stands for NULL (default: nothing at all)')
    .option('--delimiter <character>', 'csv: between two fields, \\t for a tab (default: a comma)')
    .option('--force', 'overwrite the file if there is one')
    .action(action<ExportOptions, [string | undefined]>({ writes: false }, run));
  return addExamples(command, [
    'pgv export docs -o docs.csv',
    'pgv export docs --format binary --where "created_at > now() - interval \'1 day\'"',
    'pgv export docs --columns id,embedding --no-header | gzip > vectors.csv.gz',
  ]);
}

async function run(context: Context<ExportOptions>, argument: string | undefined): Promise<void> {
  const { options, output, reporter, signal } = context;
  if (output.json && (options.output === undefined || options.output === '-')) {
    throw new UsageError('--json needs -o: stdout is for the summary then', { hint: 'name a file with -o' });
  }
  const format = writeFormatFor(options.format, options.output);
  const text = textOptions(options, format);
  const table = argument ?? context.table;
  if (options.query !== undefined) refuseBesideQuery(options, argument);
  const query = options.query === undefined ? undefined : querySource(options.query);
  const database = await context.database();
  const source = query ?? (await tableSource(database, { ...options, table }, reporter));
  const destination = destinationOf(context, `${source.table ?? 'query'}.${format.name}`);
  if (format.binary && !('path' in destination)) output.refuseBinaryOnTerminal();

  const summary = await exportRows(database, source, { format, text, destination, reporter, signal });
  if (!('path' in destination)) return;
  const { rows, bytes: size, seconds } = summary;
  await output.summary(
    { database: database.target.description, table: source.table ?? null, ...summary },
    `exported ${counted(rows, 'row')} (${bytes(size)}) to ${destination.path} in ${duration(seconds)}`,
  );
}

function destinationOf({ options, output, io }: Context<ExportOptions>, name: string): Destination {
  const path = options.output ?? (output.isTerminal ? name : '-');
  if (path === '-') return { write: output.write };
  return { path, directory: io.cwd, overwrite: options.force === true };
}

/** The options of text formats; @throws UsageError for what COPY would not take, or a binary format has not. */
function textOptions(options: ExportOptions, format: WriteFormat): WriteOptions {
  const given = [
    options.header ? undefined : '--no-header',
    options.null === undefined ? undefined : '--null',
    options.delimiter === undefined ? undefined : '--delimiter',
  ].filter((flag) => flag !== undefined);
  if (format.binary && given.length > 0) {
    throw new UsageError(`${given.join(', ')} cannot be used with --format ${format.name}`);
  }
  const delimiter = options.delimiter === '\\t' ? '\t' : (options.delimiter ?? ',');
  if (!/^[\t\x20\x21\x23-\x7e]$/.test(delimiter)) {
    throw new UsageError('--delimiter takes one ASCII character, and no double quote', {
      hint: '\\t stands for a tab',
    });
  }
  const asNull = options.null ?? '';
  if (/["\r\n]/.test(asNull) || asNull.includes(delimiter)) {
    throw new UsageError('--null cannot hold a quote, a line end or the delimiter');
  }
  return { header: options.header, null: asNull, delimiter };
}

function refuseBesideQuery(options: Context<ExportOptions>['options'], argument: string | undefined): void {
  const beside = {
    'a table': argument ?? options.table,
    '--columns': options.columns,
    '--where': options.where,
    '--order-by': options.orderBy,
    '--limit': options.limit,
  };
  const [flag] = Object.entries(beside).find(([, value]) => value !== undefined) ?? [];
  if (flag === undefined) return;
  throw new UsageError(`--query and ${flag} exclude each other`, { hint: 'write it into the query' });
}
