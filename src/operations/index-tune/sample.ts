import type { Database, Session } from '../../database/database.ts';
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
import type { Searches } from '../index-recall/measure.ts';
import { loadQueries, placeIn, type Queries } from '../index-recall/queries.ts';
import { ensureServed } from '../index-recall/served.ts';
import { settingInForce } from '../index-recall/setting.ts';
import { type IndexSubject, queryOf } from '../index-recall/subject.ts';
import { findTable } from '../tables.ts';
import { type Family, familiesOf } from './families.ts';
import type { SweepPoint } from './result.ts';
import { servedRungs, sweep } from './sweep.ts';
import type { Trial } from './trials.ts';

/** A random sample of a table, in a temporary table. */
export interface Sample {
  /** The table's subject, but on the sample; its index is not there. */
  subject: IndexSubject;
  rows: number;
}

/** Rows of a sample, and how many of them are queries, where the table is large enough. */
export interface SampleSize {
  rows: number;
  queries: number;
}

/**
 * Does some work on a sample of the table, in a temporary table: which only this connection sees, and which goes with it.
 * @throws DatabaseError where the role may make none
 */
export async function withSample<T>(
  database: Database,
  subject: IndexSubject,
  rows: number,
  reporter: Reporter,
  work: (sample: Sample) => Promise<T>,
): Promise<T> {
  reporter.progress({ phase: 'taking a sample' });
  // Where the session has had a temporary table before, it keeps the room that it has.
  await database.query(roomForSample()).catch(() => {});
  await database.query(dropSample());
  try {
    await database.query(createSample(subject.table, subject.column.name, rows));
    await database.query(analyzeSample());
    const table = await findTable(database, sampleTable);
    return await work({ subject: { ...subject, table }, rows: table.estimatedRows ?? 0 });
  } finally {
    // A cancelled connection is closed, and the table with it.
    await database.query(dropSample()).catch(() => {});
  }
}

/** Rows of a sample to search it with. @param sample so many */
export function sampleQueries(
  database: Database,
  subject: IndexSubject,
  k: number,
  sample: number,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<Queries> {
  return loadQueries(database, subject, queryOf(subject, {}, k), { sample }, reporter, signal);
}

/** Takes queries out of the sample: then it does not hold them. */
export async function takeOut(database: Database, { own }: Queries): Promise<void> {
  await database.query(takeFromSample(own.map(placeIn)));
  await database.query(analyzeSample());
}

/** The exact answers from the sample. */
export async function withAnswersIn(
  database: Database,
  searches: Searches,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<Trial> {
  const unknown = searches.queries.vectors.map(() => []);
  const nearest = await nearestDistances(database, searches, unknown, reporter, signal);
  return { searches, nearest };
}

/** Whether no sample can be made: no right to temporary tables, a server that only reads, no room. */
export function isRefused(error: unknown): error is PgvError {
  if (!(error instanceof PgvError)) return false;
  const { sqlstate = '' } = error;
  return ['42501', '25006', '0A000'].includes(sqlstate) || sqlstate.startsWith('53');
}

/** A sample's index, at efforts that double. */
export function sweepSample(database: Database, trial: Trial, reporter: Reporter): Promise<SweepPoint[]> {
  return database.transaction(async (session) => {
    const families = await servedFamilies(session, trial.searches);
    const swept = await sweep(session, trial, families, reporter);
    return swept.flatMap(({ points }) => points);
  });
}

/** Prepares a transaction to search a sample's index. @returns what the planner answers by it */
export async function servedFamilies(session: Session, searches: Searches): Promise<Family[]> {
  const { index, extensionSchema } = searches.subject;
  await session.query('SET TRANSACTION READ ONLY');
  const { iterative } = await settingInForce(session, index.type, extensionSchema);
  const all = familiesOf(searches.subject, searches.k, { filtered: false, iterative });
  await ensureServed(session, searches, all[0]!.settingOf(all[0]!.rungs[0]!));
  const served: Family[] = [];
  for (const family of all) served.push(await servedRungs(session, searches, family));
  return served.filter(({ rungs }) => rungs.length > 0);
}
