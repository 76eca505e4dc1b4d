import type { Database } from '../../database/database.ts';
import type { Reporter } from '../../progress.ts';
import { sampleTable } from '../../sql/tune-sample.ts';
import { createVectorIndex } from '../index-create/index-create.ts';
import { nearestDistances } from '../index-recall/exact.ts';
import { loadQueries } from '../index-recall/queries.ts';
import { findIndexSubject, type IndexSubject, queryOf } from '../index-recall/subject.ts';
import { isRefused, type Sample, sweepSample, withSample } from './sample.ts';
import { withAnswer } from './trials.ts';

/** How much less of what is nearest an index finds for vectors that it does not hold, by the effort. */
export type Loss = (effort: number) => number;

export const noLoss: Loss = () => 0;

/** In fewer rows there is nothing to tell. */
const fewestRows = 2000;
/** Efforts a row of the answer, beyond which nothing is lost. */
const mostPerRow = 16;

/**
 * What an HNSW index loses for newcomers. A row that searches with its own vector comes upon itself in the graph, whose
 * edges lead straight to its neighbours; a vector from outside has to find them: with small ef_search that makes several
 * points of recall. How much is measured on a sample, with an index of the same kind, by its rows and by rows that it
 * does not hold; it hardly depends on the number of rows (measured on 5,000, 10,000 and 63,000 of one corpus).
 * @returns none where the sample cannot be made: then a note says so
 */
export async function lossOfNewcomers(
  database: Database,
  subject: IndexSubject,
  k: number,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<Loss> {
  const rows = subject.index.rows ?? subject.table.estimatedRows ?? 0;
  if (subject.index.type !== 'hnsw' || rows < fewestRows) return noLoss;
  try {
    return await withSample(database, subject, { k, purpose: 'newcomers' }, reporter, signal, (sample) =>
      measured(database, subject, sample, reporter, signal),
    );
  } catch (error) {
    if (signal.aborted || !isRefused(error)) throw error;
    reporter.note(`what new vectors lose beside rows of the table is not known: ${error.message}`);
    return noLoss;
  }
}

async function measured(
  database: Database,
  { index, metric, operator }: IndexSubject,
  { trial }: Sample,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<Loss> {
  const quiet = { ...reporter, note: () => {}, warn: () => {} };
  const { m, ef_construction: efConstruction } = index.options;
  const { k, queries } = trial.searches;
  await createVectorIndex(
    database,
    {
      table: sampleTable,
      vectorColumn: trial.searches.subject.column.name,
      type: 'hnsw',
      metric,
      m,
      efConstruction,
      quantize: index.quantization,
      name: 'pgv_tune_index',
    },
    quiet,
  );
  const found = await findIndexSubject(database, { index: 'pgv_tune_index' });
  const subject = { ...found, metric, operator };
  const outside = withAnswer({ ...trial, searches: { ...trial.searches, subject } });
  const asked = queryOf(subject, {}, k);
  const count = queries.vectors.length;
  const own = await loadQueries(database, subject, asked, { sample: count }, quiet, signal);
  const inside = { ...trial.searches, subject, queries: own };
  const unknown = own.vectors.map(() => []);
  const nearest = await nearestDistances(database, inside, unknown, reporter, signal);
  // All queries are asked, also where the machine is busy: of few the loss would be chance.
  const limits = { most: mostPerRow * k, seconds: Number.POSITIVE_INFINITY };
  const ofRows = await sweepSample(database, withAnswer({ searches: inside, nearest }), reporter, limits);
  const ofNewcomers = await sweepSample(database, outside, reporter, limits);
  return between(
    ofRows.map(({ efSearch, recall }, i) => [efSearch!, Math.max(0, recall - ofNewcomers[i]!.recall)]),
  );
}

/** From point to point by the logarithm of the effort; below the first as there, beyond the last nothing. */
export function between(points: readonly (readonly [effort: number, loss: number])[]): Loss {
  return (effort) => {
    const at = points.findIndex(([other]) => other >= effort);
    if (at < 0) return 0;
    const [upper, lossAbove] = points[at]!;
    const [lower, lossBelow] = points[at - 1] ?? points[at]!;
    if (upper === lower) return lossAbove;
    const way = Math.log(effort / lower) / Math.log(upper / lower);
    return lossBelow + way * (lossAbove - lossBelow);
  };
}
