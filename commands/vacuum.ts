import type { Command } from 'commander';
import { checkOptions } from '../src/operations/vacuum/options.ts';
import { vacuumTables } from '../src/operations/vacuum/vacuum.ts';
import { action } from './action.ts';
import type { Context } from './context.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { wholeNumber } from './option-values.ts';
import { addAlteringConnection, addExamples, addTableOption } from './options.ts';
import { addPreviewOptions, writesUnlessPreview } from './statements.ts';
import { vacuumedLine } from './vacuum/lines.ts';
import { previewVacuum, type VacuumFlags } from './vacuum/preview.ts';

export function configure(command: Command): Command {
  addPreviewOptions(
    addAlteringConnection(addTableOption(command))
      .argument('[table]', 'default: all tables with vectors')
      .option('--if-needed', 'leave tables alone that autovacuum would not see to yet')
      .option('--reindex', 'build vector indexes anew first, where that is quicker than their vacuum')
      .option('--full', 'rewrite the table to its smallest size; nobody can use it meanwhile')
      .option('--parallel <n>', 'workers for the indexes', wholeNumber({ min: 0, max: 1024 }))
      .option('--skip-locked', 'leave out tables that another session has locked'),
  ).action(
    action<VacuumFlags, [string | undefined]>(
      { writes: writesUnlessPreview, needsSession: writesUnlessPreview },
      run,
    ),
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
  if (options.sql || options.dryRun) return previewVacuum(context, database, table);
  const tables = await vacuumTables(database, table, options, reporter);
  if (output.json) {
    await output.document({ database: database.target.description, dryRun: false, tables });
  } else {
    // Why one was not was told when it was.
    for (const each of tables) if (each.error === null) reporter.note(vacuumedLine(each));
  }
  return tables.some(({ status }) => status === 'failed') ? exitCodes.database : exitCodes.done;
}
