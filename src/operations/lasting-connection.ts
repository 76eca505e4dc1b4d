import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../database/database.ts';
import { DatabaseError, InterruptedError, PgvError } from '../errors.ts';

/** Milliseconds that a trouble which may pass is given to pass. */
const defaultPatience = 5 * 60_000;
const firstPause = 100;
const longestPause = 10_000;

export interface RetryOptions {
  /** Asked between attempts: true ends them with the last error. */
  isStopped?: () => boolean;
  /** Told before each pause. */
  onRetry?: (error: PgvError, milliseconds: number) => void;
  /** Milliseconds; default 5 minutes. */
  patience?: number | undefined;
}

/** A connection that is opened again when it has been lost. */
export class LastingConnection {
  private readonly open: () => Promise<Database>;
  private current: Promise<Database> | undefined;

  /** @param first one that is open already, and its owner's to close */
  constructor(open: () => Promise<Database>, first?: Database) {
    this.open = open;
    this.current = first === undefined ? undefined : Promise.resolve(first);
  }

  /** The open connection, or a new one. */
  get(): Promise<Database> {
    this.current ??= this.open();
    return this.current;
  }

  /** One more connection, which is the caller's to close. */
  another(): Promise<Database> {
    return this.open();
  }

  /** Gives the connection up, whatever it is doing: its transaction ends with it. */
  async drop(): Promise<void> {
    const { current } = this;
    this.current = undefined;
    const database = await current?.catch(() => undefined);
    // An orderly end would wait for what runs.
    await database?.cancel().catch(() => {});
  }

  /** At the end of all work. */
  async close(): Promise<void> {
    const database = await this.current?.catch(() => undefined);
    await database?.leave();
  }

  /**
   * Does some work on the connection, again and again on a new one while it fails for a reason that may pass. What
   * the work has begun and not committed is undone; whether a COMMIT that got no answer was done, it must ask itself.
   */
  async retrying<T>(work: (database: Database) => Promise<T>, options: RetryOptions = {}): Promise<T> {
    const { isStopped = () => false, onRetry, patience = defaultPatience } = options;
    let failingSince: number | undefined;
    for (let attempt = 0; ; attempt++) {
      try {
        return await work(await this.get());
      } catch (error) {
        if (!mayPass(error) || isStopped()) throw error;
        await this.drop();
        const now = performance.now();
        failingSince ??= now;
        const longest = Math.min(longestPause, firstPause * 2 ** attempt);
        // Lanes that failed together shall not all come back at once.
        const pause = longest * (0.5 + Math.random() / 2);
        if (now + pause - failingSince > patience) throw givenUp(error, patience);
        onRetry?.(error, pause);
        await sleepUnless(isStopped, pause);
        if (isStopped()) throw error;
      }
    }
  }
}

/**
 * Whether trying again may help: the connection was lost (08…, 57P01 to 57P05), the server lacks something for now
 * (53…), or another transaction was in the way (40001, 40P01).
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
export function mayPass(error: unknown): error is PgvError {
  if (!(error instanceof PgvError) || error instanceof InterruptedError) return false;
  const { sqlstate, code } = error;
  if (sqlstate === undefined) return code === 'connection-lost' || code === 'no-server';
  return /^(?:08|53|57P0[1235]|40001|40P01|25P03)/.test(sqlstate);
}

function givenUp(error: PgvError, patience: number): PgvError {
  const minutes = patience / 60_000;
  return new DatabaseError(error.message, {
    code: error.code,
    sqlstate: error.sqlstate,
    cause: error,
    hint: [`tried again for ${minutes < 1 ? `${patience / 1000} s` : `${minutes} minutes`}`, error.hint]
      .filter((part) => part !== undefined)
      .join('; '),
  });
}

/** Says that it is tried again, and why. */
export function tryingAgain(message: string, milliseconds: number): string {
  return `${message}; trying again in ${(milliseconds / 1000).toFixed(1)} s`;
}

async function sleepUnless(isStopped: () => boolean, milliseconds: number): Promise<void> {
  const until = performance.now() + milliseconds;
  while (!isStopped() && performance.now() < until) {
    await sleep(Math.min(100, until - performance.now()));
  }
}
