import { type LaneHost, OwnThreadHost, ThreadHost } from './lane-host.ts';

/**
 * Threads for lanes, started before it is known what they will work on: a thread takes longer to start than the table
 * and the file to be looked at, and does it on another core.
 */
export class LaneThreads {
  private readonly waiting = new Set<ThreadHost>();
  private here = 0;

  /** Sees to it that so many wait. They keep no process alive. */
  start(count: number): void {
    while (this.waiting.size < count) this.wait(new ThreadHost());
  }

  /** The next so many lanes work in this thread. */
  keepHere(count: number): void {
    this.here = count;
  }

  /** One that waits, or a new one: the caller's to end. */
  take(): LaneHost {
    if (this.here > 0) {
      this.here--;
      return new OwnThreadHost();
    }
    const [first] = this.waiting;
    if (first === undefined) return new ThreadHost();
    this.waiting.delete(first);
    return first.take();
  }

  /** Ends those that nobody has taken. */
  async close(): Promise<void> {
    const hosts = [...this.waiting];
    this.waiting.clear();
    await Promise.all(hosts.map((host) => host.end()));
  }

  private wait(host: ThreadHost): void {
    this.waiting.add(host);
    host.wait(() => this.waiting.delete(host));
  }
}
