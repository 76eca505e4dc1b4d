import type { Worker } from 'node:worker_threads';
import type { Database } from '../../database/database.ts';
import { packError, unpackError } from '../../error-transfer.ts';
import type { FromLane, PieceOutcome, PieceWork, ToLane } from './lane-messages.ts';
import type { LaneThreads } from './lane-threads.ts';
import type { Recipe } from './recipe.ts';
import type { Reject } from './reject-file.ts';

/** Milliseconds that a lane has to end its connection. */
const closePatience = 2000;

/** What a lane's owner hears of it. */
export interface LaneThreadEvents {
  /** It has come further in a piece, or a piece was answered. */
  onProgress: () => void;
  onLoaded: (outcome: PieceOutcome, byteLength: number) => void;
  onFailed: (id: number, error: Error) => void;
  /** A piece's buffer, free to be used again. */
  onBuffer: (buffer: ArrayBuffer) => void;
  /** Rejected rows of a piece, to be kept before it is stored; what this throws fails the piece. */
  onRejects: (rejects: Reject[]) => Promise<void>;
  /** It tries again after a pause. */
  onRetry: (message: string, milliseconds: number) => void;
  /** It cannot work at all: its pieces will never be answered. */
  onLost: (error: Error) => void;
}

/** The thread of one lane, from its start to its end. */
export class LaneThread {
  /** Of pieces that are stored. */
  rows = 0;
  bytes = 0;
  private readonly worker: Worker;
  private readonly events: LaneThreadEvents;
  /** Handed over and not yet answered, in the order of the load: bytes, rows decoded, bytes decoded. */
  private readonly pending = new Map<number, { byteLength: number; rows: number; bytes: number }>();
  private closing = false;
  private onClosed: () => void = () => {};

  private constructor(worker: Worker, events: LaneThreadEvents) {
    this.worker = worker;
    this.events = events;
    worker.on('message', (message: FromLane) => this.hear(message));
    worker.on('error', (error) => this.lose(error));
    worker.on('exit', (code) => {
      if (!this.closing) this.lose(new Error(`a lane ended by itself (exit ${code})`));
    });
  }

  /** Has a thread open the database once more. */
  static async open(threads: LaneThreads, database: Database, events: LaneThreadEvents): Promise<LaneThread> {
    const { address, transfer } = await database.lane();
    const worker = threads.take();
    worker.postMessage({ kind: 'open', address } satisfies ToLane, transfer);
    return new LaneThread(worker, events);
  }

  /** Pieces handed over and not yet answered. */
  get load(): number {
    return this.pending.size;
  }

  /** Rows and bytes, what it is at work on included. */
  get progress(): { rows: number; bytes: number } {
    let { rows, bytes } = this;
    for (const piece of this.pending.values()) {
      rows += piece.rows;
      bytes += piece.bytes;
    }
    return { rows, bytes };
  }

  /** Has the pieces that follow loaded in this way. */
  use(recipe: Recipe): void {
    this.tell({ kind: 'recipe', recipe });
  }

  /** Hands a piece over, and its buffer with it. */
  give(id: number, work: PieceWork): void {
    const { location, bytes } = work.piece;
    this.pending.set(id, { byteLength: location.byteLength, rows: 0, bytes: 0 });
    this.tell({ kind: 'piece', id, work }, [bytes.buffer]);
  }

  /** Has it end the piece at work and keep nothing of it, where that can be. */
  stop(): void {
    this.tell({ kind: 'stop' });
  }

  /** Ends its connection, and then the thread, which is not waited for; a piece at work is given up. */
  async close(): Promise<void> {
    this.closing = true;
    if (this.worker.threadId === -1) return; // it has ended by itself
    const ended = new Promise<void>((resolve) => {
      this.onClosed = resolve;
      this.worker.once('exit', resolve);
    });
    if (this.load > 0) await this.worker.terminate();
    else this.tell({ kind: 'close' });
    // A lane whose connection never comes about, as its database was given up, would wait for it.
    const timer = setTimeout(() => void this.worker.terminate(), closePatience);
    await ended;
    clearTimeout(timer);
  }

  /** What is left of the thread keeps nobody waiting. */
  private end(): void {
    this.worker.unref();
    this.onClosed();
  }

  private lose(error: Error): void {
    this.pending.clear();
    this.events.onLost(error);
  }

  private hear(message: FromLane): void {
    if (message.kind === 'closed') this.end();
    else if (message.kind === 'retrying') this.events.onRetry(message.message, message.milliseconds);
    else if (message.kind === 'rejects') void this.keep(message.rejects);
    else this.hearOfPiece(message);
  }

  private async keep(rejects: Reject[]): Promise<void> {
    try {
      await this.events.onRejects(rejects);
      this.tell({ kind: 'rejects-kept' });
    } catch (error) {
      this.tell({ kind: 'rejects-kept', error: packError(error) });
    }
  }

  private hearOfPiece(message: Extract<FromLane, { id: number }>): void {
    const { pending, events } = this;
    const piece = pending.get(message.id);
    if (piece === undefined) return;
    if (message.kind === 'progress') {
      piece.rows = message.rows;
      piece.bytes = message.bytes;
    } else {
      pending.delete(message.id);
      events.onBuffer(message.buffer);
      if (message.kind === 'loaded') this.count(message.outcome, piece.byteLength);
      else events.onFailed(message.id, unpackError(message.error));
    }
    events.onProgress();
  }

  private count(outcome: PieceOutcome, byteLength: number): void {
    this.rows += outcome.rows;
    this.bytes += byteLength;
    this.events.onLoaded(outcome, byteLength);
  }

  private tell(message: ToLane, transfer: ArrayBuffer[] = []): void {
    this.worker.postMessage(message, transfer);
  }
}
