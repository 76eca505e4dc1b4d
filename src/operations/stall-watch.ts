import type { Database, Session, TakeBytes } from '../database/database.ts';
import { type Backend, backendActivity, terminateBackend } from '../sql/backends.ts';
import { mayPass } from './lasting-connection.ts';

/** Milliseconds without progress after which a connection is doubted. */
const defaultStallAfter = 30_000;

/** What is watched while it works. */
export interface Watched {
  /** Its connection. */
  database: Database;
  /** Who is at its other end, with a moment of the transaction that is open; undefined: it is not known yet. */
  backend: () => Backend | undefined;
  /** Another number whenever it has come further. */
  progress: () => number;
  /** Opens another connection to the same server. */
  reopen: () => Promise<Database>;
  /** Milliseconds; undefined: the usual. */
  stallAfter: number | undefined;
}

/**
 * Does some work over a connection, and gives the connection up when it does not come further because of it: the
 * network can lose one without a word, and TCP notices after minutes or hours. The work then fails as one whose
 * connection was lost. A server that is at work, or waits for a lock, is waited for.
 */
export async function whileWatched<T>(watched: Watched, work: () => Promise<T>): Promise<T> {
  // There is no network between us and an embedded database.
  if (watched.database.target.kind === 'embedded') return work();
  let seen = watched.progress();
  let checking = false;
  let ended = false;
  const check = async () => {
    const now = watched.progress();
    const moved = now !== seen;
    seen = now;
    if (moved || checking) return;
    checking = true;
    // Meanwhile it may come further, and the connection be at work for others.
    await doubt(watched, () => !ended && watched.progress() === now);
    checking = false;
  };
  const timer = setInterval(() => void check(), watched.stallAfter ?? defaultStallAfter);
  timer.unref();
  try {
    return await work();
  } finally {
    ended = true;
    clearInterval(timer);
  }
}

/**
 * Has `take` take what a COPY TO STDOUT gives, and gives the connection up when the bytes that are awaited do not come
 * because of it. While `take` keeps them waiting, they are not.
 * @param session of the connection that is watched
 */
export function copyOutWatched(
  watched: Omit<Watched, 'progress'>,
  session: Pick<Session, 'copyOut'>,
  sql: string,
  take: TakeBytes,
): Promise<void> {
  let chunks = 0;
  let isTaking = false;
  const counted: TakeBytes = (bytes) => {
    chunks++;
    const taking = take(bytes);
    if (taking === undefined) return undefined;
    isTaking = true;
    return taking.finally(() => {
      isTaking = false;
    });
  };
  const progress = () => (isTaking ? ++chunks : chunks);
  return whileWatched({ ...watched, progress }, () => session.copyOut(sql, counted));
}

/** Asks the server over another connection what the backend is doing, and gives up one that waits for us. */
async function doubt({ database, backend, reopen }: Watched, isStill: () => boolean): Promise<void> {
  const doubted = backend();
  if (doubted === undefined) return;
  let other: Database | undefined;
  try {
    other = await reopen();
    const { rows } = await other.query<{ waitsForUs: boolean }>(backendActivity(doubted));
    const isLost = rows[0] === undefined || rows[0].waitsForUs;
    if (!isLost || !isStill()) return;
    database.disconnect();
    // It would wait on, with what it has locked, until its own side notices.
    await other.query(terminateBackend(doubted, database.isDirect));
  } catch (error) {
    // The server is not to be reached by another way either.
    if (mayPass(error) && isStill()) database.disconnect();
  } finally {
    await other?.close().catch(() => {});
  }
}
