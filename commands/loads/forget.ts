import type { Command } from 'commander';
import type { DescribedLoad } from '../../src/operations/ledger/describe-loads.ts';
import { forgetLoads } from '../../src/operations/ledger/forget.ts';
import { action } from '../action.ts';
import type { Context } from '../context.ts';
import { addConnectionOptions, addExamples, addLockTimeout } from '../options.ts';
import { counted } from '../output/units.ts';
import { filesOf } from './names.ts';

export function configure(command: Command): Command {
  addLockTimeout(addConnectionOptions(command))
    .argument('<id...>', 'loads, by their ids or the beginnings of them (pgv loads list)')
    .action(action<object, [string[]]>({ writes: true }, run));
  command.addHelpText(
    'after',
    '\nRows that a load has stored stay in its table. Its file counts as new: loaded again, all of it goes in.',
  );
  return addExamples(command, ['pgv loads forget 0f4cf4aa', 'pgv loads forget 0f4cf4aa 91b2cc07 --json']);
}

async function run(context: Context<object>, ids: string[]): Promise<void> {
  const { output, reporter } = context;
  const database = await context.database();
  const forgotten = await forgetLoads(database, ids);
  if (output.json) return output.document({ database: database.target.description, forgotten });
  for (const load of forgotten) reporter.note(`forgot the load of ${filesOf(load)}: ${whatStays(load)}`);
}

function whatStays({ status, staged, rows, table }: DescribedLoad): string {
  if (status === 'void') return `what it had stored in ${table} is gone already`;
  if (staged) return `what it had staged for ${table} is gone`;
  if (rows === 0) return `it has stored nothing in ${table}`;
  return `${counted(rows, 'row')} ${rows === 1 ? 'stays' : 'stay'} in ${table}, and the file can be loaded again`;
}
