import { connectLane } from '../../database/connect.ts';
import type { Database } from '../../database/database.ts';
import { PgvError } from '../../errors.ts';
import { cancellable } from '../cancellable.ts';

export interface LaneWork<Chunk, Result> {
  lanes: number;
  /** Chunks that a lane has in hand at once. */
  depth: number;
  work: (lane: Database, chunk: Chunk) => Promise<Result>;
  /** Told after each chunk. */
  onDone: (chunk: Chunk) => void;
  /** Told of each lane that the server has no connection left for: the others do its work. */
  onRefused: () => void;
  /** Told of a failure at once; it is to end whatever the chunks come from, as a lane may be waiting for it. */
  onFailed: () => void;
  signal: AbortSignal;
}

/**
 * Does the work on each chunk, in whichever lane is free; what comes of them in the order of the chunks. Where anything
 * fails, the lanes end with the chunks they are at, and the first failure is thrown.
 */
export async function overLanes<Chunk, Result>(
  database: Database,
  chunks: AsyncGenerator<Chunk>,
  { lanes, depth, work, onDone, onRefused, onFailed, signal }: LaneWork<Chunk, Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let failure: { error: unknown } | undefined;
  const fail = (error: unknown) => {
    if (failure !== undefined) return;
    failure = { error };
    onFailed();
  };
  const ahead = [chunks.next(), chunks.next()];
  // Another lane is worth its connection where there is a second chunk.
  const isWorthLanes = ahead[1]!.then(
    ({ done }) => !done,
    // Who takes it fails with the error.
    () => false,
  );
  let asked = 0;
  const run = async (lane: Database) => {
    while (failure === undefined) {
      // Chunks come in the order that they are asked for.
      const place = asked++;
      const next = await (ahead.shift() ?? chunks.next());
      if (next.done || failure !== undefined) return;
      results[place] = await work(lane, next.value);
      onDone(next.value);
    }
  };
  const runAll = (lane: Database) =>
    Promise.all(Array.from({ length: depth }, () => run(lane).catch(fail))).then(() => {});
  const runOnAnother = async () => {
    if (!(await isWorthLanes) || failure !== undefined) return;
    const lane = await anotherLane(database);
    if (lane === undefined) return onRefused();
    try {
      await cancellable(lane, signal, () => runAll(lane));
    } finally {
      await lane.close().catch(() => {});
    }
  };
  const others = Array.from({ length: lanes - 1 }, () => runOnAnother().catch(fail));
  await Promise.all([runAll(database), ...others]);
  if (failure !== undefined) throw failure.error;
  return results;
}

/** Undefined where the server has no connection left, for anybody or for this role or database. */
async function anotherLane(database: Database): Promise<Database | undefined> {
  const { address } = await database.lane();
  try {
    return await connectLane(address);
  } catch (error) {
    if (error instanceof PgvError && error.sqlstate === '53300') return undefined;
    throw error;
  }
}
