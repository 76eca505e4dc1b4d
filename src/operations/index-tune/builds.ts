import type { Database } from '../../database/database.ts';
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
import type { BuildComparison, SweepPoint } from './result.ts';
import { type Sample, sweepSample, withSample } from './sample.ts';

/** What is built, as `index create` takes it. */
type Build = Pick<IndexRequest, 'type' | 'm' | 'efConstruction' | 'lists' | 'quantize'>;

const indexName = 'pgv_tune_index';

/**
 * Builds other indexes on a sample, one after the other, and sweeps each. The temporary table is built by one process,
 * and searched by rows that it does not hold.
 */
export async function compareBuilds(
  database: Database,
  subject: IndexSubject,
  { k, targetRecall, rows }: { k: number; targetRecall: number; rows: number },
  reporter: Reporter,
  signal: AbortSignal,
): Promise<BuildComparison[]> {
  return withSample(database, subject, k, reporter, signal, async (sample) => {
    const compared: BuildComparison[] = [];
    for (const build of buildsFor(subject, sample.rows)) {
      compared.push(await compare(database, sample, build, { targetRecall, rows }, reporter));
    }
    return compared;
  });
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
  sample: Sample,
  build: Build,
  { targetRecall, rows }: { targetRecall: number; rows: number },
  reporter: Reporter,
): Promise<BuildComparison> {
  const { subject } = sample.trial.searches;
  const quiet = { ...reporter, note: () => {}, warn: () => {} };
  const { metric, column } = subject;
  const request = { ...build, table: sampleTable, vectorColumn: column.name, metric, name: indexName };
  const { seconds: buildSeconds, bytes } = await createVectorIndex(database, request, quiet);
  const index = await findIndexSubject(database, { index: indexName });
  const ofSample = { ...index, metric, operator: subject.operator };
  const points = await sweepSample(
    database,
    { ...sample.trial, searches: { ...sample.trial.searches, subject: ofSample } },
    reporter,
  );
  await database.query(dropIndex({ schema: subject.table.schema, name: indexName }, false));
  const parameters = askedParameters(build);
  const quantization = build.quantize ?? 'none';
  return {
    type: build.type,
    quantization,
    parameters,
    rows: sample.rows,
    buildSeconds,
    bytes,
    whole: {
      buildSeconds: buildSeconds * growth(build.type, sample.rows, rows),
      bytes: Math.round((bytes * rows) / sample.rows),
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
