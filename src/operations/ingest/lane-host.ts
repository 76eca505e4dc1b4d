import { type TransferListItem, Worker } from 'node:worker_threads';
import { builtFile } from '../../built-files.ts';
import type { Lane } from './lane.ts';
import type { FromLane, ToLane } from './lane-messages.ts';

/** What the owner of a lane hears. */
export interface LaneEars {
  onMessage: (message: FromLane) => void;
  /** It cannot work at all: its pieces will never be answered. */
  onLost: (error: Error) => void;
}

/** Where a lane works, as its owner sees it. */
export interface LaneHost {
  listen(ears: LaneEars): void;
  /** @param transfer what of the message belongs to the lane from now on */
  tell(message: ToLane, transfer?: readonly TransferListItem[]): void;
  /** Ends it at once, with all that it is at work on. */
  end(): Promise<void>;
  /** What is left of it keeps the process no longer alive. */
  release(): void;
}

/** A thread of a lane's own. */
export class ThreadHost implements LaneHost {
  private readonly worker = new Worker(builtFile('ingest-lane.cjs'));
  private ended = false;

  constructor() {
    this.worker.once('exit', () => {
      this.ended = true;
    });
  }

  /** Does not keep the process alive until it is taken. @param onGone told when it ends before */
  wait(onGone: () => void): void {
    this.worker.unref();
    // One that cannot run is told of when it is needed: another is started then.
    this.worker.once('error', onGone);
    this.worker.once('exit', onGone);
  }

  take(): this {
    this.worker.ref();
    return this;
  }

  listen({ onMessage, onLost }: LaneEars): void {
    this.worker.on('message', onMessage);
    this.worker.on('error', onLost);
    this.worker.on('exit', (code) => onLost(new Error(`a lane ended by itself (exit ${code})`)));
  }

  tell(message: ToLane, transfer: readonly TransferListItem[] = []): void {
    this.worker.postMessage(message, transfer);
  }

  async end(): Promise<void> {
    if (!this.ended) await this.worker.terminate();
  }

  release(): void {
    this.worker.unref();
  }
}

/**
 * This thread: for a lane alone, whose piece is loaded before a thread has started, and for lanes whose rows take
 * little work.
 */
export class OwnThreadHost implements LaneHost {
  private ears: LaneEars | undefined;
  private lane: Promise<Lane> | undefined;

  listen(ears: LaneEars): void {
    this.ears = ears;
  }

  tell(message: ToLane): void {
    this.lane ??= this.load();
    void this.lane.then((lane) => lane.hear(message));
  }

  /** Not waited for: a connection that never comes about would not end either. */
  async end(): Promise<void> {
    this.ears = undefined;
    void this.lane?.then((lane) => lane.abandon());
  }

  release(): void {}

  /** The lanes' code is not loaded where threads have it. */
  private async load(): Promise<Lane> {
    const { Lane } = await import('./lane.ts');
    return new Lane({
      // In a turn of their own, as a thread's messages come.
      onMessage: (message) => queueMicrotask(() => this.ears?.onMessage(message)),
      onLost: (error) => this.ears?.onLost(error as Error),
    });
  }
}
