import { type Command, InvalidArgumentError, Option } from 'commander';
import { UsageError } from '../src/errors.ts';
import { checkInit, type InitRequest, init } from '../src/operations/init/init.ts';
import {
  type ColumnRole,
  columnRoles,
  type IdType,
  idTypes,
  planTable,
  type TablePlan,
  type VectorRequest,
} from '../src/operations/init/plan.ts';
import { initStatements } from '../src/operations/init/statements.ts';
import { isVectorType, type VectorType } from '../src/vector/metrics.ts';
import { action } from './action.ts';
import type { Context } from './context.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { keyValue, wholeNumber } from './option-values.ts';
import { addConnectionOptions, addExamples, addTableOption } from './options.ts';

interface InitOptions {
  dimensions?: number;
  type?: VectorType;
  vector?: VectorRequest[];
  idType?: IdType;
  columnMap?: [string, string][];
  tenantColumn?: string | true;
  unlogged?: true;
  check?: true;
  sql?: true;
}

export function configure(command: Command): Command {
  addConnectionOptions(addTableOption(command))
    .argument('[table]', 'the table to make; without one, the extension alone')
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
    .option('--column-map <role=name>', `another name for ${columnRoles.join(', ')}; several times`, keyValue)
    .option('--tenant-column [name]', 'a column for the tenant (default: tenant_id)')
    .option('--unlogged', 'faster to fill, empty after a crash of the server')
    .option('--check', 'change nothing; exit 1 and say how the table differs')
    .option('--sql', 'print the statements, and run nothing')
    .action(
      action<InitOptions, [string | undefined]>(
        { writes: ({ check, sql }) => !check && !sql, createsEmbedded: true },
        run,
      ),
    );
  return addExamples(command, [
    'pgv init',
    'pgv init docs --dimensions 768',
    'pgv init docs --dimensions 1536 --type halfvec --id-type uuid --tenant-column --check',
    "pgv init photos --vector 'image:vector(512)' --vector 'caption:halfvec(768)' --sql",
  ]);
}

async function run(context: Context<InitOptions>, argument: string | undefined): Promise<ExitCode> {
  const { options, output, reporter } = context;
  const table = argument ?? context.table;
  const request = { table, plan: requestedPlan(table, options) };
  if (options.sql) {
    await printStatements(context, request);
    return exitCodes.done;
  }
  const database = await context.database();
  if (options.check) return report(context, database.target.description, await checkInit(database, request));

  const summary = await init(database, request, reporter);
  await output.summary(
    { database: database.target.description, table: table ?? null, ...summary },
    summary.created.length === 0 ? 'nothing to do: all is there' : nextStep(table),
  );
  return exitCodes.done;
}

function nextStep(table: string | undefined): string {
  return table === undefined
    ? 'next: pgv ingest <file>, or pgv init <table> --dimensions <n>'
    : `next: pgv ingest <file> -t ${table}`;
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

/** The table that the flags describe; undefined where they say nothing about it. */
function requestedPlan(table: string | undefined, options: InitOptions): TablePlan | undefined {
  const vectors = requestedVectors(options);
  const names = requestedNames(options);
  const shapes = [options.idType, options.unlogged, ...Object.values(names), ...vectors];
  if (shapes.every((shape) => shape === undefined)) return undefined;
  if (table === undefined) {
    throw new UsageError('a table is described but not named', { hint: 'pgv init <table> …' });
  }
  return planTable({
    name: table,
    vectors,
    idType: options.idType ?? 'bigint',
    names,
    unlogged: options.unlogged === true,
  });
}

function requestedVectors(options: InitOptions): VectorRequest[] {
  const { dimensions, type, vector } = options;
  const name = requestedNames(options).embedding;
  if (vector !== undefined) {
    if (dimensions === undefined && type === undefined && name === undefined) return vector;
    throw new UsageError('--vector stands in place of --dimensions, --type and --column-map embedding');
  }
  if (dimensions !== undefined) return [{ name: name ?? 'embedding', type: type ?? 'vector', dimensions }];
  if (type === undefined && name === undefined) return [];
  throw new UsageError('a vector column needs dimensions', {
    code: 'no-dimensions',
    hint: "add --dimensions <n>, the length of your model's vectors, such as 384, 768 or 1536",
  });
}

function requestedNames({ columnMap = [], tenantColumn }: InitOptions): Partial<Record<ColumnRole, string>> {
  const names: Partial<Record<ColumnRole, string>> = {};
  if (tenantColumn !== undefined) names.tenant = tenantColumn === true ? 'tenant_id' : tenantColumn;
  for (const [role, name] of columnMap) names[roleNamed(role)] = name;
  return names;
}

function roleNamed(name: string): ColumnRole {
  const role = columnRoles.find((known) => known === name);
  if (role !== undefined) return role;
  throw new UsageError(`--column-map does not know ${name}`, { hint: `it maps ${columnRoles.join(', ')}` });
}

/** `image:vector(512)`; several of them gather in order. */
function vectorColumn(text: string, previous: VectorRequest[] = []): VectorRequest[] {
  const [, name, type, dimensions] = /^(.+):([a-z]+)\(([1-9]\d*)\)$/s.exec(text) ?? [];
  if (name === undefined || type === undefined || !isVectorType(type)) {
    throw new InvalidArgumentError('It must be <name>:<type>(<n>), such as image:vector(512).');
  }
  return [...previous, { name, type, dimensions: Number(dimensions) }];
}
