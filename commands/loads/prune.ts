import type { Command } from 'commander';
import { type Pruned, pruneLedger } from '../../src/operations/ledger/prune.ts';
import type { Remnant } from '../../src/sql/ledger-upkeep.ts';
import { action } from '../action.ts';
import type { Context } from '../context.ts';
import { wholeNumber } from '../option-values.ts';
import { addConnectionOptions, addExamples } from '../options.ts';
import { counted } from '../output/units.ts';

interface PruneFlags {
  olderThan?: number;
  dryRun?: true;
}

export function configure(command: Command): Command {
  addConnectionOptions(command)
    .option(
      '--older-than <days>',
      'also the checksums of loads that were finished longer ago; they stay known as loaded',
      wholeNumber({ min: 0, max: 1_000_000 }),
    )
    .option('--dry-run', 'say what would be removed, and remove nothing')
    .action(action<PruneFlags>({ writes: ({ dryRun }) => !dryRun }, run));
  command.addHelpText(
    'after',
    '\nForgets loads whose table is gone, and removes staging tables that loads have left behind. Your rows stay.',
  );
  return addExamples(command, ['pgv loads prune', 'pgv loads prune --older-than 90 --dry-run']);
}

async function run(context: Context<PruneFlags>): Promise<void> {
  const { options, output, reporter } = context;
  const dryRun = options.dryRun === true;
  const database = await context.database();
  const pruned = await pruneLedger(database, { olderThan: options.olderThan, dryRun });
  if (output.json) return output.document({ database: database.target.description, dryRun, ...pruned });
  for (const line of lines(pruned, dryRun)) reporter.note(line);
}

function lines({ removed, kept, pieces }: Pruned, dryRun: boolean): string[] {
  if (removed.length + kept.length + pieces === 0) return ['nothing to prune'];
  const [forgot, dropped] = dryRun ? ['would forget', 'would remove'] : ['forgot', 'removed'];
  const tell: Record<Remnant['why'], (remnant: Remnant) => string> = {
    'table-gone': ({ loadId, table }) => `${forgot} load ${loadId}: its table ${table} is gone`,
    nameless: ({ loadId, table }) =>
      `${forgot} load ${loadId} into ${table}: a stream without a name, which nothing can go on with`,
    finished: ({ loadId, table }) =>
      `${dropped} the staging table of load ${loadId} into ${table}, which is finished`,
    forgotten: ({ loadId }) =>
      `${dropped} the staging table of load ${loadId}, which the ledger does not know`,
  };
  const stays = kept.map(
    ({ loadId }) => `load ${loadId} stays: a run is at work on it, or somebody reads what it staged`,
  );
  const old = pieces === 0 ? [] : [`${forgot} the checksums of ${counted(pieces, 'piece')}`];
  return [...removed.map((remnant) => tell[remnant.why](remnant)), ...stays, ...old];
}
