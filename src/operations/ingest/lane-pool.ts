import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { builtFile } from '../../built-files.ts';
import type { Database } from '../../database/database.ts';
import { packError, unpackError } from '../../error-transfer.ts';
import { InterruptedError } from '../../errors.ts';
import type { FromLane, LaneStart, PieceOutcome, PieceWork, ToLane } from './lane-messages.ts';
import type { Recipe } from './recipe.ts';
import type { Reject } from './reject-file.ts';

/** Pieces a lane holds: one at work, one waiting, so that it never waits for the file. */
const piecesPerLane = 2;
/** Bytes of a piece of which a lane holds one alone, and none waits: the row group of a columnar file. */
const largePiece = 2 ** 25;
/** Milliseconds that a lane has to end its connection. */
const closePatience = 2000;
/** Milliseconds a server has to answer a lane that was asked to stop. */
const patience = 10_000;

interface Lane {
  worker: Worker;
  /** Handed over and not yet answered, in the order of the load: bytes decoded, rows decoded. */
  pending: Map<number, { byteLength: number; rows: number; bytes: number }>;
  rows: number;
  bytes: number;
}

export interface LaneEvents {
  /** Something moved: look at `rows`, `bytes`, `lanes`. */
  onProgress: () => void;
  /** A piece's buffer, free to be used again. */
  onBuffer: (buffer: ArrayBuffer) => void;
  /** Rejected rows of a piece, to be kept before it is stored; what this throws fails the piece. */
  onRejects: (rejects: Reject[]) => Promise<void>;
  /** A lane tries again after a pause. */
  onRetry: (message: string, milliseconds: number) => void;
}

/** Worker threads that load pieces side by side. After the first failure no further piece is taken. */
export class LanePool {
  /** Of pieces that are stored: rows, those rejected, and bytes. */
  rows = 0;
  rejected = 0;
  /** Vectors of zeros that were to be brought to length 1. */
  zeroVectors = 0;
  bytes = 0;
  private readonly lanes: Lane[] = [];
  private readonly database: Database;
  private readonly size: number;
  private readonly events: LaneEvents;
  private readonly failures: { id: number; error: Error }[] = [];
  private recipe: Recipe | undefined;
  private given = 0;
  private waiting: (() => void)[] = [];
  private abandoned = false;
  private closing = false;

  constructor(database: Database, size: number, events: LaneEvents) {
    this.database = database;
    this.size = size;
    this.events = events;
  }

  /** Has the pieces that follow loaded in this way. */
  use(recipe: Recipe): void {
    this.recipe = recipe;
    for (const lane of this.lanes) tell(lane, { kind: 'recipe', recipe });
  }

  get failed(): boolean {
    return this.failures.length > 0;
  }

  /** How many lanes were started. */
  get started(): number {
    return this.lanes.length;
  }

  /** Rows and bytes of each lane, what it is at work on included. */
  progress(): { rows: number; bytes: number }[] {
    return this.lanes.map((lane) => {
      let { rows, bytes } = lane;
      for (const piece of lane.pending.values()) {
        rows += piece.rows;
        bytes += piece.bytes;
      }
      return { rows, bytes };
    });
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
      const lane = this.lanes.toSorted((a, b) => a.pending.size - b.pending.size)[0];
      if (this.lanes.length < this.size && (lane === undefined || lane.pending.size > 0))
        await this.startLane();
      else if (lane !== undefined && lane.pending.size < piecesPerLane) {
        const { location, bytes } = work.piece;
        const id = this.given++;
        lane.pending.set(id, { byteLength: location.byteLength, rows: 0, bytes: 0 });
        // What is read next would be one more: a lane must be free for it.
        const isLarge = bytes.buffer.byteLength > largePiece;
        tell(lane, { kind: 'piece', id, work }, [bytes.buffer]);
        if (isLarge) await this.idle();
        return true;
      } else await this.change();
    }
  }

  /** Waits until a lane has nothing to do, or another can be started. */
  private async idle(): Promise<void> {
    const busy = () => this.lanes.length >= this.size && this.lanes.every(({ pending }) => pending.size > 0);
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
    for (const lane of this.lanes) tell(lane, { kind: 'stop' });
    const timer = this.database.maxLanes > 1 ? setTimeout(() => this.abandon(), patience) : undefined;
    while (this.busy && !this.abandoned) await this.change();
    clearTimeout(timer);
  }

  /** Pieces were given up: more rows may be stored than `rows` says. */
  get uncertain(): boolean {
    return this.abandoned;
  }

  /** Ends the threads and their connections. */
  async close(): Promise<void> {
    this.closing = true;
    await Promise.all(
      this.lanes.map(async (lane) => {
        if (lane.worker.threadId === -1) return; // it has ended by itself
        const exited = once(lane.worker, 'exit');
        if (lane.pending.size > 0) await lane.worker.terminate();
        else tell(lane, { kind: 'close' });
        // A lane whose connection never comes about, as its database was given up, would wait for it.
        const timer = setTimeout(() => void lane.worker.terminate(), closePatience);
        await exited;
        clearTimeout(timer);
      }),
    );
  }

  private get busy(): boolean {
    return this.lanes.some((lane) => lane.pending.size > 0);
  }

  /** Gives up waiting; close() ends the threads that are still at work, and with their connections their COPY. */
  private abandon(): void {
    this.abandoned = true;
    this.wake();
  }

  private async startLane(): Promise<void> {
    const { address, transfer } = await this.database.lane();
    const start: LaneStart = { address };
    const worker = new Worker(builtFile('ingest-lane.cjs'), { workerData: start, transferList: transfer });
    const lane: Lane = { worker, pending: new Map(), rows: 0, bytes: 0 };
    worker.on('message', (message: FromLane) => this.hear(lane, message));
    worker.on('error', (error) => this.fail(lane, -1, error));
    worker.on('exit', (code) => {
      if (!this.closing) this.fail(lane, -1, new Error(`a lane ended by itself (exit ${code})`));
    });
    if (this.recipe !== undefined) tell(lane, { kind: 'recipe', recipe: this.recipe });
    this.lanes.push(lane);
  }

  private hear(lane: Lane, message: FromLane): void {
    if (message.kind === 'retrying') this.events.onRetry(message.message, message.milliseconds);
    else if (message.kind === 'rejects') void this.keep(lane, message.rejects);
    else this.hearOfPiece(lane, message);
  }

  private async keep(lane: Lane, rejects: Reject[]): Promise<void> {
    try {
      await this.events.onRejects(rejects);
      tell(lane, { kind: 'rejects-kept' });
    } catch (error) {
      tell(lane, { kind: 'rejects-kept', error: packError(error) });
    }
  }

  private hearOfPiece(lane: Lane, message: Extract<FromLane, { id: number }>): void {
    const pending = lane.pending.get(message.id);
    if (pending === undefined) return;
    if (message.kind === 'progress') {
      pending.rows = message.rows;
      pending.bytes = message.bytes;
    } else {
      lane.pending.delete(message.id);
      this.events.onBuffer(message.buffer);
      if (message.kind === 'loaded') this.count(lane, message.outcome, pending.byteLength);
      else this.failures.push({ id: message.id, error: unpackError(message.error) });
      this.wake();
    }
    this.events.onProgress();
  }

  private count(lane: Lane, { rows, rejected, zeroVectors = 0 }: PieceOutcome, bytes: number): void {
    lane.rows += rows;
    lane.bytes += bytes;
    this.rows += rows;
    this.rejected += rejected;
    this.zeroVectors += zeroVectors;
    this.bytes += bytes;
  }

  /** A lane that cannot work at all: its pieces will never be answered. */
  private fail(lane: Lane, id: number, error: Error): void {
    lane.pending.clear();
    this.failures.push({ id, error });
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

function tell(lane: Lane, message: ToLane, transfer: ArrayBuffer[] = []): void {
  lane.worker.postMessage(message, transfer);
}
