import { type Command, Option } from 'commander';
import { checkInit, type InitRequest, init } from '../src/operations/init/init.ts';
import { columnRoles, idTypes } from '../src/operations/init/plan.ts';
import { initStatements } from '../src/operations/init/statements.ts';
import { shellWord } from '../src/shell-word.ts';
import { action } from './action.ts';
import type { Context } from './context.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { type IndexOptions, indexParameters, requestedIndex } from './init/index-request.ts';
import { requestedPlan, type TableShapeOptions, vectorColumn } from './init/table-request.ts';
import { keyName, metric, wholeNumber } from './option-values.ts';
import { addAlteringConnection, addExamples, addTableOption } from './options.ts';

interface InitOptions extends TableShapeOptions, IndexOptions {
  grant?: string;
  check?: true;
  sql?: true;
}

export function configure(command: Command): Command {
  addAlteringConnection(addTableOption(command))
    .argument('[table]', 'the table to make; without one, the extension and the ledger of loads alone')
    .option('--dimensions <n>', "the length of the model's vectors", wholeNumber({ min: 1 }))
    .addOption(
      new Option('--type <type>', 'of the vectors (default: vector)').choices([
        'vector',
        'halfvec',
        'sparsevec',
        'bit',
      ]),
    )
    .option('--vector <name:type(n)>', 'a vector column; several times for several', vectorColumn)
    .addOption(new Option('--id-type <type>', 'of the primary key (default: bigint)').choices(idTypes))
    .option('--column-map <role=name>', `another name for ${columnRoles.join(', ')}; several times`, keyName)
    .option('--tenant-column [name]', 'a column for the tenant (default: tenant_id)')
    .option('--unlogged', 'faster to fill, empty after a crash of the server')
    .addOption(
      new Option('--index <type>', 'on each vector column (default: none)').choices([
        'none',
        'hnsw',
        'ivfflat',
      ]),
    )
    .option(
      '--metric <metric>',
      "the index's: cosine, l2, ip, l1, hamming or jaccard (default: cosine)",
      metric,
    )
    .option(
      '--index-params <name=n,…>',
      'm=16,ef_construction=64 for hnsw, lists=100 for ivfflat',
      indexParameters,
    )
    .option(
      '--grant <role>',
      'let a role ingest: keep the ledger, and SELECT, INSERT and UPDATE (for --on-conflict update) on the table; --truncate and --delete-missing need more, which this does not give',
    )
    .option('--check', 'change nothing; exit 1 and say how the table differs')
    .option('--sql', 'print the statements, and run nothing')
    .action(
      action<InitOptions, [string | undefined]>(
        { writes, createsEmbedded: true, needsSession: (options) => writes(options) && makesIndex(options) },
        run,
      ),
    );
  return addExamples(command, [
    'pgv init',
    'pgv init docs --dimensions 768 --index hnsw',
    'pgv init docs --grant loader',
    'pgv init docs --dimensions 1536 --type halfvec --id-type uuid --tenant-column --check',
    "pgv init photos --vector 'image:vector(512)' --vector 'caption:halfvec(768)' --sql",
  ]);
}

const writes = ({ check, sql }: InitOptions) => !check && !sql;

const makesIndex = ({ index }: InitOptions) => index !== undefined && index !== 'none';

async function run(context: Context<InitOptions>, argument: string | undefined): Promise<ExitCode> {
  const { options, output, reporter } = context;
  const table = context.tableNamed(argument);
  const request = {
    table,
    plan: requestedPlan(table, options),
    index: requestedIndex(table, options),
    grant: options.grant,
  };
  if (options.sql) {
    await printStatements(context, request);
    return exitCodes.done;
  }
  const database = await context.database();
  if (options.check) return report(context, database.target.description, await checkInit(database, request));

  const summary = await init(database, request, reporter);
  await output.summary(
    { database: database.target.description, table: table ?? null, ...summary },
    summary.created.length + summary.granted.length === 0 ? 'nothing to do: all is there' : nextStep(table),
  );
  return exitCodes.done;
}

function nextStep(table: string | undefined): string {
  return table === undefined
    ? 'next: pgv ingest <file>, or pgv init <table> --dimensions <n>'
    : `next: pgv ingest <file> -t ${shellWord(table)}`;
}

async function printStatements({ output }: Context<InitOptions>, request: InitRequest): Promise<void> {
  const statements = initStatements(request).map(({ text }) => text);
  if (output.json) await output.document({ statements });
  else await output.write(statements.map((text) => `${text};\n`).join(''));
}

async function report(
  { output }: Context<InitOptions>,
  database: string,
  differences: string[],
): Promise<ExitCode> {
  if (output.json) await output.document({ database, asRequested: differences.length === 0, differences });
  else await output.write(differences.map((line) => `${line}\n`).join(''));
  return differences.length === 0 ? exitCodes.done : exitCodes.no;
}
