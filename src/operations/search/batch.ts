import type { Database } from '../../database/database.ts';
import type { Reporter } from '../../progress.ts';
import type { NamedInput } from '../../sources/inputs.ts';
import { type InputOptions, openInput } from '../ingest/open-input.ts';
import { defaultLanes } from '../lanes.ts';
import { answerAll, chunkLength } from './answer-all.ts';
import { completely } from './complete.ts';
import { type Explanation, explain } from './explain.ts';
import { type Bounds, type Hit, isNear, warnOfZeroVectors } from './hits.ts';
import { queryVectors } from './query-file.ts';
import { type Asked, asUsage, type Conditions, nearestQuery, wantedOf } from './request.ts';
import { type Searched, searched } from './searched.ts';
import { applySettings, type SearchSettings } from './settings.ts';
import { findSubject, type Subject, type SubjectOptions } from './subject.ts';

export interface BatchOptions extends SubjectOptions, SearchSettings, Conditions, Bounds {
  /** The file of queries. */
  input: NamedInput;
  /** How it is read. */
  reading: Pick<InputOptions, 'dataset'>;
  k: number;
  /** The result tells how the queries were answered. */
  explain?: boolean | undefined;
  /** Lanes; default: as many as there are cores, and at most 4. The embedded database has one. */
  jobs?: number | undefined;
}

export interface BatchResult extends Searched {
  /** By the query's number in the file, from 0. */
  queries: { query: number; hits: Hit[] }[];
  explanation?: BatchExplanation;
}

/** How a batch was answered. */
export interface BatchExplanation {
  /** Queries by what gave their rows: as the first one's road has it, after a second, or after a third attempt. */
  planned: number;
  wider: number;
  exact: number;
  /** From the first query sent to the last one answered. */
  milliseconds: number;
  /** The first query asked on its own; null where there is none. */
  first: Explanation | null;
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
  const failed = new AbortController();
  const ended = AbortSignal.any([signal, failed.signal]);
  const { source, file } = await openInput(input, options.reading, reporter, ended);
  try {
    const chunks = queryVectors(file, database, subject.column, chunkLength);
    const asked = nearestQuery(subject, options);
    const seen: { first?: string; refused?: true } = {};
    const began = performance.now();
    const { hits, again } = await answerAll(database, remembering(chunks, seen), {
      subject,
      asked,
      settings: options,
      lanes: Math.min(options.jobs ?? defaultLanes(), database.maxLanes),
      onAnswered: (rows) => reporter.progress({ phase: 'searching', rows }),
      onRefused: () => {
        seen.refused = true;
      },
      onFailed: () => failed.abort(),
      signal,
    });
    const milliseconds = performance.now() - began;
    if (seen.refused) reporter.note('the server had no connection left for every lane, so fewer worked');
    const cutShort = again.wider + again.exact;
    if (cutShort > 0) {
      reporter.note(
        `an index gave ${cutShort} of the queries fewer than ${k} rows, so they were asked again`,
      );
    }
    const near = isNear(options);
    const queries = hits.map((found, query) => ({ query, hits: found.filter(near) }));
    warnOfZeroVectors(
      queries.map(({ hits }) => hits),
      reporter,
    );
    return {
      ...searched(database, subject, k),
      queries,
      ...(options.explain && {
        explanation: {
          planned: queries.length - cutShort,
          ...again,
          milliseconds,
          first:
            seen.first === undefined ? null : await explainOne(database, subject, asked, seen.first, options),
        },
      }),
    };
  } catch (error) {
    throw asUsage(error, '--file', options);
  } finally {
    await source.close();
  }
}

async function* remembering(
  chunks: AsyncGenerator<string[]>,
  seen: { first?: string },
): AsyncGenerator<string[]> {
  for await (const chunk of chunks) {
    seen.first ??= chunk[0]!;
    yield chunk;
  }
}

async function explainOne(
  database: Database,
  subject: Subject,
  asked: Asked,
  vector: string,
  settings: SearchSettings,
): Promise<Explanation> {
  return database.transaction(async (session) => {
    const applied = await applySettings(session, subject.extensionSchema, settings, wantedOf(asked));
    return explain(session, await completely(session, asked, vector, applied), applied);
  });
}
