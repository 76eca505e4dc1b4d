import { Worker } from 'node:worker_threads';
import { builtFile } from '../../built-files.ts';

/**
 * Threads for lanes, started before it is known what they will work on: a thread takes longer to start than the table
 * and the file to be looked at, and does it on another core.
 */
export class LaneThreads {
  private readonly waiting = new Set<Worker>();

  /** Sees to it that so many wait. They keep no process alive. */
  start(count: number): void {
    while (this.waiting.size < count) this.wait(begin());
  }

  /** One that waits, or a new one: the caller's to end. */
  take(): Worker {
    const [first] = this.waiting;
    if (first === undefined) return begin();
    this.waiting.delete(first);
    first.ref();
    return first;
  }

  /** Ends those that nobody has taken. */
  async close(): Promise<void> {
    const workers = [...this.waiting];
    this.waiting.clear();
    await Promise.all(workers.map((worker) => worker.terminate()));
  }

  private wait(worker: Worker): void {
    this.waiting.add(worker);
    worker.unref();
    // One that cannot run is told of when it is needed: another is started then.
    const forget = () => this.waiting.delete(worker);
    worker.once('error', forget);
    worker.once('exit', forget);
  }
}

function begin(): Worker {
  return new Worker(builtFile('ingest-lane.cjs'));
}
