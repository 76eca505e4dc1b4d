import type { Command } from 'commander';
import type { Database } from '../src/database/database.ts';
import { checkOptions, type VacuumRequest } from '../src/operations/vacuum/options.ts';
import {
  type PlannedVacuum,
  planVacuum,
  tablesToVacuum,
  vacuumStatements,
} from '../src/operations/vacuum/plan.ts';
import { vacuumTables } from '../src/operations/vacuum/vacuum.ts';
import { action } from './action.ts';
import type { Context } from './context.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { wholeNumber } from './option-values.ts';
import {
  addConnectionOptions,
  addDirectUrl,
  addExamples,
  addLockTimeout,
  addTableOption,
} from './options.ts';
import { addPreviewOptions, type PreviewFlags, printStatements, writesUnlessPreview } from './statements.ts';
import { plannedLines, vacuumedLine } from './vacuum/lines.ts';

type VacuumFlags = VacuumRequest & PreviewFlags;

export function configure(command: Command): Command {
  addPreviewOptions(
    addLockTimeout(addDirectUrl(addConnectionOptions(addTableOption(command))))
      .argument('[table]', 'default: all tables with vectors')
      .option('--if-needed', 'leave tables alone that autovacuum would not see to yet')
      .option('--reindex', 'build vector indexes anew first, where that is quicker than their vacuum')
      .option('--full', 'rewrite the table to its smallest size; nobody can use it meanwhile')
      .option('--parallel <n>', 'workers for the indexes', wholeNumber({ min: 0, max: 1024 }))
      .option('--skip-locked', 'leave out tables that another session has locked'),
  ).action(
    action<VacuumFlags, [string | undefined]>({ writes: writesUnlessPreview, needsSession: true }, run),
  );
  command.addHelpText(
    'after',
    '\nVACUUM and ANALYZE. --reindex takes an hnsw index where 1 % of the rows are dead, and any that is INVALID or takes twice the room it needs.',
  );
  return addExamples(command, [
    'pgv vacuum',
    'pgv vacuum docs --reindex',
    'pgv vacuum --if-needed --reindex --json',
    'pgv vacuum docs --full --dry-run',
  ]);
}

async function run(
  context: Context<VacuumFlags>,
  argument: string | undefined,
): Promise<ExitCode | undefined> {
  const { options, output, reporter } = context;
  checkOptions(options);
  const table = context.tableNamed(argument);
  const database = await context.database();
  if (options.sql || options.dryRun) {
    await preview(context, await planAll(database, table, options));
    return undefined;
  }
  const tables = await vacuumTables(database, table, options, reporter);
  if (output.json) {
    await output.document({ database: database.target.description, dryRun: false, tables });
  } else {
    // Why one was not was told when it was.
    for (const each of tables) if (each.error === null) reporter.note(vacuumedLine(each));
  }
  return tables.some(({ status }) => status === 'failed') ? exitCodes.database : exitCodes.done;
}

async function planAll(
  database: Database,
  table: string | undefined,
  options: VacuumRequest,
): Promise<PlannedVacuum[]> {
  const planned: PlannedVacuum[] = [];
  for (const name of await tablesToVacuum(database, table)) {
    planned.push(await planVacuum(database, name, options));
  }
  return planned;
}

async function preview(context: Context<VacuumFlags>, planned: readonly PlannedVacuum[]): Promise<void> {
  const { options, output, reporter } = context;
  const database = await context.database();
  if (options.sql) {
    const statements = [];
    for (const each of planned) statements.push(...(await vacuumStatements(database, each, options)));
    return printStatements(context, statements);
  }
  if (!output.json) {
    for (const line of planned.flatMap((each) => plannedLines(each, options.reindex === true)))
      reporter.note(line);
    return;
  }
  const tables = planned.map(({ name, needed, due, before, advice }) => ({
    table: name,
    status: before === undefined ? 'skipped' : needed ? 'would-vacuum' : 'not-needed',
    due,
    before: before?.condition ?? null,
    indexes: advice.map(({ index, rebuild, drop, reason }) => ({
      index: index.shown,
      rebuild,
      drop,
      reason,
    })),
  }));
  await output.document({ database: database.target.description, dryRun: true, tables });
}
