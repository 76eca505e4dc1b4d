import { binaryHeader, binaryTrailer } from '../../../copy/binary.ts';
import { connectLane } from '../../../database/connect.ts';
import type { Database } from '../../../database/database.ts';
import { InterruptedError } from '../../../errors.ts';
import type { Backend } from '../../../sql/backends.ts';
import { joinMoment } from '../../export/moment.ts';
import { asUsage } from '../../export/source.ts';
import { copyOutWatched } from '../../stall-watch.ts';
import type { Origin } from './origin.ts';
import { Passage } from './passage.ts';

/** A session that sees the moment. */
type Joined = Promise<{ database: Database; backend: Backend }>;

/**
 * A lane's own way to the database that its rows come from: they go from one connection to the other within one thread,
 * and nothing is kept of them. What is not stored in the end is fetched once more, as the moment is still the same.
 */
export class RowFetcher {
  private readonly origin: Origin;
  private readonly signal: AbortSignal;
  private readonly stallAfter: number | undefined;
  /** Of what was fetched last. */
  private bytes = 0;
  private joined: Joined | undefined;
  private passage: Passage | undefined;
  /** What is at work, or was left in the middle of its rows. */
  private unfinished: Joined | undefined;

  /**
   * @param signal ends what is fetched, with an InterruptedError
   * @param stallAfter milliseconds without a byte after which the connection is doubted; undefined: the usual
   */
  constructor(origin: Origin, signal: AbortSignal, stallAfter: number | undefined) {
    this.origin = origin;
    this.signal = signal;
    this.stallAfter = stallAfter;
    // While the table is prepared. That it failed is found by the first who needs it.
    this.join().catch(() => {});
  }

  /** Rows are awaited: that nothing moves is not the fault of where they go. */
  get isWaiting(): boolean {
    return this.passage?.isAwaited === true;
  }

  /** Bytes of the rows fetched last. */
  get rowBytes(): number {
    return this.bytes - binaryHeader.length - binaryTrailer.length;
  }

  /**
   * Rows as COPY … FROM STDIN takes them in binary, header and trailer included; each chunk is valid until the next is
   * asked for. One at a time.
   * @param copy COPY … TO STDOUT in binary
   * @param onBytes told of all bytes that have been used up so far
   */
  async *fetch(copy: string, onBytes: (bytes: number) => void): AsyncGenerator<Uint8Array> {
    const { signal, origin } = this;
    if (signal.aborted) throw new InterruptedError();
    if (this.unfinished !== undefined) this.leave(this.unfinished);
    const passage = new Passage();
    const joined = this.join();
    this.passage = passage;
    this.unfinished = joined;
    this.bytes = 0;
    const stop = () => passage.fail(new InterruptedError());
    signal.addEventListener('abort', stop, { once: true });
    this.copyOut(joined, copy, passage).then(
      () => passage.end(),
      (error: unknown) => passage.fail(asUsage(error, origin.flags)),
    );
    let isWhole = false;
    try {
      for await (const chunk of passage.chunks()) {
        this.bytes += chunk.length;
        yield chunk;
        onBytes(this.bytes);
      }
      isWhole = true;
    } finally {
      signal.removeEventListener('abort', stop);
      if (!isWhole) this.leave(joined);
      else if (this.unfinished === joined) this.unfinished = undefined;
    }
  }

  /** Ends the connection, and what runs on it. */
  async close(): Promise<void> {
    if (this.unfinished !== undefined) return this.leave(this.unfinished);
    const reader = await this.joined?.catch(() => undefined);
    // Whoever waits for the table need not wait until the server has noticed.
    await reader?.database.query('ROLLBACK').catch(() => {});
    await reader?.database.leave();
  }

  private async copyOut(joined: Joined, copy: string, passage: Passage): Promise<void> {
    const { stallAfter } = this;
    const { database, backend } = await joined;
    const watched = { database, backend: () => backend, reopen: () => this.open(), stallAfter };
    return copyOutWatched(watched, database, copy, (bytes) => passage.give(bytes));
  }

  private open(): Promise<Database> {
    return connectLane(this.origin.address);
  }

  private join(): Joined {
    this.joined ??= this.connect();
    return this.joined;
  }

  private async connect(): Joined {
    const database = await this.open();
    try {
      await database.query('BEGIN');
      return { database, backend: await joinMoment(database, this.origin.moment) };
    } catch (error) {
      database.disconnect();
      throw error;
    }
  }

  /**
   * Gives a connection up that may be in the middle of a COPY, or never come about; the next rows come over another.
   * Nobody waits for it: an orderly end would wait for rows that nobody takes, and the server may not answer at all.
   */
  private leave(joined: Joined): void {
    if (this.unfinished === joined) this.unfinished = undefined;
    if (this.joined === joined) this.joined = undefined;
    const end = ({ database }: Awaited<Joined>) => {
      database.disconnect();
      // It may be long before it sends anything, and so finds that nobody is there.
      return database.cancel();
    };
    joined.then(end).catch(() => {});
  }
}
