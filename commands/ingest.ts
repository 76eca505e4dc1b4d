import path from 'node:path';
import type { Command } from 'commander';
import { UsageError } from '../src/errors.ts';
import { defaultPieceLength } from '../src/formats/read/piece-cutter.ts';
import { findDataset } from '../src/operations/dataset/dataset.ts';
import { describeIngest } from '../src/operations/ingest/around/describe-ingest.ts';
import { checkOptions } from '../src/operations/ingest/check-options.ts';
import { embeddedPieceLength } from '../src/operations/ingest/embed/embedding.ts';
import { withoutIds } from '../src/operations/ingest/ids-beside.ts';
import { ingest } from '../src/operations/ingest/ingest.ts';
import type { IngestOptions } from '../src/operations/ingest/ingest-options.ts';
import { type CheckedInput, inputOf } from '../src/operations/ingest/input.ts';
import { checkFields } from '../src/operations/ingest/mapping/check-fields.ts';
import { requireRejectFile } from '../src/operations/ingest/reject-paths.ts';
import { defaultLanes } from '../src/operations/lanes.ts';
import { withoutCompression } from '../src/sources/decompress.ts';
import { type NamedInput, resolveInputs } from '../src/sources/inputs.ts';
import { quoteName } from '../src/sql/identifiers.ts';
import { action } from './action.ts';
import type { Context } from './context.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { type AroundFlags, addAroundOptions } from './ingest/around-options.ts';
import { renderDescription } from './ingest/description.ts';
import { addEmbedOptions, type EmbedFlags, embeddingFor } from './ingest/embed-options.ts';
import { addInputOptions, dialectOf, type InputFlags } from './ingest/input-options.ts';
import { addLoadOptions, type LoadFlags } from './ingest/load-options.ts';
import { addMappingOptions, type MappingFlags } from './ingest/mapping-options.ts';
import { addRowOptions, type RowFlags } from './ingest/row-options.ts';
import { sentence } from './ingest/sentence.ts';
import { prepareThreads, threads } from './ingest/threads.ts';
import { wholeNumber } from './option-values.ts';
import { addAlteringConnection, addExamples, addTableOptions } from './options.ts';

interface IngestFlags extends InputFlags, MappingFlags, EmbedFlags, RowFlags, LoadFlags, AroundFlags {
  jobs?: number;
  vectorColumn?: string;
}

export function configure(command: Command): Command {
  addAlteringConnection(addTableOptions(command))
    .argument(
      '<file...>',
      'files, patterns or URLs (https), also compressed with gzip or zstd; - is stdin; or a folder with a manifest (of `pgv export --manifest`) or with VDF_META.json (of vector-io)',
    )
    .option(
      '--jobs <n>',
      'lanes side by side (default: the cores, at most 4)',
      wholeNumber({ min: 1, max: 64 }),
    );
  addInputOptions(command);
  addMappingOptions(command);
  addEmbedOptions(command);
  addRowOptions(command);
  addLoadOptions(command);
  addAroundOptions(command).action(action<IngestFlags, [string[]]>(needs, run));
  return addExamples(command, [
    'pgv ingest docs.csv',
    'pgv ingest docs.csv -t archive.docs --map text=content --map vec=embedding',
    'pgv ingest docs.csv --on-conflict update',
    'pgv ingest docs.csv --on-error skip --reject-file bad.csv',
    'pgv ingest docs.csv.gz --atomic -d postgres://localhost/app',
    'curl -s https://example.com/docs.csv | pgv ingest - -t docs',
    "pgv ingest 'part-*.csv.zst' https://example.com/more.csv -t docs",
    "pgv ingest notes.jsonl -t docs --map '*'=metadata --tenant acme --normalize",
    "pgv ingest features.csv --map 'dim_*=embedding' --dimensions 256 --type halfvec",
    'pgv ingest backup/  # with its manifest.json: the table, its rows and its indexes, as they were exported',
    'pgv ingest vdf_20240122_135409_c5fa3/ --dataset docs  # an index of Pinecone, Qdrant, … out of vector-io',
    'pgv ingest notes.csv --embed content=embedding --embed-url http://localhost:11434/v1 --embed-model bge-m3',
    "pgv ingest vectors.npy --map embedding=vec  # in a new table, id is the row's number, from 0",
  ]);
}

const needs = {
  writes: ({ dryRun }: IngestFlags) => !dryRun,
  createsEmbedded: true,
  needsSession: ({ dryRun, index, vacuum }: IngestFlags) =>
    !dryRun && (index !== undefined || vacuum === 'always'),
  endsItself: true,
};

async function run(context: Context<IngestFlags>, args: string[]): Promise<ExitCode> {
  try {
    return await prepare(context, args);
  } finally {
    await threads.close();
  }
}

async function prepare(context: Context<IngestFlags>, args: string[]): Promise<ExitCode> {
  const { io, reporter, signal } = context;
  const types = new Map(context.options.types);
  const embed = embeddingFor(context);
  const asked = { ...context.options, embed, table: context.table, types };
  const dataset = await findDataset(args, io.cwd, asked, reporter, signal);
  const options = { ...asked, ...dataset?.options };
  const named = dataset?.inputs ?? (await resolveInputs(args, io, reporter.warn));
  const inputs = await withoutIds(named, reporter.note);
  checkOptions(options, inputs.length);
  const table = context.table ?? dataset?.table ?? tableName(inputs);
  const rejectFile = options.rejectFile === undefined ? undefined : path.resolve(io.cwd, options.rejectFile);
  if (rejectFile !== undefined)
    await requireRejectFile(
      rejectFile,
      inputs.map(({ location }) => location),
    );
  const pieceLength = embed === undefined ? defaultPieceLength : embeddedPieceLength;
  const request = {
    ...options,
    pieceLength,
    table,
    rejectFile,
    types,
    dialect: dialectOf(options),
    threads,
  };
  // A field that is embedded need not be taken.
  const columns = options.columns && [...options.columns, ...(embed?.columns ?? []).map(([field]) => field)];
  const files = inputs.map((input) => inputOf(input, { ...options, columns }, reporter, signal));
  // A stream that has a name may have been loaded: then it is not waited for.
  const [first] = files;
  const waits = inputs[0]!.once && options.loadId !== undefined;
  let work = { pieces: 1, light: false };
  try {
    if (!waits) {
      const sum = options.expectSha256 !== undefined;
      const { file, byteLength = 0 } = await first!.check({ pieceLength, sum });
      checkFields(file, request);
      const pieces = files.length > 1 ? Number.POSITIVE_INFINITY : Math.ceil(byteLength / pieceLength);
      work = { pieces, light: file.light === true };
    }
    return await load(context, files, request, work);
  } finally {
    await first!.close();
  }
}

/** @param work about how many pieces there will be, and whether they are light work */
async function load(
  context: Context<IngestFlags>,
  files: readonly CheckedInput[],
  request: IngestOptions,
  { pieces, light }: { pieces: number; light: boolean },
): Promise<ExitCode> {
  const { options, output, reporter, signal } = context;
  const database = await context.database();
  if (options.dryRun) {
    const description = await describeIngest(database, files, request, reporter, signal);
    if (output.json) await output.document(description);
    else await output.write(renderDescription(description));
    return exitCodes.done;
  }
  prepareThreads(Math.min(options.jobs ?? defaultLanes(), database.maxLanes), pieces, light);
  const summary = await ingest(database, files, request, reporter, signal);
  await output.summary(summary, sentence(summary));
  return summary.rejected > 0 && !options.allowRejects ? exitCodes.rejects : exitCodes.done;
}

/** The file's base name. */
function tableName([input, second]: readonly NamedInput[]): string {
  const hint = 'name the table with -t';
  if (second !== undefined)
    throw new UsageError('several files do not tell which table they go into', { hint });
  const { fileName, name } = input!;
  const base = fileName === '-' ? '' : path.parse(withoutCompression(fileName)).name;
  if (base !== '') return quoteName(base);
  throw new UsageError(`${name} has no name that the table could take`, { hint });
}
