import type { Command } from 'commander';
import type { BuildOptions } from '../../src/operations/index-create/resources.ts';
import { findIndex, findIndexesOf } from '../../src/operations/index-upkeep/find.ts';
import {
  checkComplete,
  type Reindexed,
  rebuild,
  reindexStatements,
} from '../../src/operations/index-upkeep/reindex.ts';
import { action } from '../action.ts';
import type { Context } from '../context.ts';
import { byteSize, wholeNumber } from '../option-values.ts';
import { addAlteringConnection, addExamples, addTableOption } from '../options.ts';
import { bytes, duration } from '../output/units.ts';
import { addPreviewOptions, type PreviewFlags, printStatements, writesUnlessPreview } from '../statements.ts';

type ReindexFlags = BuildOptions & PreviewFlags;

export function configure(command: Command): Command {
  addPreviewOptions(
    addAlteringConnection(addTableOption(command))
      .argument(
        '[name]',
        'the index, as `pgv index list` names it (default: all vector indexes of the table)',
      )
      .option('--memory <size>', 'maintenance_work_mem for the build (default: what it takes)', byteSize)
      .option('--workers <n>', 'processes that help with the build', wholeNumber({ min: 0, max: 1024 })),
  ).action(
    action<ReindexFlags, [string | undefined]>(
      { writes: writesUnlessPreview, needsSession: writesUnlessPreview },
      run,
    ),
  );
  command.addHelpText(
    'after',
    '\nOn a server it is done CONCURRENTLY; what an interrupted REINDEX has left is removed first. An INVALID index is valid after it.',
  );
  return addExamples(command, [
    'pgv index reindex docs_embedding_hnsw_cosine',
    'pgv index reindex -t docs --memory 2GB',
    'pgv index reindex -t docs --dry-run',
  ]);
}

async function run(context: Context<ReindexFlags>, name: string | undefined): Promise<void> {
  const { options, output, reporter, table } = context;
  const database = await context.database();
  const indexes =
    name === undefined
      ? await findIndexesOf(database, table)
      : [await findIndex(database, name, options.table)];
  // Before any is built.
  indexes.forEach(checkComplete);
  if (options.sql) {
    const statements = [];
    for (const index of indexes) statements.push(...(await reindexStatements(database, index, options)));
    return printStatements(context, statements);
  }
  const document = { database: database.target.description, dryRun: options.dryRun === true };
  if (options.dryRun) {
    const planned = indexes.map(({ shown, shownTable }) => ({ index: shown, table: shownTable }));
    if (output.json) return output.document({ ...document, indexes: planned });
    for (const { index, table } of planned) reporter.note(`would build index ${index} of ${table} anew`);
    return;
  }
  const rebuilt: Reindexed[] = [];
  for (const index of indexes) {
    rebuilt.push(await rebuild(database, index, options, reporter));
    if (!output.json) reporter.note(lineOf(rebuilt.at(-1)!));
  }
  if (output.json) await output.document({ ...document, indexes: rebuilt });
}

function lineOf({ index, before, after, seconds }: Reindexed): string {
  return `built index ${index} anew in ${duration(seconds)}: ${bytes(before)} → ${bytes(after)}`;
}
