import type { Session } from '../../database/database.ts';
import { type NearestQuery, nearestToEach } from '../../sql/search.ts';
import { asServed, exactly, indexOf } from './complete.ts';
import type { Asked } from './request.ts';
import { type AppliedSettings, forgoIndex, mostCandidates, widen } from './settings.ts';

type Row = Record<string, unknown>;

export interface Answered {
  /** Each query's rows, in the order of the queries. */
  answers: Row[][];
  again: AskedAgain;
}

/** How many queries an index gave too few rows for, by what then gave them (see `Attempt`). */
export interface AskedAgain {
  wider: number;
  exact: number;
}

/**
 * Answers several queries at once, each with `k` rows where there are so many: those that an index gave fewer are asked
 * again, as `completely` does. Settings made for that stay until the transaction ends.
 */
export async function answerChunk(
  session: Session,
  asked: Asked,
  vectors: readonly string[],
  applied: AppliedSettings,
): Promise<Answered> {
  const query = await asServed(session, asked, vectors, (each) => nearestToEach(each, vectors.slice(0, 1)));
  const answers = await answersTo(session, query, vectors);
  const short = shortOf(answers, query.k);
  const found =
    short.length > 0 ? await answerAgain(session, query, pick(vectors, short), applied) : undefined;
  if (found === undefined) return { answers, again: { wider: 0, exact: 0 } };
  for (const [n, i] of short.entries()) answers[i] = found.answers[n]!;
  return { answers, again: found.again };
}

/**
 * Answers queries that came out with fewer than `k` rows once more: with all the candidates that hnsw can keep, then
 * without the index. Undefined where no index was asked: every row was compared, and there are no more.
 */
export async function answerAgain(
  session: Session,
  query: NearestQuery,
  vectors: readonly string[],
  applied: AppliedSettings,
): Promise<Answered | undefined> {
  if ((await indexOf(session, nearestToEach(query, vectors))) === undefined) return undefined;
  let answers: Row[][] = vectors.map(() => []);
  if (!applied.iterative && applied.efSearch < mostCandidates) {
    await widen(session);
    answers = await answersTo(session, query, vectors);
  }
  const short = shortOf(answers, query.k);
  const again = { wider: vectors.length - short.length, exact: short.length };
  if (short.length === 0) return { answers, again };
  await forgoIndex(session);
  const all = await answersTo(session, exactly(query), pick(vectors, short));
  for (const [n, i] of short.entries()) answers[i] = all[n]!;
  return { answers, again };
}

/** Places of the queries that have fewer than `k` rows. */
export function shortOf(answers: readonly (readonly unknown[])[], k: number): number[] {
  return [...answers.keys()].filter((i) => answers[i]!.length < k);
}

/** What `nearestToEach` gives, by query. */
export function byQuery(rows: readonly Row[], queries: number): Row[][] {
  const answers: Row[][] = Array.from({ length: queries }, () => []);
  for (const row of rows) answers[row.query as number]!.push(row);
  return answers;
}

async function answersTo(
  session: Session,
  query: NearestQuery,
  vectors: readonly string[],
): Promise<Row[][]> {
  const { rows } = await session.query(nearestToEach(query, vectors));
  return byQuery(rows, vectors.length);
}

function pick(vectors: readonly string[], places: readonly number[]): string[] {
  return places.map((i) => vectors[i]!);
}
