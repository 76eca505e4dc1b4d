import type { Piece } from '../../batch.ts';
import type { Database } from '../../database/database.ts';
import { InterruptedError } from '../../errors.ts';
import { LaneHandle, type LaneHandleEvents } from './lane-handle.ts';
import type { PieceOutcome, PieceWork } from './lane-messages.ts';
import { LaneThreads } from './lane-threads.ts';
import { Notices } from './notices.ts';
import type { Recipe } from './recipe.ts';

/** Pieces a lane holds: one at work, one waiting, so that it never waits for the file. */
const piecesPerLane = 2;
/** Milliseconds a server has to answer a lane that was asked to stop. */
const patience = 10_000;

/** Whether a lane holds it alone, and none waits: the row group of a columnar file. */
export function isLarge({ bytes }: Piece): boolean {
  return bytes.buffer.byteLength > 2 ** 25;
}

/** `onProgress`: something moved; look at `rows`, `bytes`, `lanes`. */
export type LaneEvents = Pick<LaneHandleEvents, 'onProgress' | 'onBuffer' | 'onRejects' | 'onRetry'>;

/** Lanes that load pieces side by side. After the first failure no further piece is taken. */
export class LanePool {
  /** Of pieces that are stored: rows, those rejected, and bytes. */
  rows = 0;
  rejected = 0;
  /** Vectors of zeros that were to be brought to length 1. */
  zeroVectors = 0;
  /** Texts that were to be embedded, and were NULL or blank. */
  withoutText = 0;
  bytes = 0;
  /** What the server has said of them. */
  readonly notices = new Notices();
  /** Bytes of rows that lanes have fetched by themselves; undefined: the pieces hold them. */
  fetched: number | undefined;
  private readonly lanes: LaneHandle[] = [];
  private readonly database: Database;
  private readonly size: number;
  private readonly events: LaneEvents;
  private readonly threads: LaneThreads;
  private readonly failures: { id: number; error: Error }[] = [];
  private readonly failing = new AbortController();
  private recipe: Recipe | undefined;
  private given = 0;
  private waiting: (() => void)[] = [];
  private abandoned = false;

  /** @param threads those that are started already, and not taken, are their owner's to end */
  constructor(database: Database, size: number, events: LaneEvents, threads = new LaneThreads()) {
    this.threads = threads;
    this.database = database;
    this.size = size;
    this.events = events;
  }

  /** Has the pieces that follow loaded in this way. */
  use(recipe: Recipe): void {
    this.recipe = recipe;
    for (const lane of this.lanes) lane.use(recipe);
  }

  get failed(): boolean {
    return this.failures.length > 0;
  }

  /** Fires when a piece fails, so that nobody waits for the next. */
  get failure(): AbortSignal {
    return this.failing.signal;
  }

  /** How many lanes were started. */
  get started(): number {
    return this.lanes.length;
  }

  /** Rows and bytes of each lane, what it is at work on included. */
  progress(): { rows: number; bytes: number }[] {
    return this.lanes.map((lane) => lane.progress);
  }

  /**
   * Starts so many lanes, where they may be so many, before there is work for them: a thread and its connection take
   * time, in which the table is prepared and the file opened.
   */
  async start(count: number): Promise<void> {
    while (this.lanes.length < Math.min(count, this.size)) await this.startLane();
  }

  /** Hands the piece to the lane with the least to do, once one has room; false: a piece has failed. */
  async give(work: PieceWork): Promise<boolean> {
    for (;;) {
      if (this.failed || this.abandoned) return false;
      const lane = this.lanes.toSorted((a, b) => a.load - b.load)[0];
      if (this.lanes.length < this.size && (lane === undefined || lane.load > 0)) await this.startLane();
      else if (lane !== undefined && lane.load < piecesPerLane) {
        // What is read next would be one more: a lane must be free for it.
        const alone = isLarge(work.piece);
        lane.give(this.given++, work);
        if (alone) await this.idle();
        return true;
      } else await this.change();
    }
  }

  /** Waits until a lane has nothing to do, or another can be started. */
  private async idle(): Promise<void> {
    const busy = () => this.lanes.length >= this.size && this.lanes.every(({ load }) => load > 0);
    while (busy() && !this.failed && !this.abandoned) await this.change();
  }

  /**
   * Waits for every piece handed over. What comes before a failed piece is stored, so that the rows stored are
   * the file's beginning as far as that can be.
   * @throws the error of the first piece, in the file's order, that failed
   */
  async finish(): Promise<void> {
    while (this.busy && !this.abandoned) await this.change();
    this.throwFailure();
  }

  /**
   * Ends the pieces at work, without storing them where that can be, and waits for the word on each: what is
   * stored must be known. Only a server that does not answer is given up.
   */
  async stop(): Promise<void> {
    for (const lane of this.lanes) lane.stop();
    const timer = this.database.maxLanes > 1 ? setTimeout(() => this.abandon(), patience) : undefined;
    while (this.busy && !this.abandoned) await this.change();
    clearTimeout(timer);
  }

  /** Pieces were given up: more rows may be stored than `rows` says. */
  get uncertain(): boolean {
    return this.abandoned;
  }

  /** Ends the lanes and their connections. */
  async close(): Promise<void> {
    await Promise.all(this.lanes.map((lane) => lane.close()));
  }

  private get busy(): boolean {
    return this.lanes.some(({ load }) => load > 0);
  }

  /** Gives up waiting; close() ends the lanes that are still at work, and with their connections their COPY. */
  private abandon(): void {
    this.abandoned = true;
    this.wake();
  }

  private async startLane(): Promise<void> {
    const { onProgress, onBuffer, onRejects, onRetry } = this.events;
    const lane = await LaneHandle.open(this.threads, this.database, {
      onProgress,
      onBuffer,
      onRejects,
      onRetry,
      onLoaded: (outcome, byteLength) => this.count(outcome, byteLength),
      onFailed: (id, error) => this.fail(id, error),
      onLost: (error) => this.fail(-1, error),
    });
    if (this.recipe !== undefined) lane.use(this.recipe);
    this.lanes.push(lane);
  }

  private count(
    { rows, rejected, zeroVectors = 0, withoutText = 0, fetched, notices }: PieceOutcome,
    bytes: number,
  ): void {
    this.rows += rows;
    this.rejected += rejected;
    this.zeroVectors += zeroVectors;
    this.withoutText += withoutText;
    if (notices !== undefined) this.notices.addAll(notices);
    this.bytes += bytes;
    if (fetched !== undefined) this.fetched = (this.fetched ?? 0) + fetched;
    this.wake();
  }

  private fail(id: number, error: Error): void {
    this.failures.push({ id, error });
    this.failing.abort();
    this.wake();
  }

  /** The first failure in the file's order; that pieces were stopped because of it is none. */
  private throwFailure(): void {
    const real = this.failures.filter(({ error }) => !(error instanceof InterruptedError));
    const first = real.sort((a, b) => a.id - b.id)[0] ?? this.failures[0];
    if (first !== undefined) throw first.error;
  }

  /** Resolves when a piece has been answered or a lane has failed. */
  private change(): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
    });
  }

  private wake(): void {
    const { waiting } = this;
    this.waiting = [];
    for (const resolve of waiting) resolve();
  }
}
