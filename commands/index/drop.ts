import type { Command } from 'commander';
import { dropPlanned, planDrop } from '../../src/operations/index-upkeep/drop.ts';
import { action } from '../action.ts';
import { type ConfirmOptions, confirm } from '../confirm.ts';
import type { Context } from '../context.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { addAlteringConnection, addExamples, addTableOption } from '../options.ts';
import { bytes } from '../output/units.ts';
import { addPreviewOptions, type PreviewFlags, printStatements, writesUnlessPreview } from '../statements.ts';

type DropFlags = ConfirmOptions & PreviewFlags;

export function configure(command: Command): Command {
  addPreviewOptions(
    addAlteringConnection(addTableOption(command))
      .argument('<name>', 'the index, as `pgv index list` names it')
      .option('--yes', 'do not ask'),
  ).action(
    action<DropFlags, [string]>({ writes: writesUnlessPreview, needsSession: writesUnlessPreview }, run),
  );
  command.addHelpText(
    'after',
    '\nOn a server it is dropped CONCURRENTLY: it waits for those who use the table, and for builds on it, and no reader or writer waits for it. An index of a partitioned table goes at once, or after --lock-timeout not at all.',
  );
  return addExamples(command, [
    'pgv index drop docs_embedding_hnsw_cosine',
    'pgv index drop archive.old_index --yes --json',
    'pgv index drop docs_embedding_hnsw_cosine --sql',
  ]);
}

async function run(context: Context<DropFlags>, name: string): Promise<ExitCode> {
  const { options, output, reporter } = context;
  const database = await context.database();
  const planned = await planDrop(database, name, options.table);
  const { index, statement } = planned;
  if (options.sql) {
    await printStatements(context, [statement]);
    return exitCodes.done;
  }
  const size = planned.bytes === null ? '' : ` (${bytes(planned.bytes)})`;
  const what = `index ${index.shown}${size} of ${index.shownTable}`;
  const document = {
    database: database.target.description,
    index: index.shown,
    table: index.shownTable,
    bytes: planned.bytes,
  };
  if (options.dryRun) {
    await output.summary({ ...document, dryRun: true, dropped: false }, `would drop ${what}`);
    return exitCodes.done;
  }
  const agreed = await confirm(context, `drop ${what}`);
  const started = performance.now();
  if (agreed) await dropPlanned(database, planned, reporter);
  const seconds = (performance.now() - started) / 1000;
  await output.summary(
    { ...document, dryRun: false, dropped: agreed, seconds },
    agreed ? `dropped ${what}` : `${index.shown} stays`,
  );
  return agreed ? exitCodes.done : exitCodes.no;
}
