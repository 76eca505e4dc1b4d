import { connectLane } from '../../database/connect.ts';
import type { Database, Session } from '../../database/database.ts';
import type { Reporter } from '../../progress.ts';
import { comparedInBlocks, mostBlocks } from '../../sql/recall.ts';
import { type NearestQuery, setLocal } from '../../sql/search.ts';
import { cancellable } from '../cancellable.ts';
import { defaultLanes } from '../lanes.ts';
import { type Blocks, blockRanges } from './block-ranges.ts';
import type { Searches } from './measure.ts';
import { NearestDistances } from './nearest-distances.ts';
import { placeOf } from './queries.ts';
import { queryOf } from './subject.ts';

/** Room for the queries beside the scan, which are read again for every row. */
const memory = { work_mem: '256MB', jit: 'off' };

/**
 * The distances of the k rows that are nearest to each query, ascending, its own row left out: fewer where there are
 * fewer. Every row is read once, and compared with all queries where it lies, by the operator of the searches: what comes
 * back are the few rows that are near enough to count.
 * @param found distances of rows that searches have found for each query: the k-th is a bound on the k-th nearest
 */
export async function nearestDistances(
  database: Database,
  searches: Searches,
  found: readonly (readonly number[])[],
  reporter: Reporter,
  signal: AbortSignal,
): Promise<number[][]> {
  const { subject, conditions, k, queries } = searches;
  const { rows } = await database.query<{ blocks: number }>(mostBlocks(subject.table.oid));
  const { blocks } = rows[0]!;
  const nearest = queries.vectors.map((_, i) => new NearestDistances(k, found[i]!));
  const bounded = nearest.every(({ bound }) => bound < Number.POSITIVE_INFINITY);
  const comparisons = queries.vectors.length * (subject.table.estimatedRows ?? 0);
  const ranges = blockRanges(blocks, comparisons, bounded);
  const asked = queryOf(subject, conditions, k);
  // A temporary table is there for its own connection alone.
  const lanes = subject.table.schema.startsWith('pg_temp_') ? 1 : Math.min(defaultLanes(), database.maxLanes);
  await overRanges(database, lanes, ranges, signal, async (session, range) => {
    await compare(session, asked, searches, nearest, range);
    const done = range.to ?? blocks;
    reporter.progress({
      phase: 'comparing every row',
      done: Math.min(done, blocks),
      total: Math.max(1, blocks),
    });
  });
  return nearest.map(({ distances }) => distances);
}

async function compare(
  session: Session,
  asked: NearestQuery,
  { queries }: Searches,
  nearest: readonly NearestDistances[],
  range: Blocks,
): Promise<void> {
  const bounds = nearest.map(({ bound }) => bound);
  const { rows } = await session.query<{ query: number; part: number; place: string; distance: number }>(
    comparedInBlocks(asked, { vectors: queries.vectors, bounds }, range),
  );
  for (const { query, part, place, distance } of rows) {
    if (placeOf(part, place) !== queries.own[query]) nearest[query]!.add(distance);
  }
}

/** Does the work on each range, in whichever lane is free. */
async function overRanges(
  database: Database,
  lanes: number,
  ranges: readonly Blocks[],
  signal: AbortSignal,
  work: (session: Session, range: Blocks) => Promise<void>,
): Promise<void> {
  let next = 0;
  const run = (lane: Database) =>
    lane.transaction(async (session) => {
      await session.query('SET TRANSACTION READ ONLY');
      await session.query(setLocal(memory));
      while (next < ranges.length) await work(session, ranges[next++]!);
    });
  const runAndEnd = (lane: Database) =>
    run(lane).catch((error: unknown) => {
      next = ranges.length;
      throw error;
    });
  const others = Array.from({ length: Math.min(lanes, ranges.length) - 1 }, async () => {
    const { address } = await database.lane();
    // Where the server gives no further connection, those that are there do all of the work.
    const lane = await connectLane(address).catch(() => undefined);
    if (lane === undefined) return;
    try {
      await cancellable(lane, signal, () => runAndEnd(lane));
    } finally {
      await lane.close().catch(() => {});
    }
  });
  const ended = await Promise.allSettled([runAndEnd(database), ...others]);
  for (const outcome of ended) if (outcome.status === 'rejected') throw outcome.reason;
}
