import { type Command, Option } from 'commander';
import { tellExpectation } from '../../src/operations/index-create/expectation.ts';
import {
  createVectorIndex,
  type IndexCreateOptions,
  type IndexPreview,
  previewIndex,
} from '../../src/operations/index-create/index-create.ts';
import type { IndexType, Metric } from '../../src/vector/metrics.ts';
import type { Quantization } from '../../src/vector/quantization.ts';
import { action } from '../action.ts';
import type { Context } from '../context.ts';
import { byteSize, metric, wholeNumber } from '../option-values.ts';
import { addAlteringConnection, addExamples, addTableOptions } from '../options.ts';
import { bytes, duration } from '../output/units.ts';

interface IndexCreateFlags {
  type: IndexType;
  metric?: Metric;
  m?: number;
  efConstruction?: number;
  lists?: number;
  quantize?: Quantization;
  name?: string;
  where?: string;
  /** False with --no-concurrently. */
  concurrently: boolean;
  memory?: number;
  workers?: number;
  ifRows?: number;
  dryRun?: true;
  sql?: true;
}

export function configure(command: Command): Command {
  addAlteringConnection(addTableOptions(command))
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
    .addOption(
      new Option(
        '--quantize <how>',
        'index half-precision vectors, or one bit a dimension; search compares the best exactly',
      )
        .choices(['none', 'half', 'binary'])
        .default('none'),
    )
    .option('--name <name>', 'default: <table>_<column>_<type>_<metric>')
    .option('--where <sql>', 'only rows for which this holds (a partial index)')
    .option('--no-concurrently', 'faster, but writers wait until it is done')
    .option(
      '--memory <size>',
      'maintenance_work_mem for this build, such as 2GB (default: what it takes)',
      byteSize,
    )
    .option(
      '--workers <n>',
      "processes that help the build (default: the server's setting)",
      wholeNumber({ min: 0, max: 1024 }),
    )
    .option('--if-rows <n>', 'make none while fewer rows have a vector', wholeNumber({ min: 1 }))
    .option('--dry-run', 'tell what would be done, and do nothing')
    .option('--sql', 'print the statements, and run nothing')
    .action(action<IndexCreateFlags>({ writes, needsSession: writes }, run));
  return addExamples(command, [
    'pgv index create --type hnsw',
    'pgv index create -t docs --metric l2 --m 24 --ef-construction 128 --memory 2GB',
    'pgv index create -t docs --quantize binary --if-rows 10000',
    'pgv index create --type ivfflat --lists 100 --sql',
  ]);
}

const writes = ({ sql, dryRun }: IndexCreateFlags) => !sql && !dryRun;

async function run(context: Context<IndexCreateFlags>): Promise<void> {
  const { options, output, reporter } = context;
  const database = await context.database();
  const request = { ...options, table: context.table };
  if (options.sql || options.dryRun) return show(context, request, await previewIndex(database, request));
  const summary = await createVectorIndex(database, request, reporter);
  const line = `created index ${summary.index} (${bytes(summary.bytes)}) in ${duration(summary.seconds)}`;
  if (summary.created && summary.quantization !== 'none') reporter.note(howToSearch[summary.quantization]);
  if (summary.created) return output.summary(summary, line);
  if (output.json) return output.document(summary);
}

const howToSearch = {
  half: 'it finds candidates by half-precision distances: `pgv search --rerank 100` orders a hundred of them exactly',
  binary:
    'it finds candidates by signs alone: `pgv search --rerank 200` orders two hundred of them exactly; more find more',
};

/** What would be done, as SQL or in words. */
async function show(
  { options, output, reporter, database: open }: Context<IndexCreateFlags>,
  request: IndexCreateOptions,
  { table: named, index, status, statements, steps }: IndexPreview,
): Promise<void> {
  const database = (await open()).target.description;
  const texts = statements.map(({ text }) => `${text};`);
  if (output.json) return output.document({ database, table: named, index, status, statements: texts });
  if (status === 'present') return reporter.note(`index ${index} is there already`);
  if (status === 'too-few-rows') return reporter.note(`${named} has too few vectors yet: no index`);
  if (options.sql) return output.write(`${texts.join('\n')}\n`);
  for (const { definition, resources, leftover, table } of steps) {
    if (leftover !== undefined) reporter.note(`would drop index ${leftover}, which a failed build left`);
    reporter.note(`would create index ${definition.name} on ${table.shown}`);
    if (resources.rows > 0)
      tellExpectation({ name: definition.name, table }, resources, request, reporter, true);
  }
}
