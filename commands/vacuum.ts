import type { Command } from 'commander';
import { type VacuumedTable, vacuumTables } from '../src/operations/vacuum.ts';
import { action } from './action.ts';
import type { Context } from './context.ts';
import { wholeNumber } from './option-values.ts';
import { addConnectionOptions, addExamples, addTableOption } from './options.ts';
import { bytes, count, counted, duration } from './output/units.ts';

interface VacuumFlags {
  full?: true;
  parallel?: number;
  skipLocked?: true;
}

export function configure(command: Command): Command {
  addConnectionOptions(addTableOption(command))
    .argument('[table]', 'default: all tables with vectors')
    .option('--full', 'rewrite the table to its smallest size; nobody can use it meanwhile')
    .option('--parallel <n>', 'workers for the indexes', wholeNumber({ min: 0, max: 1024 }))
    .option('--skip-locked', 'leave out tables that another session has locked')
    .action(action<VacuumFlags, [string | undefined]>({ writes: true }, run));
  return addExamples(command, ['pgv vacuum', 'pgv vacuum docs --full --json']);
}

async function run(context: Context<VacuumFlags>, argument: string | undefined): Promise<void> {
  const { options, output, reporter } = context;
  const database = await context.database();
  const tables = await vacuumTables(database, context.tableNamed(argument), options, reporter);
  if (output.json) return output.document({ database: database.target.description, tables });
  for (const table of tables) reporter.note(lineOf(table));
}

function lineOf({ table, seconds, before, after }: VacuumedTable): string {
  if (before === null || after === null) return `skipped ${table}: it is locked`;
  const sizes = `${bytes(before.bytes)} → ${bytes(after.bytes)}`;
  const dead =
    before.deadRows === null || after.deadRows === null
      ? ''
      : `${counted(before.deadRows, 'dead row')} → ${count(after.deadRows)}, `;
  return `vacuumed ${table} in ${duration(seconds)}: ${dead}${sizes}`;
}
