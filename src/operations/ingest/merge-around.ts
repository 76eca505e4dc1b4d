import type { Session } from '../../database/database.ts';
import type { PgvError } from '../../errors.ts';
import {
  indexStaging,
  type Merge,
  type MergeCounts,
  mergeStaged,
  stagedBetween,
  stagedRange,
} from '../../sql/staging.ts';
import { isAboutRow } from './store-around.ts';

/** Told of a staged row, by its number in the load, that the target does not take. */
export type RefuseRow = (row: number, error: PgvError) => void;

/**
 * Merges what the target takes, within the transaction that is open, and leaves out the rows that it refuses, which
 * halving finds: the server names none. Rows with one key that halving has parted count each by itself.
 */
export async function mergeAround(session: Session, merge: Merge, refuse: RefuseRow): Promise<MergeCounts> {
  const whole = await tryMerge(session, merge);
  if (!(whole instanceof Error)) return whole;
  await session.query(indexStaging(merge.staging));
  const { rows } = await session.query<{ first: number; last: number }>(stagedRange(merge.staging));
  const total: MergeCounts = { inserted: 0, updated: 0, unchanged: 0, skipped: 0 };
  const waiting: [first: number, last: number][] = [[rows[0]!.first, rows[0]!.last]];
  // In the order of the file, so that the last row of a key is the last one merged.
  for (let run = waiting.pop(); run !== undefined; run = waiting.pop()) {
    const [first, last] = run;
    const staging = stagedBetween(merge.staging, first, last);
    const counts = await tryMerge(session, { ...merge, staging });
    if (!(counts instanceof Error)) add(total, counts);
    else if (first === last) refuse(first, counts);
    else {
      const middle = Math.floor((first + last) / 2);
      waiting.push([middle + 1, last], [first, middle]);
    }
  }
  return total;
}

async function tryMerge(session: Session, merge: Merge): Promise<MergeCounts | PgvError> {
  await session.query('SAVEPOINT pgv_merge');
  try {
    // What is checked at the end of the transaction could not be told from its rows any more.
    await session.query('SET CONSTRAINTS ALL IMMEDIATE');
    const { rows } = await session.query<MergeCounts>(mergeStaged(merge));
    await session.query('RELEASE SAVEPOINT pgv_merge');
    return rows[0]!;
  } catch (error) {
    if (!isAboutRow(error)) throw error;
    await session.query('ROLLBACK TO SAVEPOINT pgv_merge');
    return error;
  }
}

function add(total: MergeCounts, counts: MergeCounts): void {
  for (const name of ['inserted', 'updated', 'unchanged', 'skipped'] as const) total[name] += counts[name];
}
