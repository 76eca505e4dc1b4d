import { type Command, Option } from 'commander';
import { createVectorIndex, indexStatements } from '../../src/operations/index-create/index-create.ts';
import type { IndexType, Metric } from '../../src/vector/metrics.ts';
import { action } from '../action.ts';
import type { Context } from '../context.ts';
import { byteSize, metric, wholeNumber } from '../option-values.ts';
import { addConnectionOptions, addExamples, addTableOptions } from '../options.ts';
import { bytes, duration } from '../output/units.ts';

interface IndexCreateFlags {
  type: IndexType;
  metric?: Metric;
  m?: number;
  efConstruction?: number;
  lists?: number;
  name?: string;
  where?: string;
  /** False with --no-concurrently. */
  concurrently: boolean;
  memory?: number;
  sql?: true;
}

export function configure(command: Command): Command {
  addConnectionOptions(addTableOptions(command))
    .addOption(new Option('--type <type>', 'the kind of index').choices(['hnsw', 'ivfflat']).default('hnsw'))
    .option(
      '--metric <name>',
      'cosine, l2, ip, l1, hamming or jaccard (default: cosine, hamming for bit)',
      metric,
    )
    .option('--m <n>', 'hnsw: connections a node (16)', wholeNumber({ min: 2, max: 100 }))
    .option(
      '--ef-construction <n>',
      'hnsw: candidates kept while building (64)',
      wholeNumber({ min: 4, max: 1000 }),
    )
    .option(
      '--lists <n>',
      'ivfflat: into how many lists (rows / 1000, beyond a million their root)',
      wholeNumber({ min: 1, max: 32_768 }),
    )
    .option('--name <name>', 'default: <table>_<column>_<type>_<metric>')
    .option('--where <sql>', 'only rows for which this holds (a partial index)')
    .option('--no-concurrently', 'faster, but writers wait until it is done')
    .option('--memory <size>', 'maintenance_work_mem for this build, such as 2GB', byteSize)
    .option('--sql', 'print the statements, and run nothing')
    .action(action<IndexCreateFlags>({ writes: ({ sql }) => !sql }, run));
  return addExamples(command, [
    'pgv index create --type hnsw',
    'pgv index create -t docs --metric l2 --m 24 --ef-construction 128 --memory 2GB',
    'pgv index create --type ivfflat --lists 100 --sql',
  ]);
}

async function run(context: Context<IndexCreateFlags>): Promise<void> {
  const { options, output, reporter } = context;
  const database = await context.database();
  const request = { ...options, table: context.table };
  if (options.sql) {
    const statements = (await indexStatements(database, request)).map(({ text }) => `${text};`);
    if (output.json) return output.document({ database: database.target.description, statements });
    return output.write(`${statements.join('\n')}\n`);
  }
  const summary = await createVectorIndex(database, request, reporter);
  const line = `created index ${summary.index} (${bytes(summary.bytes)}) in ${duration(summary.seconds)}`;
  if (summary.created) return output.summary(summary, line);
  if (output.json) return output.document(summary);
}
