import type { Database } from '../../database/database.ts';
import { UsageError } from '../../errors.ts';
import type { Reporter } from '../../progress.ts';
import type { NamedInput } from '../../sources/inputs.ts';
import { randomRows } from '../../sql/recall.ts';
import type { NearestQuery } from '../../sql/search.ts';
import { type InputOptions, openInput } from '../ingest/open-input.ts';
import { queryVectors } from '../search/query-file.ts';
import type { IndexSubject } from './subject.ts';

/** Vectors to search with. */
export interface Queries {
  /** As text. */
  vectors: readonly string[];
  /** Each one's own row, which is left out of its answer; empty where they are no rows of the table. */
  own: readonly string[];
}

export interface QuerySource {
  /** A file of them; default: vectors of the table's own rows. */
  queries?: { input: NamedInput; reading: Pick<InputOptions, 'dataset'> } | undefined;
  /** How many rows. */
  sample?: number | undefined;
  /** To tune with, where nobody says: so many at the least, as far as the bounds below go. */
  needed?: number | undefined;
}

/** The flag that says where queries come from, for hints; undefined: none was given. */
export function queryFlag({ queries, sample }: QuerySource): string | undefined {
  if (queries !== undefined) return '--queries';
  return sample === undefined ? undefined : '--sample';
}

/**
 * How many rows are asked with, where nobody says: as many as make so many comparisons, within bounds. To tune takes more
 * than to measure: 0.01 of recall can be worth a third of the effort.
 */
const bounds = {
  server: { comparisons: 200e6, least: 200, most: 1000, mostToTune: 2500 },
  embedded: { comparisons: 4e6, least: 100, most: 400, mostToTune: 400 },
};

/** @param rows of the table, as estimated */
function usualSample({ target }: Database, rows: number | null, needed: number | undefined): number {
  const { comparisons, least, ...limits } = bounds[target.kind];
  const most = needed === undefined ? limits.most : limits.mostToTune;
  return Math.round(Math.min(most, Math.max(least, needed ?? 0, comparisons / Math.max(1, rows ?? 0))));
}

/** A row's name among the table's: its partition and its place there. */
export function placeOf(part: unknown, place: unknown): string {
  return `${part} ${place}`;
}

/** The place in the partition that `placeOf` names. */
export function placeIn(own: string): string {
  return own.slice(own.indexOf(' ') + 1);
}

/**
 * The queries that searches are measured with.
 * @throws UsageError where there are none; DataError with file and row for a query that is none
 */
export async function loadQueries(
  database: Database,
  subject: IndexSubject,
  asked: NearestQuery,
  { queries, sample, needed }: QuerySource,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<Queries> {
  if (queries === undefined) {
    const count = sample ?? usualSample(database, subject.table.estimatedRows, needed);
    return randomQueries(database, subject, asked, count);
  }
  const { source, file } = await openInput(queries.input, queries.reading, reporter, signal);
  try {
    const vectors: string[] = [];
    for await (const chunk of queryVectors(file, database, subject.column, 1000)) vectors.push(...chunk);
    if (vectors.length > 0) return { vectors, own: [] };
  } finally {
    await source.close();
  }
  throw new UsageError(`${queries.input.name} has no queries`, { code: 'no-queries' });
}

async function randomQueries(
  database: Database,
  { table }: IndexSubject,
  asked: NearestQuery,
  count: number,
): Promise<Queries> {
  const { rows } = await database.query<{ part: number; place: string; vector: string }>(
    randomRows(asked, count),
  );
  if (rows.length > 1) {
    return {
      vectors: rows.map(({ vector }) => vector),
      own: rows.map(({ part, place }) => placeOf(part, place)),
    };
  }
  throw new UsageError(
    `${table.name} has ${rows.length === 0 ? 'no row' : 'one row'} to search with and for`,
    {
      code: 'no-queries',
      hint: asked.where === undefined ? 'load rows first' : 'check --where: hardly any row passes it',
    },
  );
}
