import type { Database } from '../../database/database.ts';
import { PgvError } from '../../errors.ts';
import type { Reporter } from '../../progress.ts';
import {
  analyzeSample,
  createSample,
  dropSample,
  roomForSample,
  sampleTable,
  takeFromSample,
} from '../../sql/tune-sample.ts';
import { nearestDistances } from '../index-recall/exact.ts';
import { ensureServed } from '../index-recall/served.ts';
import { settingInForce } from '../index-recall/setting.ts';
import type { IndexSubject } from '../index-recall/subject.ts';
import { findTable } from '../tables.ts';
import { type Family, familiesOf } from './families.ts';
import type { SweepPoint } from './result.ts';
import { servedRungs, sweep, type Trial } from './sweep.ts';

/** What a sample is taken for: to compare other indexes by it, or what vectors lose that an index does not hold. */
type Purpose = 'builds' | 'newcomers';

/**
 * Rows of the sample, and those besides that search it, which it does not hold. A loss is a small difference of two
 * recalls: 600 queries would tell it to 0.007 alone, for which the effort of a search changes by a third.
 */
const sizes: Record<Database['target']['kind'], Record<Purpose, { rows: number; queries: number }>> = {
  server: { builds: { rows: 10_000, queries: 600 }, newcomers: { rows: 10_000, queries: 1100 } },
  embedded: { builds: { rows: 2000, queries: 100 }, newcomers: { rows: 2000, queries: 100 } },
};

/** A sample of a table, with queries whose exact answers in it are known. */
export interface Sample {
  /** The table's subject, but on the sample; its index is not there. */
  trial: Trial;
  rows: number;
}

/**
 * Does some work on a sample of the table, in a temporary table: which only this connection sees, and which goes with it.
 * @throws DatabaseError where the role may make none
 */
export async function withSample<T>(
  database: Database,
  subject: IndexSubject,
  { k, purpose }: { k: number; purpose: Purpose },
  reporter: Reporter,
  signal: AbortSignal,
  work: (sample: Sample) => Promise<T>,
): Promise<T> {
  const { name } = subject.column;
  const size = sizes[database.target.kind][purpose];
  reporter.progress({ phase: 'taking a sample' });
  // Where the session has had a temporary table before, it keeps the room that it has.
  await database.query(roomForSample()).catch(() => {});
  await database.query(dropSample());
  try {
    await database.query(createSample(subject.table, name, size.rows + size.queries));
    await database.query(analyzeSample());
    const table = await findTable(database, sampleTable);
    const queries = Math.min(size.queries, Math.floor((table.estimatedRows ?? 0) / 10));
    const { rows } = await database.query<{ vector: string }>(takeFromSample(name, queries));
    await database.query(analyzeSample());
    const searches = {
      subject: { ...subject, table },
      conditions: {},
      k,
      queries: { vectors: rows.map(({ vector }) => vector), own: [] },
    };
    const unknown = rows.map(() => []);
    const nearest = await nearestDistances(database, searches, unknown, reporter, signal);
    return await work({ trial: { searches, nearest }, rows: (table.estimatedRows ?? 0) - queries });
  } finally {
    // A cancelled connection is closed, and the table with it.
    await database.query(dropSample()).catch(() => {});
  }
}

/** Whether no sample can be made: no right to temporary tables, a server that only reads, no room. */
export function isRefused(error: unknown): error is PgvError {
  if (!(error instanceof PgvError)) return false;
  const { sqlstate = '' } = error;
  return ['42501', '25006', '0A000'].includes(sqlstate) || sqlstate.startsWith('53');
}

/**
 * A sample's index, at efforts that double.
 * @param limits efforts above `most` are left out; after so many seconds the queries that were asked suffice
 */
export function sweepSample(
  database: Database,
  trial: Trial,
  reporter: Reporter,
  { most = Number.POSITIVE_INFINITY, seconds }: { most?: number; seconds?: number } = {},
): Promise<SweepPoint[]> {
  return database.transaction(async (session) => {
    const { searches } = trial;
    const { index, extensionSchema } = searches.subject;
    await session.query('SET TRANSACTION READ ONLY');
    const { iterative } = await settingInForce(session, index.type, extensionSchema);
    const all = familiesOf(searches.subject, searches.k, { filtered: false, iterative });
    const families = all.map((each) => ({ ...each, rungs: each.rungs.filter((effort) => effort <= most) }));
    await ensureServed(session, searches, families[0]!.settingOf(families[0]!.rungs[0]!));
    const served: Family[] = [];
    for (const family of families) served.push(await servedRungs(session, searches, family));
    const able = served.filter(({ rungs }) => rungs.length > 0);
    const swept = await sweep(session, trial, able, reporter, seconds);
    return swept.flatMap(({ points }) => points);
  });
}
