import { connectLane } from '../../database/connect.ts';
import type { Database } from '../../database/database.ts';

export interface LaneWork<Chunk, Result> {
  lanes: number;
  /** Chunks that a lane has in hand at once. */
  depth: number;
  work: (lane: Database, chunk: Chunk) => Promise<Result>;
  /** Told after each chunk. */
  onDone: (chunk: Chunk) => void;
  signal: AbortSignal;
}

/**
 * Does the work on each chunk, in whichever lane is free; what comes of them in the order of the chunks. Where one
 * fails, the others end with the chunk they are at.
 */
export async function overLanes<Chunk, Result>(
  database: Database,
  chunks: AsyncGenerator<Chunk>,
  { lanes, depth, work, onDone, signal }: LaneWork<Chunk, Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let taken = 0;
  const run = async (lane: Database) => {
    for (;;) {
      const next = await chunks.next();
      if (next.done) return;
      // Chunks come in the order that they are asked for.
      const place = taken++;
      results[place] = await work(lane, next.value);
      onDone(next.value);
    }
  };
  const runAndEnd = (lane: Database) =>
    allEnded(
      Array.from({ length: depth }, () =>
        run(lane).catch(async (error: unknown) => {
          await chunks.return(undefined);
          throw error;
        }),
      ),
    );
  const others = Array.from({ length: lanes - 1 }, async () => {
    const { address } = await database.lane();
    const lane = await connectLane(address);
    const cancel = () => void lane.cancel().catch(() => {});
    signal.addEventListener('abort', cancel, { once: true });
    try {
      signal.throwIfAborted();
      await runAndEnd(lane);
    } finally {
      signal.removeEventListener('abort', cancel);
      await lane.close().catch(() => {});
    }
  });
  await allEnded([runAndEnd(database), ...others]);
  return results;
}

/** Waits for all, then throws what the first of them has failed with. */
async function allEnded(works: readonly Promise<unknown>[]): Promise<void> {
  for (const outcome of await Promise.allSettled(works)) {
    if (outcome.status === 'rejected') throw outcome.reason;
  }
}
