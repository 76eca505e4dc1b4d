import path from 'node:path';
import { type Command, Option } from 'commander';
import { decompressed, withoutCompression } from '../src/decompress.ts';
import { UsageError } from '../src/errors.ts';
import type { ReadFormat } from '../src/formats/read/format.ts';
import { formatOf, formatOfBytes, readFormat, readFormats } from '../src/formats/read/formats.ts';
import { type IngestSummary, ingest } from '../src/operations/ingest/ingest.ts';
import { beginning, openFile, type Source, streamSource } from '../src/source.ts';
import { quoteName } from '../src/sql/identifiers.ts';
import { action } from './action.ts';
import type { Context } from './context.ts';
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
  /** False with --no-header. */
  header: boolean;
  /** False with --no-create. */
  create?: boolean;
  onConflict: 'error' | 'skip' | 'update';
  key?: string[];
  atomic?: true;
}

export function configure(command: Command): Command {
  addConnectionOptions(addTableOption(command))
    .argument('<file>', 'the file, also compressed with gzip or zstd; - reads it from stdin')
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
    .action(action<IngestFlags, [string]>({ writes: true, createsEmbedded: true, endsItself: true }, run));
  return addExamples(command, [
    'pgv ingest docs.csv',
    'pgv ingest docs.csv -t archive.docs --map text=content --map vec=embedding',
    'pgv ingest docs.csv --on-conflict update',
    'pgv ingest docs.csv.gz --atomic -d postgres://localhost/app',
    'curl -s https://example.com/docs.csv | pgv ingest - -t docs',
    "pgv ingest vectors.npy --map embedding=vec  # in a new table, id is the row's number, from 0",
  ]);
}

async function run(context: Context<IngestFlags>, name: string): Promise<void> {
  const { options, output, reporter, signal } = context;
  const table = tableName(context, name);
  const source = await decompressed(await openSource(context, name));
  // A pipe may have nothing to read for long: closed, it is waited for no more.
  const close = () => void source.close().catch(() => {});
  signal.addEventListener('abort', close, { once: true });
  try {
    const { format, whole } = await chooseFormat(source, name, options.format);
    const file = await format.open(whole, options);
    const summary = await ingest(
      await context.database(),
      file,
      {
        table,
        columns: options.columns,
        map: options.map,
        types: new Map(options.types),
        jobs: options.jobs,
        create: options.create,
        onConflict: options.onConflict,
        key: options.key,
        atomic: options.atomic,
        byteLength: source.byteLength,
      },
      reporter,
      signal,
    );
    await output.summary(summary, sentence(summary));
  } finally {
    signal.removeEventListener('abort', close);
    await source.close();
  }
}

/** -t and what stands for it; else the file's base name. */
function tableName({ table }: Context<IngestFlags>, file: string): string {
  if (table !== undefined) return table;
  if (file === '-') {
    throw new UsageError('stdin has no name that the table could take', { hint: 'name the table with -t' });
  }
  return quoteName(path.parse(withoutCompression(file)).name);
}

/** By --format, else by the file's name, and where that says nothing by its first bytes. */
async function chooseFormat(
  source: Source,
  file: string,
  name: string | undefined,
): Promise<{ format: ReadFormat; whole: Source }> {
  const known = name === undefined ? formatOf(withoutCompression(file)) : readFormat(name);
  if (known !== undefined && (name !== undefined || file !== '-')) return { format: known, whole: source };
  const { bytes, whole } = await beginning(source, 16);
  const format = formatOfBytes(bytes) ?? known;
  if (format !== undefined) return { format, whole };
  throw new UsageError(`${file}: nothing in its name says which format it has`, {
    code: 'unknown-format',
    file,
    hint: `say --format ${readFormats.map((each) => each.name).join(' or ')}`,
  });
}

function openSource({ io }: Context<IngestFlags>, name: string): Promise<Source> | Source {
  if (name !== '-') return openFile(path.resolve(io.cwd, name), name);
  if (io.stdin.isTTY) {
    throw new UsageError('stdin is a terminal', { hint: 'pipe a file into it, or name the file' });
  }
  return streamSource(io.stdin, 'stdin');
}

function sentence({ table, rows, updated, skipped, seconds, bytes }: IngestSummary): string {
  const parts = [`${counted(rows, 'row')} into ${table} in ${duration(seconds)}`];
  // Of a small file, a rate would only say how long the program took to start.
  if (rows >= 10_000) parts.push(`${rowRate(rows, seconds)}, ${byteRate(bytes, seconds)}`);
  if (updated > 0) parts.push(`${counted(updated, 'row')} updated`);
  if (skipped > 0) parts.push(`${counted(skipped, 'row')} skipped`);
  return parts.join(' · ');
}
