import type { OpenedFile } from '../../formats/read/format.ts';
import type { LanePool } from './lane-pool.ts';
import type { TargetStrategy } from './target.ts';

/** Reads the file and has the lanes store its pieces; leaves no lane behind, and after a failure no staging. */
export async function copyPieces(
  file: OpenedFile,
  pool: LanePool,
  target: TargetStrategy,
  signal: AbortSignal,
): Promise<void> {
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping = pool.stop();
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    await target.prepare();
    try {
      for await (const piece of file.pieces()) {
        if (signal.aborted || !(await pool.give(piece))) break;
      }
    } finally {
      // What was read before the file turned out to be broken is stored, or tells what is wrong further ahead.
      await pool.finish();
    }
    signal.throwIfAborted();
  } catch (error) {
    await stopping;
    // What went wrong first matters more.
    await target.cleanUp().catch(() => {});
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener('abort', stop);
    await pool.close();
  }
}
