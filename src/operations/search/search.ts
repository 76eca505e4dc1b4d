import type { Database } from '../../database/database.ts';
import type { Reporter } from '../../progress.ts';
import { nearest } from '../../sql/search.ts';
import { type Complete, completely, noteCutShort } from './complete.ts';
import { type Explanation, explain } from './explain.ts';
import { type Bounds, type Hit, isNear, toHit, warnOfZeroVectors } from './hits.ts';
import { type Origin, searchFrom } from './origin.ts';
import { readQueryVector } from './query-vector.ts';
import { type Asked, asUsage, type Conditions, isPlain, nearestQuery, wantedOf } from './request.ts';
import { type Searched, searched } from './searched.ts';
import { type SearchSettings, settingsOf, settingsStatement } from './settings.ts';
import { findSubject, type Subject, type SubjectOptions } from './subject.ts';

export interface SearchOptions extends SubjectOptions, SearchSettings, Conditions, Bounds {
  query: Origin;
  k: number;
  /** The result tells how it was found. */
  explain?: boolean | undefined;
}

/** @typeParam Distance null where a search by words has none */
export interface SearchResult<Distance extends number | null = number> extends Searched {
  hits: Hit<Distance>[];
  explanation?: Explanation;
}

/**
 * The k rows nearest to a vector, the nearest first: fewer only where fewer pass the conditions. Rows without a vector
 * are no answer.
 * @throws UsageError where the table, the column, the vector or a condition is not one
 */
export async function search(
  database: Database,
  options: SearchOptions,
  reporter: Reporter,
): Promise<SearchResult> {
  const { query, k } = options;
  const subject = await findSubject(database, options, reporter);
  const { found, explanation } = await answer(database, subject, options, reporter).catch(
    (error: unknown) => {
      throw asUsage(error, 'id' in query ? '--id' : 'the vector', options);
    },
  );
  noteCutShort(found, k, reporter);
  const hits = found.rows.map((row) => toHit(row, subject)).filter(isNear(options));
  warnOfZeroVectors([hits], reporter);
  return {
    ...searched(database, subject, k),
    hits,
    ...(explanation && { explanation }),
  };
}

async function answer(
  database: Database,
  subject: Subject,
  options: SearchOptions,
  reporter: Reporter,
): Promise<{ found: Complete; explanation: Explanation | undefined }> {
  const query = nearestQuery(subject, options);
  const atOnce = await answerAtOnce(database, subject, query, options);
  if (atOnce !== undefined && atOnce.rows.length >= query.k) return { found: atOnce, explanation: undefined };
  return database.transaction(async (session) => {
    const from = await searchFrom(session, subject, query, options.query, options, reporter);
    const found = await completely(session, from.asked, from.vector, from.applied, atOnce?.rows);
    return { found, explanation: options.explain ? await explain(session, found, from.applied) : undefined };
  });
}

/** The answer as the planner has it, in one round trip: where nothing must be asked before or after. */
async function answerAtOnce(
  database: Database,
  subject: Subject,
  asked: Asked,
  options: SearchOptions,
): Promise<Complete | undefined> {
  if ('id' in options.query || options.explain || !isPlain(asked)) return undefined;
  const statement = nearest(asked, readQueryVector(options.query.vector, subject.column));
  const [applied, found] = await database.readTogether([
    settingsStatement(subject.extensionSchema, options, wantedOf(asked)),
    statement,
  ]);
  settingsOf(applied!, options);
  return { rows: found!.rows, attempt: 'planned', statement, reranks: false, cutShort: undefined };
}
