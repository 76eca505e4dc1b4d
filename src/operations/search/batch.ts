import type { Database } from '../../database/database.ts';
import type { Reporter } from '../../progress.ts';
import type { NamedInput } from '../../sources/inputs.ts';
import type { Metric } from '../../vector/metrics.ts';
import { type InputOptions, openInput } from '../ingest/open-input.ts';
import { defaultLanes } from '../lanes.ts';
import { answerAll, chunkLength } from './answer-all.ts';
import { type Bounds, type Hit, isNear, warnOfZeroVectors } from './hits.ts';
import { queryVectors } from './query-file.ts';
import { asUsage, type Conditions, nearestQuery } from './request.ts';
import type { SearchSettings } from './settings.ts';
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
  const { source, file } = await openInput(input, options.reading, reporter, signal);
  try {
    const chunks = queryVectors(file, database, subject.column, chunkLength);
    const asked = nearestQuery(subject, options);
    const { hits, cutShort } = await answerAll(database, chunks, {
      subject,
      asked,
      settings: options,
      lanes: Math.min(options.jobs ?? defaultLanes(), database.maxLanes),
      onAnswered: (rows) => reporter.progress({ phase: 'searching', rows }),
      signal,
    });
    if (cutShort > 0) {
      reporter.note(
        `an index gave ${cutShort} of the queries fewer than ${k} rows, so they were asked again`,
      );
    }
    const near = isNear(options);
    const queries = hits.map((found, query) => ({ query, hits: found.filter(near) }));
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
