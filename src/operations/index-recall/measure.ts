import type { Session } from '../../database/database.ts';
import type { Reporter } from '../../progress.ts';
import { type NearestQuery, nearest, setLocal } from '../../sql/search.ts';
import type { Conditions } from '../search/request.ts';
import { placeOf, type Queries } from './queries.ts';
import { type IndexSetting, namedSettings } from './setting.ts';
import { type IndexSubject, queryOf } from './subject.ts';

/** What one setting gave. */
export interface Measured {
  setting: IndexSetting;
  /** Each query's answer: distances of at most k rows, its own not among them. */
  answers: number[][];
  /** Round trip of each query, or of the first so many. */
  milliseconds: number[];
}

/** The searches that are measured. */
export interface Searches {
  subject: IndexSubject;
  conditions: Conditions;
  k: number;
  queries: Queries;
}

/** Queries a setting answers before the next one has its turn. */
const turn = 20;

/** Some of the queries. */
export function selected(searches: Searches, from: number, to: number): Searches {
  const { vectors, own } = searches.queries;
  return { ...searches, queries: { vectors: vectors.slice(from, to), own: own.slice(from, to) } };
}

/**
 * Searches with every setting, in turns, so that a machine whose speed drifts treats them alike.
 * @param session a transaction; it keeps the last setting
 * @param seconds after which it ends with the queries that were asked, three turns of them at the least
 */
export async function measure(
  session: Session,
  searches: Searches,
  settings: readonly IndexSetting[],
  reporter: Reporter,
  seconds = Number.POSITIVE_INFINITY,
): Promise<Measured[]> {
  const started = performance.now();
  const count = searches.queries.vectors.length;
  const all = settings.map((setting) => ({ setting, answers: [], milliseconds: [] }) as Measured);
  const total = count * settings.length;
  let done = 0;
  for (let from = 0; from < count; from += turn) {
    const to = Math.min(count, from + turn);
    for (const measured of all) {
      await answer(session, selected(searches, from, to), measured);
      done += to - from;
      reporter.progress({ phase: 'measuring', done, total });
    }
    if (to >= 3 * turn && performance.now() - started > seconds * 1000) break;
  }
  return all;
}

async function answer(session: Session, searches: Searches, measured: Measured): Promise<void> {
  const { queries, k } = searches;
  await apply(session, searches, measured.setting);
  const asked = askedOf(searches, measured.setting);
  for (const [i, vector] of queries.vectors.entries()) {
    const statement = nearest(asked, vector);
    const started = performance.now();
    const { rows } = await session.query<{ k0: number; k1: string; distance: number }>(statement);
    measured.milliseconds.push(performance.now() - started);
    const own = queries.own[i];
    const others = rows.filter(({ k0, k1 }) => placeOf(k0, k1) !== own);
    measured.answers.push(others.slice(0, k).map(({ distance }) => distance));
  }
}

/** Searches with the setting from here on in the transaction. */
export async function apply(session: Session, searches: Searches, setting: IndexSetting): Promise<void> {
  const settings = namedSettings(searches.subject.index.type, setting, ownRows(searches));
  await session.query(setLocal(settings));
}

/** What is asked with the setting, but for the vector. */
export function askedOf(searches: Searches, { rerank }: IndexSetting): NearestQuery {
  const { subject, conditions, k } = searches;
  const besides = ownRows(searches);
  return queryOf(subject, conditions, k + besides, rerank === undefined ? undefined : rerank + besides);
}

/** A row that searches with its own vector finds itself too. */
function ownRows({ queries }: Searches): 0 | 1 {
  return queries.own.length > 0 ? 1 : 0;
}
