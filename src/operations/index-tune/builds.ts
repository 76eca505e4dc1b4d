import type { Database } from '../../database/database.ts';
import { PgvError } from '../../errors.ts';
import type { Reporter } from '../../progress.ts';
import { dropIndex } from '../../sql/indexes.ts';
import { sampleTable } from '../../sql/tune-sample.ts';
import type { IndexType, Metric, VectorType } from '../../vector/metrics.ts';
import { indexDimensionLimit, indexServes } from '../../vector/metrics.ts';
import { canQuantize, quantizedMetric, quantizedType } from '../../vector/quantization.ts';
import { createVectorIndex } from '../index-create/index-create.ts';
import { bytesOfBuild } from '../index-create/memory.ts';
import { askedParameters, type IndexRequest, parameterDefaults } from '../index-create/request.ts';
import { findIndexSubject, type IndexSubject } from '../index-recall/subject.ts';
import type { BuildComparison, FailedBuild, SweepPoint, TuneResult } from './result.ts';
import {
  isRefused,
  type SampleSize,
  sampleQueries,
  sweepSample,
  takeOut,
  withAnswersIn,
  withSample,
} from './sample.ts';
import type { Trial } from './trials.ts';

/** What is built, as `index create` takes it. */
type Build = Pick<IndexRequest, 'type' | 'm' | 'efConstruction' | 'lists' | 'quantize'>;

const sizes: Record<Database['target']['kind'], SampleSize> = {
  server: { rows: 10_600, queries: 600 },
  embedded: { rows: 2100, queries: 100 },
};

const indexName = 'pgv_tune_index';

/**
 * Builds other indexes on a sample, one after the other, and sweeps each. The temporary table is built by one process,
 * and searched by rows that it does not hold.
 * @returns none where the sample cannot be made: then a warning says so
 */
export async function compareBuilds(
  database: Database,
  subject: IndexSubject,
  { k, targetRecall, rows }: { k: number; targetRecall: number; rows: number },
  reporter: Reporter,
  signal: AbortSignal,
): Promise<Pick<TuneResult, 'builds' | 'failedBuilds'>> {
  const builds: BuildComparison[] = [];
  const failedBuilds: FailedBuild[] = [];
  const size = sizes[database.target.kind];
  try {
    await withSample(database, subject, size.rows, reporter, async (sample) => {
      const asked = Math.min(size.queries, Math.floor(sample.rows / 10));
      const queries = await sampleQueries(database, sample.subject, k, asked, reporter, signal);
      await takeOut(database, queries);
      const searches = { subject: sample.subject, conditions: {}, k, queries: { ...queries, own: [] } };
      const trial = await withAnswersIn(database, searches, reporter, signal);
      const held = sample.rows - queries.vectors.length;
      for (const build of buildsFor(subject, held)) {
        try {
          builds.push(await compare(database, trial, held, build, { targetRecall, rows }, reporter));
        } catch (error) {
          if (signal.aborted || !(error instanceof PgvError)) throw error;
          failedBuilds.push({ ...named(build), reason: error.message });
        }
      }
    });
  } catch (error) {
    if (signal.aborted || !isRefused(error)) throw error;
    reporter.warn(`other indexes are not compared, as no sample can be made: ${error.message}`);
    return {};
  }
  return { builds, ...(failedBuilds.length > 0 && { failedBuilds }) };
}

/** What tells builds apart. */
function named({ quantize, ...build }: Build): Omit<FailedBuild, 'reason'> {
  return { type: build.type!, quantization: quantize ?? 'none', parameters: askedParameters(build) };
}

/** What is worth a look: a thinner and a denser graph, built with more and less care, lists, and half of the bytes. */
function buildsFor({ column, metric }: IndexSubject, rows: number): Build[] {
  const lists = Math.max(1, Math.round(Math.sqrt(rows)));
  const all: Build[] = [
    { type: 'hnsw', m: 8, efConstruction: 64 },
    { type: 'hnsw', m: 16, efConstruction: 64 },
    { type: 'hnsw', m: 16, efConstruction: 200 },
    { type: 'hnsw', m: 32, efConstruction: 128 },
    { type: 'hnsw', m: 16, efConstruction: 64, quantize: 'half' },
    { type: 'hnsw', m: 16, efConstruction: 64, quantize: 'binary' },
    { type: 'ivfflat', lists },
  ];
  return all.filter((build) => canBuild(build, column.vector, column.dimensions, metric));
}

function canBuild(
  { type, quantize = 'none' }: Build,
  vector: VectorType,
  dimensions: number | undefined,
  metric: Metric,
): boolean {
  if (!canQuantize(vector, quantize) || dimensions === undefined) return false;
  const held = quantizedType(vector, quantize);
  const limit = indexDimensionLimit(type, held);
  if (limit === undefined || dimensions > limit) return false;
  const byBits: readonly Metric[] = ['cosine', 'ip', 'l2'];
  if (quantize === 'binary' && !byBits.includes(metric)) return false;
  return indexServes(type, held, quantizedMetric(metric, quantize));
}

async function compare(
  database: Database,
  trial: Trial,
  held: number,
  build: Build,
  { targetRecall, rows }: { targetRecall: number; rows: number },
  reporter: Reporter,
): Promise<BuildComparison> {
  const { subject } = trial.searches;
  const quiet = { ...reporter, note: () => {}, warn: () => {} };
  const { metric, column } = subject;
  const request = { ...build, table: sampleTable, vectorColumn: column.name, metric, name: indexName };
  const { seconds: buildSeconds, bytes } = await createVectorIndex(database, request, quiet);
  const points = await sweepBuild(database, trial, reporter).finally(() =>
    database.query(dropIndex({ schema: subject.table.schema, name: indexName }, false)),
  );
  const { quantization, parameters } = named(build);
  return {
    type: build.type,
    quantization,
    parameters,
    rows: held,
    buildSeconds,
    bytes,
    whole: {
      buildSeconds: buildSeconds * growth(build.type, held, rows),
      bytes: Math.round((bytes * rows) / held),
      memory: bytesOfBuild(
        {
          method: build.type,
          type: quantizedType(column.vector, quantization),
          dimensions: column.dimensions ?? -1,
          parameters: { ...parameterDefaults, ...parameters },
        },
        rows,
      ),
    },
    sweep: points,
    best: cheapest(points, targetRecall),
  };
}

async function sweepBuild(database: Database, trial: Trial, reporter: Reporter): Promise<SweepPoint[]> {
  const { searches } = trial;
  const { metric, operator } = searches.subject;
  const index = await findIndexSubject(database, { index: indexName });
  const subject = { ...index, metric, operator };
  return sweepSample(database, { ...trial, searches: { ...searches, subject } }, reporter);
}

/** Adding to a graph takes the longer the larger it is, by the logarithm; rows are put into lists all alike. */
function growth(type: IndexType, from: number, to: number): number {
  const linear = to / from;
  return type === 'hnsw' ? linear * (Math.log(to) / Math.log(from)) : linear;
}

function cheapest(points: readonly SweepPoint[], targetRecall: number): SweepPoint | null {
  const enough = points.filter(({ recall }) => recall >= targetRecall);
  return enough.reduce<SweepPoint | null>(
    (best, point) => (best === null || point.p50Ms < best.p50Ms ? point : best),
    null,
  );
}
