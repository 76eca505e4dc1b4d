import { connectLane } from '../../database/connect.ts';
import type { LaneAddress } from '../../database/database.ts';
import { packError, unpackError } from '../../error-transfer.ts';
import { readFormat } from '../../formats/read/formats.ts';
import { LastingConnection } from '../lasting-connection.ts';
import { originOf } from './from-table/origin.ts';
import { RowFetcher } from './from-table/row-fetcher.ts';
import type { FromLane, PieceWork, ToLane } from './lane-messages.ts';
import { type PieceEvents, PieceLoader } from './load-piece.ts';
import type { Recipe } from './recipe.ts';
import type { Reject } from './reject-file.ts';

/** Milliseconds between two words of progress. */
const progressEvery = 100;

/** Milliseconds for a piece at work to end by itself, once it was asked to. */
const cancelAfter = 500;

/** Who hears a lane. */
export interface LaneListener {
  /** @param buffer of a piece, which goes back with the message */
  onMessage: (message: FromLane, buffer?: ArrayBuffer) => void;
  /** It cannot work at all. */
  onLost: (error: unknown) => void;
}

/** A lane: a connection of its own, over which one piece after the other is decoded, encoded and sent. */
export class Lane {
  private readonly listener: LaneListener;
  /** Told with the first message. */
  private address: LaneAddress | undefined;
  private readonly connection = new LastingConnection(() => connectLane(this.address!));
  private loader: PieceLoader | undefined;
  /** Pieces of the last recipe that are not at work yet. */
  private coming: PieceWork[] = [];
  private fetcher: RowFetcher | undefined;
  private readonly stopping = new AbortController();
  private keeping: { resolve: () => void; reject: (error: Error) => void } | undefined;
  private work: Promise<void> = Promise.resolve();
  /** The piece at work. */
  private current = -1;
  private reported = 0;
  private readonly events: PieceEvents;

  constructor(listener: LaneListener) {
    this.listener = listener;
    this.events = {
      isStopped: () => this.stopping.signal.aborted,
      signal: this.stopping.signal,
      onBatch: (rows, bytes) => this.report(rows, bytes),
      onRetry: ({ message }, milliseconds) => this.send({ kind: 'retrying', message, milliseconds }),
      onRejects: (rejects) => this.keep(rejects),
    };
  }

  /** Does what its owner asks for, one thing after the other. */
  hear(message: ToLane): void {
    if (message.kind === 'open') this.open(message.address);
    else if (message.kind === 'stop') this.stop();
    else if (message.kind === 'rejects-kept') this.rejectsKept(message);
    else if (message.kind === 'close') this.inTurn(() => this.close());
    else if (message.kind === 'recipe') this.use(message.recipe);
    else this.expect(message);
  }

  /** Gives up whatever it is at work on, and its connection. */
  async abandon(): Promise<void> {
    this.stopping.abort();
    await Promise.all([this.connection.drop(), this.fetcher?.close().catch(() => {})]);
  }

  private inTurn(step: () => Promise<void>): void {
    this.work = this.work.then(step).catch((error: unknown) => this.listener.onLost(error));
  }

  /** The connection is made while the first piece is on its way. */
  private open(address: LaneAddress): void {
    this.address = address;
    this.connection.get().catch(() => {}); // the piece then tells of it, or tries again
  }

  /**
   * A piece whose data is still on its way ends with the next batch. One that the server has whole is cancelled there;
   * the embedded database cannot be, and ends it.
   */
  private stop(): void {
    this.stopping.abort();
    if (this.address?.kind === 'embedded') return;
    setTimeout(() => void this.connection.drop(), cancelAfter).unref();
  }

  private use(recipe: Recipe): void {
    const coming: PieceWork[] = [];
    this.coming = coming;
    this.inTurn(() => this.prepare(recipe, coming));
  }

  private expect(message: ToLane & { kind: 'piece' }): void {
    this.coming.push(message.work);
    this.inTurn(() => this.load(message));
  }

  private async prepare(recipe: Recipe, coming: PieceWork[]): Promise<void> {
    const { layout, stallAfter } = recipe;
    await readFormat(layout.format)!.prepare?.(layout);
    await this.fetcher?.close();
    const origin = originOf(layout);
    this.fetcher = origin && new RowFetcher(origin, this.stopping.signal, stallAfter);
    this.loader = new PieceLoader(this.connection, recipe, this.events, coming, this.fetcher);
  }

  private async load({ id, work }: ToLane & { kind: 'piece' }): Promise<void> {
    const { buffer } = work.piece.bytes;
    this.current = id;
    this.reported = performance.now();
    try {
      const outcome = await this.loader!.load(work);
      this.send({ kind: 'loaded', id, outcome, buffer }, buffer);
    } catch (error) {
      this.send({ kind: 'failed', id, error: packError(error), buffer }, buffer);
    }
  }

  private report(rows: number, bytes: number): void {
    if (performance.now() - this.reported < progressEvery) return;
    this.reported = performance.now();
    this.send({ kind: 'progress', id: this.current, rows, bytes });
  }

  /** Only the owner writes rejected rows down, so that those of several lanes do not mix. */
  private keep(rejects: Reject[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.keeping = { resolve, reject };
      this.send({ kind: 'rejects', rejects });
    });
  }

  private rejectsKept({ error }: ToLane & { kind: 'rejects-kept' }): void {
    if (error === undefined) this.keeping?.resolve();
    else this.keeping?.reject(unpackError(error));
  }

  private async close(): Promise<void> {
    await Promise.all([this.connection.close().catch(() => {}), this.fetcher?.close().catch(() => {})]);
    this.send({ kind: 'closed' });
  }

  private send(message: FromLane, buffer?: ArrayBuffer): void {
    this.listener.onMessage(message, buffer);
  }
}
