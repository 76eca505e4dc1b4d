import type { Database, Session } from '../../database/database.ts';
import { UsageError } from '../../errors.ts';
import type { Reporter } from '../../progress.ts';
import { bestMatches, type TextSearch, textRank } from '../../sql/search-text.ts';
import { scoreOf } from '../../vector/metrics.ts';
import type { TableDescription } from '../tables.ts';
import { completely, noteCutShort } from './complete.ts';
import { type Explanation, explain, explainWords } from './explain.ts';
import { type Fusion, fusedScore, type Ranked } from './fuse.ts';
import { type Hit, isNear, toHit } from './hits.ts';
import { searchFrom } from './origin.ts';
import { asUsage, nearestQuery } from './request.ts';
import type { SearchOptions, SearchResult } from './search.ts';
import { searched } from './searched.ts';
import { findSubject, type Subject } from './subject.ts';

export interface TextOptions extends Omit<SearchOptions, 'query'> {
  /** As a web search takes them: `chess -clock "opening book"`. */
  text: string;
  /** A text search configuration; default: the session's. */
  language?: string | undefined;
  /** With it the search is hybrid; without, by words alone, and hits have no distance. */
  hybrid?: { query: SearchOptions['query']; fusion: Fusion } | undefined;
}

/** Rows that each ranking brings to a hybrid search of k rows. */
const rankedFor = (k: number): number => Math.max(200, 4 * k);

type TextHit = Hit<number | null>;

interface Found {
  hits: TextHit[];
  /** How the nearest rows were found; of words alone, those that match. */
  explanation?: Explanation;
}

type Row = Record<string, unknown> & { rank: number; distance: number | null };

/**
 * The k rows whose text matches best, by ts_rank; or, hybrid, the best of those and of the nearest rows together.
 * @throws UsageError where the table has no text, or an argument is not one
 */
export async function searchText(
  database: Database,
  options: TextOptions,
  reporter: Reporter,
): Promise<SearchResult<number | null>> {
  const { k, hybrid } = options;
  // Words alone ask no index on vectors.
  const subject = await findSubject(database, hybrid ? options : { ...options, exact: true }, reporter);
  const text = textSearch(subject.table, options);
  const { hits, explanation } = await database
    .transaction(async (session): Promise<Found> => {
      if (hybrid !== undefined) return hybridHits(session, subject, text, options, hybrid, reporter);
      await session.query('SET TRANSACTION READ ONLY');
      const statement = bestMatches(nearestQuery(subject, options), text, undefined);
      const { rows } = await session.query<Row>(statement);
      const hits = rows
        .map((row): TextHit => ({ ...toHit(row, subject), distance: null, score: row.rank }))
        .filter(isNear(options));
      return options.explain ? { hits, explanation: await explainWords(session, statement) } : { hits };
    })
    .catch((error: unknown) => {
      throw asUsage(error, '--text', options);
    });
  return {
    ...searched(database, subject, k),
    hits,
    ...(explanation && { explanation }),
  };
}

/** Columns of tsvector, else the column `content`, else all text. */
function textSearch(table: TableDescription, { text, language }: TextOptions): TextSearch {
  const named = (columns: TableDescription['columns']) => columns.map(({ name }) => name);
  const vectors = named(
    table.columns.filter(({ base }) => base.schema === 'pg_catalog' && base.name === 'tsvector'),
  );
  const all = named(table.columns.filter(({ base }) => base.category === 'S'));
  const texts = all.includes('content') ? ['content'] : all;
  if (vectors.length === 0 && texts.length === 0) {
    throw new UsageError(`table ${table.shown} has no text to search`, {
      code: 'no-text',
      hint: '--text looks in a column of type tsvector, else in content, else in all text columns',
    });
  }
  return { words: text, language, vectors, texts };
}

async function hybridHits(
  session: Session,
  subject: Subject,
  text: TextSearch,
  options: TextOptions,
  { query, fusion }: NonNullable<TextOptions['hybrid']>,
  reporter: Reporter,
): Promise<Found> {
  if (subject.key.length === 0) {
    throw new UsageError(
      `table ${subject.table.shown} has no primary key, by which --hybrid knows a row again`,
      {
        code: 'no-key',
        hint: 'search by vector or by --text alone',
      },
    );
  }
  const ranked = nearestQuery(subject, { ...options, k: rankedFor(options.k) });
  const { asked, vector, applied } = await searchFrom(session, subject, ranked, query, options, reporter);
  const near = await completely(session, { ...asked, rank: textRank(text) }, vector, applied);
  const matching = await session.query<Row>(bestMatches(asked, text, vector));
  // Where there are no more rows than the index gave, nothing was amiss.
  if (near.rows.length > (near.cutShort?.rows ?? 0)) noteCutShort(near, asked.k, reporter);
  const hits = fused(near.rows as Row[], matching.rows, subject, fusion)
    .filter(isNear(options))
    .slice(0, options.k);
  return options.explain ? { hits, explanation: await explain(session, near, applied) } : { hits };
}

/** Rows of both rankings, the best first; of equal ones, the nearer. */
function fused(near: readonly Row[], matching: readonly Row[], subject: Subject, fusion: Fusion): TextHit[] {
  const found = new Map<string, { hit: TextHit; ranked: Ranked }>();
  const add = (row: Row, place: Partial<Ranked>) => {
    const hit = { ...toHit(row, subject), distance: row.distance };
    const id = JSON.stringify(hit.id);
    const vectorScore = hit.distance === null ? 0 : scoreOf(subject.metric, hit.distance);
    const before = found.get(id)?.ranked ?? { byVector: undefined, byText: undefined };
    found.set(id, { hit, ranked: { ...before, ...place, vectorScore, textScore: row.rank } });
  };
  for (const [i, row] of near.entries()) add(row, { byVector: i + 1 });
  for (const [i, row] of matching.entries()) add(row, { byText: i + 1 });
  return [...found.values()]
    .map(({ hit, ranked }) => ({ ...hit, score: fusedScore(ranked, fusion) }))
    .sort((a, b) => b.score - a.score || (a.distance ?? Infinity) - (b.distance ?? Infinity));
}
