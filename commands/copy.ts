import { type Command, Option } from 'commander';
import { copyTable } from '../src/operations/copy/copy.ts';
import { describeCopy } from '../src/operations/copy/describe-copy.ts';
import type { CopyOptions } from '../src/operations/copy/options.ts';
import { defaultLanes } from '../src/operations/lanes.ts';
import type { OnConflict } from '../src/sql/staging.ts';
import { maxDimensions } from '../src/vector/limits.ts';
import type { VectorType } from '../src/vector/metrics.ts';
import { action } from './action.ts';
import type { Context } from './context.ts';
import { type DatabaseFlags, openBoth } from './copy/databases.ts';
import { renderDescription } from './copy/description.ts';
import { threads } from './ingest/threads.ts';
import { nameList, wholeNumber } from './option-values.ts';
import { addExamples, addLockTimeout, addStatementTimeout, addTableOptions } from './options.ts';
import { rowChanges } from './output/row-changes.ts';
import { bytes, counted, duration } from './output/units.ts';

interface CopyFlags extends DatabaseFlags {
  toTable?: string;
  columns?: string[];
  where?: string;
  jobs?: number;
  type?: VectorType;
  dimensions?: number;
  normalize?: true;
  truncate?: true;
  onConflict?: OnConflict;
  key?: string[];
  atomic?: true;
  dryRun?: true;
}

export function configure(command: Command): Command {
  addLockTimeout(addStatementTimeout(addTableOptions(command)))
    .argument('[from]', 'the database that has the table: a URL, or pglite:<dir>')
    .argument('[to]', 'the database that it is copied to')
    .optionsGroup('Which database:')
    .option('--from <url>', 'instead of the first argument (also PGV_FROM)')
    .option('--to <url>', 'instead of the second argument (also PGV_TO)')
    .optionsGroup('Which table:')
    .option('--to-table <[schema.]name>', 'the table that rows go into (default: of the same name)')
    .optionsGroup('Which rows, and as what:')
    .option('--columns <a,b,c>', 'these columns', nameList)
    .option('--where <sql>', 'rows for which this holds')
    .addOption(
      new Option(
        '--type <type>',
        'the type of the vectors in a new table; bit keeps the signs alone',
      ).choices(['vector', 'halfvec', 'sparsevec', 'bit']),
    )
    .option(
      '--dimensions <n>',
      'cut vectors to the first so many, and bring what was cut to length 1 (Matryoshka)',
      wholeNumber({ min: 1, max: maxDimensions.vector }),
    )
    .option('--normalize', 'bring vectors to length 1')
    .optionsGroup('A table that holds rows already:')
    .option('--truncate', 'empty it first, with the first rows that come or, with --atomic, with all')
    .addOption(
      new Option('--on-conflict <what>', 'for rows whose key is there already').choices([
        'error',
        'skip',
        'update',
      ]),
    )
    .option('--key <a,b>', 'the columns of that key (default: the primary key)', nameList)
    .option('--atomic', 'all rows or none')
    .optionsGroup('Options:')
    .option(
      '--jobs <n>',
      'lanes side by side (default: the cores, at most 4)',
      wholeNumber({ min: 1, max: 64 }),
    )
    .option('--dry-run', 'tell what would happen, and copy nothing')
    .action(
      action<CopyFlags, [string | undefined, string | undefined]>({ writes: true, endsItself: true }, run),
    );
  return addExamples(command, [
    'pgv copy postgres://localhost/app postgres://db.example.com/app -t docs',
    'pgv copy postgres://localhost/app pglite:./local -t docs --where "tenant_id = \'acme\'"',
    'pgv copy pglite:.pgv postgres://localhost/app -t docs --to-table archive.docs',
    'pgv copy "$OLD" "$NEW" -t docs --type halfvec --dimensions 512  # its indexes too, for halfvec',
    'pgv copy "$PROD" "$STAGING" -t docs --truncate --atomic',
  ]);
}

async function run(context: Context<CopyFlags>, ...args: (string | undefined)[]): Promise<void> {
  try {
    await copy(context, args);
  } finally {
    await threads.close();
  }
}

async function copy(context: Context<CopyFlags>, args: (string | undefined)[]): Promise<void> {
  const { options, output, reporter, signal, table } = context;
  const { from, to } = await openBoth(context, args);
  const request: CopyOptions = { ...options, table, threads };
  if (options.dryRun) {
    const description = await describeCopy(from, to, request, reporter, signal);
    if (output.json) await output.document(description);
    else await output.write(renderDescription(description));
    return;
  }
  threads.start(Math.min(options.jobs ?? defaultLanes(), to.maxLanes));
  const summary = await copyTable(from, to, request, reporter, signal);
  const { rows, bytes: size, seconds, indexes } = summary;
  const built = indexes.length === 0 ? '' : `, with ${counted(indexes.length, 'index', 'indexes')}`;
  const copied = `copied ${counted(rows, 'row')} (${bytes(size)}) into ${summary.table}${built} in ${duration(seconds)}`;
  await output.summary(summary, [copied, ...rowChanges(summary)].join(' · '));
}
