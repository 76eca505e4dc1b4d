import { connectLane } from '../../database/connect.ts';
import type { Database } from '../../database/database.ts';
import type { Reporter } from '../../progress.ts';
import type { NamedInput } from '../../sources/inputs.ts';
import type { Metric } from '../../vector/metrics.ts';
import { type InputOptions, openInput } from '../ingest/open-input.ts';
import { defaultLanes } from '../lanes.ts';
import { type Answered, answerChunk } from './chunk.ts';
import { type Bounds, type Hit, isNear, toHit, warnOfZeroVectors } from './hits.ts';
import { queryVectors } from './query-file.ts';
import { asUsage, type Conditions, nearestQuery, wantedOf } from './request.ts';
import { applySettings, type SearchSettings } from './settings.ts';
import { findSubject, type SubjectOptions } from './subject.ts';

export interface BatchOptions extends SubjectOptions, SearchSettings, Conditions, Bounds {
  /** The file of queries. */
  input: NamedInput;
  /** How it is read. */
  reading: Pick<InputOptions, 'dataset'>;
  k: number;
  /** Lanes; default: as many as there are cores, and at most 4. The embedded database has one. */
  jobs?: number | undefined;
}

export interface BatchResult {
  database: string;
  table: string;
  metric: Metric;
  k: number;
  /** Names of the shown columns; the key is not among them where it is called `id`. */
  columns: string[];
  /** By the query's number in the file, from 0. */
  queries: { query: number; hits: Hit[] }[];
}

/** Queries a transaction: enough that its round trips weigh little, few enough that lanes share the work. */
const chunkLength = 100;

/**
 * Each query's k nearest rows, as `search` finds them, over lanes side by side.
 * @throws UsageError where an argument is not one; DataError with file and row for a query that is none
 */
export async function searchBatch(
  database: Database,
  options: BatchOptions,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<BatchResult> {
  const { input, k } = options;
  const subject = await findSubject(database, options, reporter);
  const asked = nearestQuery(subject, options);
  const answerOn = (lane: Database, vectors: readonly string[]): Promise<Answered> =>
    lane.transaction(async (session) => {
      const applied = await applySettings(session, subject.extensionSchema, options, wantedOf(asked));
      return answerChunk(session, asked, vectors, applied);
    });
  const { source, file } = await openInput(input, options.reading, reporter, signal);
  try {
    const lanes = Math.min(options.jobs ?? defaultLanes(), database.maxLanes);
    const chunks = queryVectors(file, database, subject.column, chunkLength);
    const answered = await overLanes(database, lanes, chunks, answerOn, reporter, signal);
    const cutShort = answered.reduce((sum, chunk) => sum + chunk.cutShort, 0);
    if (cutShort > 0) {
      reporter.note(
        `an index gave ${cutShort} of the queries fewer than ${k} rows, so they were asked again`,
      );
    }
    const near = isNear(options);
    const queries = answered
      .flatMap(({ answers }) => answers)
      .map((rows, query) => ({ query, hits: rows.map((row) => toHit(row, subject)).filter(near) }));
    warnOfZeroVectors(
      queries.flatMap(({ hits }) => hits),
      reporter,
    );
    return {
      database: database.target.description,
      table: subject.table.name,
      metric: subject.metric,
      k,
      columns: subject.shown.map(({ name }) => name),
      queries,
    };
  } catch (error) {
    throw asUsage(error, '--file', options);
  } finally {
    await source.close();
  }
}

/**
 * Does the work on each chunk, in whichever lane is free; what comes of them in the order of the chunks. Where one
 * fails, the others end with the chunk they are at.
 */
async function overLanes<Result>(
  database: Database,
  lanes: number,
  chunks: AsyncGenerator<string[]>,
  work: (lane: Database, chunk: string[]) => Promise<Result>,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<Result[]> {
  const results: Result[] = [];
  let taken = 0;
  let rows = 0;
  const run = async (lane: Database) => {
    for (;;) {
      const next = await chunks.next();
      if (next.done) return;
      // Chunks come in the order that they are asked for.
      const place = taken++;
      results[place] = await work(lane, next.value);
      rows += next.value.length;
      reporter.progress({ phase: 'searching', rows });
    }
  };
  const runAndEnd = (lane: Database) =>
    run(lane).catch(async (error: unknown) => {
      await chunks.return(undefined);
      throw error;
    });
  const others = Array.from({ length: lanes - 1 }, async () => {
    const { address } = await database.lane();
    const lane = await connectLane(address);
    const cancel = () => void lane.cancel().catch(() => {});
    signal.addEventListener('abort', cancel, { once: true });
    try {
      signal.throwIfAborted();
      await runAndEnd(lane);
    } finally {
      signal.removeEventListener('abort', cancel);
      await lane.close().catch(() => {});
    }
  });
  const ended = await Promise.allSettled([runAndEnd(database), ...others]);
  for (const outcome of ended) if (outcome.status === 'rejected') throw outcome.reason;
  return results;
}
