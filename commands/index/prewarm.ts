import type { Command } from 'commander';
import { findIndex } from '../../src/operations/index-upkeep/find.ts';
import { type Prewarmed, prewarmIndex } from '../../src/operations/index-upkeep/prewarm.ts';
import { action } from '../action.ts';
import type { Context } from '../context.ts';
import { addConnectionOptions, addExamples, addTableOption } from '../options.ts';
import { bytes, count, counted, duration } from '../output/units.ts';

interface PrewarmFlags {
  withTable?: true;
}

export function configure(command: Command): Command {
  addConnectionOptions(addTableOption(command))
    .argument('<name>', 'the index, as `pgv index list` names it')
    .option('--with-table', 'its table and the values stored out of line too (needs pg_prewarm)')
    .action(action<PrewarmFlags, [string]>({ writes: false }, run));
  command.addHelpText(
    'after',
    '\nWith the extension pg_prewarm page by page; without it, by a search that goes on to the end of the index.',
  );
  return addExamples(command, [
    'pgv index prewarm docs_embedding_hnsw_cosine',
    'pgv index prewarm docs_embedding_hnsw_cosine --with-table --json',
  ]);
}

async function run(context: Context<PrewarmFlags>, name: string): Promise<void> {
  const { options, output, reporter } = context;
  const database = await context.database();
  const index = await findIndex(database, name, options.table);
  const done = await prewarmIndex(database, index, options.withTable === true, reporter);
  if (done.bytes > done.sharedBuffers) reporter.warn(tooLarge(done));
  await output.summary({ database: database.target.description, ...done }, lineOf(done));
}

function tooLarge({ index, bytes: needed, sharedBuffers, into }: Prewarmed): string {
  const where =
    into === 'system'
      ? "it was read into the operating system's cache alone"
      : 'not all of it can stay there';
  return `${index} takes ${bytes(needed)}, more than the ${bytes(sharedBuffers)} of shared_buffers: ${where}`;
}

function lineOf({ index, blocks, seconds, rows, cachedBlocks, ...done }: Prewarmed): string {
  const how = rows === null ? '' : `, ${counted(rows, 'row')} met`;
  const stays = cachedBlocks === null ? '' : `; ${count(cachedBlocks)} of them are in the buffer cache`;
  return `read ${index} in ${duration(seconds)}: ${counted(blocks, 'block')}, ${bytes(done.bytes)}${how}${stays}`;
}
