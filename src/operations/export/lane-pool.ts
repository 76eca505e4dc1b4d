import { Worker } from 'node:worker_threads';
import { builtFile } from '../../built-files.ts';
import type { Database } from '../../database/database.ts';
import { unpackError } from '../../error-transfer.ts';
import { InterruptedError } from '../../errors.ts';
import type { Part } from '../../formats/write/format.ts';
import { buffersOf } from './buffers.ts';
import type { FromReadLane, RangeWork, Reading, ReadLane, ToReadLane } from './lane-messages.ts';

/** Ranges a lane holds: one at work, one waiting, so that it never waits for this thread. */
const rangesPerLane = 2;
/** Milliseconds that a lane has to end its connection. */
const closePatience = 2000;

interface Lane {
  worker: Worker;
  /** Ranges handed over and not ended. */
  pending: Set<number>;
}

export interface ReadEvents {
  /** A lane has read so many more rows. */
  onRows: (rows: number) => void;
  /** A lane tries again after a pause. */
  onRetry: (message: string, milliseconds: number) => void;
}

/** Worker threads that read ranges side by side, and give them in their order. */
export class ReadPool {
  private readonly lanes: Lane[] = [];
  private readonly arrived = new Map<number, { part: Part; lane: Lane }[]>();
  private readonly ended = new Set<number>();
  private failure: Error | undefined;
  private wake: (() => void) | undefined;
  private closing = false;
  private events: ReadEvents | undefined;

  /** Starts lanes, which connect while it is being planned what they read. */
  async open(database: Database, size: number): Promise<void> {
    for (let i = 0; i < size; i++) {
      const { address, transfer } = await database.lane();
      if (this.closing) return;
      const workerData: ReadLane = { address };
      const worker = new Worker(builtFile('export-lane.cjs'), { workerData, transferList: transfer });
      const lane: Lane = { worker, pending: new Set() };
      worker.on('message', (message: FromReadLane) => this.hear(lane, message));
      worker.on('error', (error) => this.fail(error));
      worker.on('exit', (code) => {
        if (!this.closing) this.fail(new Error(`a lane ended by itself (exit ${code})`));
      });
      this.lanes.push(lane);
    }
  }

  /** Tells the lanes what to read, before the first range. */
  begin(reading: Reading, events: ReadEvents): void {
    this.events = events;
    for (const lane of this.lanes) tell(lane, { kind: 'begin', reading });
  }

  /**
   * The parts of all ranges, in their order. A part's buffers are free again when the next one is asked for.
   * @param onRangeEnd told when all of a range's parts have been taken
   * @throws the error of the first lane that failed
   */
  async *parts(
    ranges: readonly RangeWork[],
    onRangeEnd?: (done: number) => Promise<void>,
  ): AsyncGenerator<Part> {
    let next = 0;
    for (let due = 0; due < ranges.length; due++) {
      for (;;) {
        // A lane is never far ahead of what is due, which bounds what waits here.
        while (next < Math.min(ranges.length, due + this.lanes.length * rangesPerLane)) {
          if (!this.give(ranges[next]!)) break;
          next++;
        }
        if (this.failure !== undefined) throw this.failure;
        const first = this.arrived.get(due)?.shift();
        if (first !== undefined) {
          yield first.part;
          const buffers = buffersOf(first.part);
          tell(first.lane, { kind: 'written', buffers }, buffers);
        } else if (this.ended.has(due)) break;
        else await this.news();
      }
      this.ended.delete(due);
      this.arrived.delete(due);
      await onRangeEnd?.(due + 1);
    }
  }

  /** Ends what the lanes do, on the server too. */
  stop(): void {
    this.fail(new InterruptedError());
    for (const lane of this.lanes) tell(lane, { kind: 'stop' });
  }

  /** Ends the threads and their connections. */
  async close(): Promise<void> {
    this.closing = true;
    await Promise.all(
      this.lanes.map(async ({ worker, pending }) => {
        if (worker.threadId === -1) return; // it has ended by itself
        // Not events.once, which a thread's error would reject.
        const exited = new Promise((resolve) => worker.once('exit', resolve));
        worker.postMessage({ kind: pending.size > 0 ? 'stop' : 'close' } satisfies ToReadLane);
        const timer = setTimeout(() => void worker.terminate(), closePatience);
        await exited;
        clearTimeout(timer);
      }),
    );
  }

  /** Hands the range to the lane with the least to do; false: none has room. */
  private give(work: RangeWork): boolean {
    const lane = this.lanes.toSorted((a, b) => a.pending.size - b.pending.size)[0]!;
    if (lane.pending.size >= rangesPerLane) return false;
    lane.pending.add(work.sequence);
    this.arrived.set(work.sequence, []);
    tell(lane, { kind: 'range', work });
    return true;
  }

  private hear(lane: Lane, message: FromReadLane): void {
    if (message.kind === 'retrying') this.events?.onRetry(message.message, message.milliseconds);
    else if (message.kind === 'failed') this.fail(unpackError(message.error));
    else if (message.kind === 'part') {
      this.arrived.get(message.sequence)?.push({ part: message.part, lane });
      this.events?.onRows(message.part.rows);
    } else {
      lane.pending.delete(message.sequence);
      this.ended.add(message.sequence);
    }
    this.wake?.();
  }

  private fail(error: Error): void {
    this.failure ??= error;
    this.wake?.();
  }

  /** Resolves when something has come. */
  private news(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }
}

function tell({ worker }: Lane, message: ToReadLane, transfer: ArrayBuffer[] = []): void {
  worker.postMessage(message, transfer);
}
