/** Bytes a chunk: few turns of the event loop, and the processor's cache holds it. */
const usualLength = 2 ** 18;

/**
 * Bytes that one side gives as they come, and the other takes when it has use for them: one chunk is filled while the one
 * before is used up, and no more is kept.
 */
export class Passage {
  private filling: Uint8Array;
  private filled = 0;
  /** Filled, and not taken yet. */
  private full: Uint8Array | undefined;
  /** Used up. */
  private free: Uint8Array | undefined;
  private ended: { error?: unknown } | undefined;
  /** Goes on with what is given and found no room. */
  private onRoom: (() => void) | undefined;
  /** Goes on with taking. */
  private onNews: (() => void) | undefined;

  /** @param length of a chunk, in bytes */
  constructor(length = usualLength) {
    this.filling = new Uint8Array(length);
    this.free = new Uint8Array(length);
  }

  /** The taking side waits for the giving one. */
  get isAwaited(): boolean {
    return this.onNews !== undefined;
  }

  /** Takes the bytes in; a promise, where there is no room for them until it is kept. */
  give(bytes: Uint8Array): Promise<void> | undefined {
    const left = this.fill(bytes);
    if (left.length === 0) return undefined;
    return new Promise((resolve) => {
      let rest = left;
      this.onRoom = () => {
        rest = this.fill(rest);
        if (rest.length > 0) return;
        this.onRoom = undefined;
        resolve();
      };
    });
  }

  /** No more bytes come. */
  end(): void {
    this.ended ??= {};
    this.tell();
  }

  /** What has come is of no use: taking it ends with the error. */
  fail(error: unknown): void {
    // What made an end of it first is the reason of what comes then.
    if (this.ended === undefined || !('error' in this.ended)) this.ended = { error };
    this.tell();
  }

  /** The bytes in chunks, each valid until the next is asked for; to be taken once. */
  async *chunks(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const { full, ended } = this;
      if (ended !== undefined && 'error' in ended) throw ended.error;
      if (full !== undefined) {
        this.full = undefined;
        yield full;
        this.free = full;
        this.onRoom?.();
      } else if (ended !== undefined) break;
      else await this.news();
    }
    if (this.filled > 0) yield this.filling.subarray(0, this.filled);
  }

  /** @returns what there was no room for */
  private fill(bytes: Uint8Array): Uint8Array {
    let at = 0;
    for (;;) {
      if (this.filled === this.filling.length && !this.passOn()) return bytes.subarray(at);
      const length = Math.min(bytes.length - at, this.filling.length - this.filled);
      this.filling.set(bytes.subarray(at, at + length), this.filled);
      this.filled += length;
      at += length;
      if (at === bytes.length) return bytes.subarray(at);
    }
  }

  /** Leaves a chunk that is full to be taken, where there is another to be filled. */
  private passOn(): boolean {
    if (this.free === undefined) return false;
    this.full = this.filling;
    this.filling = this.free;
    this.free = undefined;
    this.filled = 0;
    this.tell();
    return true;
  }

  private tell(): void {
    this.onNews?.();
    this.onNews = undefined;
  }

  private news(): Promise<void> {
    return new Promise((resolve) => {
      this.onNews = resolve;
    });
  }
}
