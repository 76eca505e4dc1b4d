import type { Database } from '../../database/database.ts';
import type { Reporter } from '../../progress.ts';
import { dropIndex } from '../../sql/indexes.ts';
import { createVectorIndex } from '../index-create/index-create.ts';
import { findIndexSubject, type IndexSubject } from '../index-recall/subject.ts';
import { coarse } from './ladder.ts';
import { risingEfforts } from './rising.ts';
import {
  isRefused,
  type Sample,
  type SampleSize,
  sampleQueries,
  servedFamilies,
  takeOut,
  withAnswersIn,
  withSample,
} from './sample.ts';
import type { Loss } from './sweep.ts';
import { type Trial, withAnswer } from './trials.ts';

export const noLoss: Loss = () => 0;

/** In fewer rows there is nothing to tell. */
const fewestRows = 2000;
/** Efforts a row of the answer, beyond which nothing is lost. */
const mostPerRow = 16;

/**
 * A loss is a small difference of two recalls, so it takes many queries: 0.01 of recall can be worth a third of the effort.
 * It hardly grows with the rows: with ef_search 80 a sample of 10,000 of one corpus lost 0.013, one of 25,000 as much, and
 * all 63,000 lost 0.019 ± 0.008.
 */
const sizes: Record<Database['target']['kind'], SampleSize> = {
  server: { rows: 12_500, queries: 2500 },
  embedded: { rows: 2100, queries: 100 },
};

const indexName = 'pgv_tune_index';

/**
 * What an HNSW index loses for newcomers. A row that searches with its own vector comes upon itself in the graph, whose
 * edges lead straight to its neighbours; a vector from outside has to find them: with small ef_search that makes several
 * points of recall. How much is measured on a sample, with two indexes of the same kind: one that holds the queries, among
 * the other rows, as rows that come last are found less well; and one that does not. The same queries on both tell the
 * difference better than others would.
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
    return await withSample(database, subject, sizes[database.target.kind].rows, reporter, (sample) =>
      measured(database, subject, sample, k, reporter, signal),
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
  sample: Sample,
  k: number,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<Loss> {
  const quiet = { ...reporter, note: () => {}, warn: () => {} };
  const { m, ef_construction: efConstruction } = index.options;
  const { table, column } = sample.subject;
  const request = {
    table: table.name,
    vectorColumn: column.name,
    type: 'hnsw',
    metric,
    m,
    efConstruction,
    quantize: index.quantization,
    name: indexName,
  } as const;
  const asked = Math.min(sizes[database.target.kind].queries, Math.floor(sample.rows / 5));
  const queries = await sampleQueries(database, sample.subject, k, asked, quiet, signal);
  const recalls = async (searched: typeof queries): Promise<Map<number, number>> => {
    await createVectorIndex(database, request, quiet);
    const found = await findIndexSubject(database, { index: indexName });
    const subject = { ...found, metric, operator };
    const searches = { subject, conditions: {}, k, queries: searched };
    const trial = await withAnswersIn(database, searches, reporter, signal);
    return recallsOf(database, withAnswer(trial), reporter);
  };
  const ofRows = await recalls(queries);
  await database.query(dropIndex({ schema: table.schema, name: indexName }, false));
  await takeOut(database, queries);
  const ofNewcomers = await recalls({ ...queries, own: [] });
  return between(
    [...ofRows].flatMap(([effort, recall]) => {
      const other = ofNewcomers.get(effort);
      return other === undefined ? [] : [[effort, Math.max(0, recall - other)] as const];
    }),
  );
}

/** Recall by the effort, as far as there is anything to lose. */
function recallsOf(database: Database, trial: Trial, reporter: Reporter): Promise<Map<number, number>> {
  return database.transaction(async (session) => {
    const { searches } = trial;
    const recalls = new Map<number, number>();
    const [family] = await servedFamilies(session, searches);
    const rungs = family?.rungs.filter((effort) => effort <= mostPerRow * searches.k) ?? [];
    if (family === undefined || rungs.length === 0) return recalls;
    const pointAt = risingEfforts(session, trial, family.settingOf, reporter);
    for (const effort of coarse(rungs)) recalls.set(effort, (await pointAt(effort)).recall);
    return recalls;
  });
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
