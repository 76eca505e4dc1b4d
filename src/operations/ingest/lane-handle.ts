import type { Database } from '../../database/database.ts';
import { packError, unpackError } from '../../error-transfer.ts';
import type { LaneHost } from './lane-host.ts';
import type { FromLane, PieceOutcome, PieceWork } from './lane-messages.ts';
import type { LaneThreads } from './lane-threads.ts';
import type { Recipe } from './recipe.ts';
import type { Reject } from './reject-file.ts';

/** Milliseconds that a lane has to end its connection. */
const closePatience = 2000;

/** What a lane's owner hears of it. */
export interface LaneHandleEvents {
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

/** One lane as its owner knows it, from its start to its end. */
export class LaneHandle {
  /** Of pieces that are stored. */
  rows = 0;
  bytes = 0;
  private readonly host: LaneHost;
  private readonly events: LaneHandleEvents;
  /** Handed over and not yet answered, in the order of the load: bytes, rows decoded, bytes decoded. */
  private readonly pending = new Map<number, { byteLength: number; rows: number; bytes: number }>();
  private closing = false;
  private lost = false;
  private onEnded: () => void = () => {};

  private constructor(host: LaneHost, events: LaneHandleEvents) {
    this.host = host;
    this.events = events;
    host.listen({
      onMessage: (message) => this.hear(message),
      onLost: (error) => this.lose(error),
    });
  }

  /** Has a lane open the database once more. */
  static async open(threads: LaneThreads, database: Database, events: LaneHandleEvents): Promise<LaneHandle> {
    const { address, transfer } = await database.lane();
    const lane = new LaneHandle(threads.take(), events);
    lane.host.tell({ kind: 'open', address }, transfer);
    return lane;
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
    this.host.tell({ kind: 'recipe', recipe });
  }

  /** Hands a piece over, and its buffer with it. */
  give(id: number, work: PieceWork): void {
    const { location, bytes } = work.piece;
    this.pending.set(id, { byteLength: location.byteLength, rows: 0, bytes: 0 });
    this.host.tell({ kind: 'piece', id, work }, [bytes.buffer]);
  }

  /** Has it end the piece at work and keep nothing of it, where that can be. */
  stop(): void {
    this.host.tell({ kind: 'stop' });
  }

  /** Ends its connection, and then the lane, which is not waited for; a piece at work is given up. */
  async close(): Promise<void> {
    if (this.lost) return;
    this.closing = true;
    const ended = new Promise<void>((resolve) => {
      this.onEnded = resolve;
    });
    if (this.load > 0) return this.host.end();
    this.host.tell({ kind: 'close' });
    // A lane whose connection never comes about, as its database was given up, would wait for it.
    const timer = setTimeout(() => void this.host.end().then(this.onEnded), closePatience);
    await ended;
    clearTimeout(timer);
  }

  /** What is left of the lane keeps nobody waiting. */
  private end(): void {
    this.host.release();
    this.onEnded();
  }

  /** A thread that ends because it was closed is none that is lost. */
  private lose(error: Error): void {
    this.lost = true;
    this.onEnded();
    if (this.closing) return;
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
      this.host.tell({ kind: 'rejects-kept' });
    } catch (error) {
      this.host.tell({ kind: 'rejects-kept', error: packError(error) });
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
}
