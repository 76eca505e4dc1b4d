import type { Session } from '../../database/database.ts';
import { type NearestQuery, nearestToEach } from '../../sql/search.ts';
import { asServed, exactly, indexOf } from './complete.ts';
import { type AppliedSettings, forgoIndex, mostCandidates, widen } from './settings.ts';

type Row = Record<string, unknown>;

export interface Answered {
  /** Each query's rows, in the order of the queries. */
  answers: Row[][];
  /** Queries that an index gave too few rows for at first. */
  cutShort: number;
}

/**
 * Answers several queries at once, each with `k` rows where there are so many: those that an index gave fewer are asked
 * again, as `completely` does. Settings made for that stay until the transaction ends.
 */
export async function answerChunk(
  session: Session,
  asked: NearestQuery,
  vectors: readonly string[],
  applied: AppliedSettings,
): Promise<Answered> {
  const query = await asServed(session, asked, vectors, (each) => nearestToEach(each, vectors.slice(0, 1)));
  const answers = await answersTo(session, query, vectors);
  const short = () => [...answers.keys()].filter((i) => answers[i]!.length < query.k);
  const cut = short();
  if (cut.length === 0) return { answers, cutShort: 0 };
  // Without an index every row was compared: there are no more.
  if ((await indexOf(session, nearestToEach(query, vectors))) === undefined) return { answers, cutShort: 0 };
  const askAgain = async (query: NearestQuery) => {
    const again = short();
    const found = await answersTo(
      session,
      query,
      again.map((i) => vectors[i]!),
    );
    for (const [n, i] of again.entries()) answers[i] = found[n]!;
  };
  if (!applied.iterative && applied.efSearch < mostCandidates) {
    await widen(session);
    await askAgain(query);
  }
  if (short().length > 0) {
    await forgoIndex(session);
    await askAgain(exactly(query));
  }
  return { answers, cutShort: cut.length };
}

async function answersTo(
  session: Session,
  query: NearestQuery,
  vectors: readonly string[],
): Promise<Row[][]> {
  const { rows } = await session.query<Row & { query: number }>(nearestToEach(query, vectors));
  const answers: Row[][] = vectors.map(() => []);
  for (const row of rows) answers[row.query]!.push(row);
  return answers;
}
