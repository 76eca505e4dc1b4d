import type { Database } from '../../database/database.ts';
import { backendActivity } from '../../sql/backends.ts';
import { mayPass } from '../lasting-connection.ts';

/** Milliseconds without progress after which a connection is doubted. */
export const defaultStallAfter = 30_000;

/** What is watched while it works. */
export interface Watched {
  /** Its connection. */
  database: Database;
  /** The backend at its other end. */
  pid: number;
  /** Another number whenever it has come further. */
  progress: () => number;
  /** Opens another connection to the same server. */
  reopen: () => Promise<Database>;
  /** Milliseconds. */
  stallAfter: number;
}

/**
 * Does some work over a connection, and gives the connection up when it does not come further because of it: the
 * network can lose one without a word, and TCP notices after minutes or hours. The work then fails as one whose
 * connection was lost. A server that is at work, or waits for a lock, is waited for.
 */
export async function whileWatched<T>(watched: Watched, work: () => Promise<T>): Promise<T> {
  let seen = watched.progress();
  let checking = false;
  let ended = false;
  const check = async () => {
    const now = watched.progress();
    const moved = now !== seen;
    seen = now;
    if (moved || checking) return;
    checking = true;
    const dead = await isDead(watched);
    // Meanwhile it may have come further, and the connection be at work for others.
    if (dead && !ended && watched.progress() === now) watched.database.disconnect();
    checking = false;
  };
  const timer = setInterval(() => void check(), watched.stallAfter);
  timer.unref();
  try {
    return await work();
  } finally {
    ended = true;
    clearInterval(timer);
  }
}

/** Asks the server over another connection what the backend is doing. */
async function isDead({ pid, reopen }: Watched): Promise<boolean> {
  let other: Database | undefined;
  try {
    other = await reopen();
    const { rows } = await other.query<{ waitsForUs: boolean }>(backendActivity(pid));
    return rows[0] === undefined || rows[0].waitsForUs;
  } catch (error) {
    // The server is not to be reached by another way either.
    return mayPass(error);
  } finally {
    await other?.close().catch(() => {});
  }
}
