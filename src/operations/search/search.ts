import type { Database } from '../../database/database.ts';
import type { Reporter } from '../../progress.ts';
import { type NearestQuery, nearest } from '../../sql/search.ts';
import type { Metric } from '../../vector/metrics.ts';
import { type Complete, completely, noteCutShort } from './complete.ts';
import { type Explanation, explain } from './explain.ts';
import { type Bounds, type Hit, isNear, toHit, warnOfZeroVectors } from './hits.ts';
import { readQueryVector } from './query-vector.ts';
import { asUsage, type Conditions, nearestQuery, wantedOf } from './request.ts';
import { applySettings, type SearchSettings, settingsOf, settingsStatement } from './settings.ts';
import { storedVector } from './stored-vector.ts';
import { findSubject, type Subject, type SubjectOptions } from './subject.ts';

export interface SearchOptions extends SubjectOptions, SearchSettings, Conditions, Bounds {
  /** A vector as text, or the key of a stored row, which is left out of its own neighbours. */
  query: { vector: string } | { id: string };
  k: number;
  /** The result tells how it was found. */
  explain?: boolean | undefined;
}

/** @typeParam Distance null where a search by words has none */
export interface SearchResult<Distance extends number | null = number> {
  database: string;
  table: string;
  metric: Metric;
  k: number;
  /** Names of the shown columns; the key is not among them where it is called `id`. */
  columns: string[];
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
    database: database.target.description,
    table: subject.table.name,
    metric: subject.metric,
    k,
    columns: subject.shown.map(({ name }) => name),
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
  const { query } = options;
  const asked = nearestQuery(subject, options);
  const atOnce = await answerAtOnce(database, subject, asked, options);
  if (atOnce !== undefined && atOnce.rows.length >= asked.k) return { found: atOnce, explanation: undefined };
  return database.transaction(async (session) => {
    // A row's own neighbours: itself is found too, and left out.
    const wanted = wantedOf(asked, 'id' in query ? 1 : 0);
    const applied = await applySettings(session, subject.extensionSchema, options, wanted);
    const { vector, others } =
      'id' in query
        ? await storedVector(session, subject, query.id, reporter)
        : { vector: readQueryVector(query.vector, subject.column), others: undefined };
    const conditions = others === undefined ? asked.conditions : [...asked.conditions, others];
    const found = await completely(session, { ...asked, conditions }, vector, applied, atOnce?.rows);
    return { found, explanation: options.explain ? await explain(session, found, applied) : undefined };
  });
}

/** The answer as the planner has it, in one round trip: where nothing must be asked before or after. */
async function answerAtOnce(
  database: Database,
  subject: Subject,
  asked: NearestQuery,
  options: SearchOptions,
): Promise<Complete | undefined> {
  if ('id' in options.query || options.explain || asked.candidates !== undefined) return undefined;
  const statement = nearest(asked, readQueryVector(options.query.vector, subject.column));
  const [applied, found] = await database.readTogether([
    settingsStatement(subject.extensionSchema, options, wantedOf(asked)),
    statement,
  ]);
  settingsOf(applied!, options);
  return { rows: found!.rows, attempt: 'planned', statement, reranks: false, cutShort: undefined };
}
