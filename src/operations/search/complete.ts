import { fromSql } from 'pgvector';
import type { Session, Statement } from '../../database/database.ts';
import type { Reporter } from '../../progress.ts';
import { type Candidates, explained, type NearestQuery, nearest } from '../../sql/search.ts';
import { type ExplainRow, servingIndex } from './plan.ts';
import { type Asked, isPlain } from './request.ts';
import { type AppliedSettings, forgoIndex, mostCandidates, widen } from './settings.ts';

/** How rows were found: as the planner had it, with all the candidates that hnsw can keep, or without the index. */
export type Attempt = 'planned' | 'wider' | 'exact';

export interface Complete {
  rows: Record<string, unknown>[];
  attempt: Attempt;
  /** What gave the rows. */
  statement: Statement;
  /** Whether it took candidates, and ordered them by their exact distance. */
  reranks: boolean;
  /** The index that gave too few rows, and how many, where there was one. */
  cutShort: { index: string; rows: number } | undefined;
}

/**
 * The k rows nearest to the vector, where there are so many. An index that ends early (its bound of candidates or
 * tuples reached before k rows passed the filters; zero vectors, which it does not hold) is asked for more, then not
 * at all. Settings made for that stay until the transaction ends.
 * @param vector as text
 * @param found what the query has given already, without candidates
 */
export async function completely(
  session: Session,
  asked: Asked,
  vector: string,
  applied: AppliedSettings,
  found?: Complete['rows'],
): Promise<Complete> {
  const query = await asServed(session, asked, [vector], (each) => nearest(each, vector));
  const statement = nearest(query, vector);
  const reranks = query.candidates !== undefined;
  const rows = found ?? (await session.query(statement)).rows;
  const planned: Complete = { rows, attempt: 'planned', statement, reranks, cutShort: undefined };
  if (rows.length >= query.k) return planned;
  const index = await indexOf(session, statement);
  // Without an index every row was compared: there are no more.
  if (index === undefined) return planned;
  const cutShort = { index, rows: rows.length };
  if (!applied.iterative && applied.efSearch < mostCandidates) {
    await widen(session);
    const wider = await session.query(statement);
    if (wider.rows.length >= query.k) return { ...planned, rows: wider.rows, attempt: 'wider', cutShort };
  }
  await forgoIndex(session);
  const exact = nearest(exactly(query), vector);
  const all = await session.query(exact);
  return { rows: all.rows, attempt: 'exact', statement: exact, reranks: false, cutShort };
}

/** Says that an index gave too few rows, and what was done. @param wanted how many rows it was asked for */
export function noteCutShort({ cutShort, attempt }: Complete, wanted: number, reporter: Reporter): void {
  if (cutShort === undefined) return;
  const { index, rows } = cutShort;
  const how = attempt === 'wider' ? 'it was asked again with ef_search 1000' : 'every row was compared';
  reporter.note(`index ${index} gave ${rows} of ${wanted} rows, so ${how}`);
}

/**
 * The query as it is best asked: for candidates only where an index gives them, the first that does. Where the planner
 * would rather compare every row that passes the filters, or none can hold such vectors as are asked for, it is to
 * compare exactly.
 * @param vectors as text
 * @param statement how it is put, for one vector or several: the plan is the same whichever they are
 */
export async function asServed(
  session: Session,
  asked: Asked,
  vectors: readonly string[],
  statement: (query: NearestQuery) => Statement,
): Promise<NearestQuery> {
  if (isPlain(asked)) return asked;
  for (const candidates of [asked.candidates, ...asked.otherwise]) {
    if (candidates !== undefined && !vectors.every((vector) => fits(vector, candidates))) continue;
    const query = { ...asked, candidates };
    if ((await indexOf(session, statement(query))) !== undefined) return query;
  }
  return exactly(asked);
}

/**
 * Whether an index can hold the vector: of a column that is declared without dimensions, it holds those of its own. Half
 * precision has a vector's direction where no number is beyond its largest, nor all below its least normal one.
 */
function fits(vector: string, { quantization, dimensions }: Candidates): boolean {
  const values = fromSql(vector) as number[];
  if (values.length !== dimensions) return false;
  if (quantization === 'binary') return true;
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return largest < 65_520 && largest >= 2 ** -14;
}

/** The query that compares the vectors themselves. */
export function exactly(query: NearestQuery): NearestQuery {
  return { ...query, candidates: undefined };
}

/** The index that gives the statement its rows in order, if one does. */
export async function indexOf(session: Session, statement: Statement): Promise<string | undefined> {
  const { rows } = await session.query<ExplainRow>(explained(statement));
  return servingIndex(rows[0]!['QUERY PLAN'][0].Plan);
}
