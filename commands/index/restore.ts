import type { Command } from 'commander';
import { restoreIndexes } from '../../src/operations/deferred-indexes/restore.ts';
import { findTable } from '../../src/operations/tables.ts';
import { action } from '../action.ts';
import type { Context } from '../context.ts';
import { addConnectionOptions, addExamples, addLockTimeout, addTableOption } from '../options.ts';
import { duration } from '../output/units.ts';

export function configure(command: Command): Command {
  addLockTimeout(addConnectionOptions(addTableOption(command)))
    .argument('[table]', 'default: all tables that lack indexes since a load')
    .action(action<object, [string | undefined]>({ writes: true, endsItself: true }, run));
  return addExamples(command, ['pgv index restore', 'pgv index restore docs --json']);
}

async function run(context: Context<object>, argument: string | undefined): Promise<void> {
  const { output, reporter, signal } = context;
  const database = await context.database();
  const name = context.tableNamed(argument);
  const table = name === undefined ? undefined : await findTable(database, name);
  const indexes = await restoreIndexes(database, table, reporter, signal);
  if (output.json) return output.document({ database: database.target.description, indexes });
  if (indexes.length === 0) reporter.note('no index is missing since a load');
  for (const { index, status, seconds } of indexes) {
    if (status === 'built') reporter.note(`built index ${index} in ${duration(seconds)}`);
  }
}
