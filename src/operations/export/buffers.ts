import type { Part, Take } from '../../formats/write/format.ts';

/** Buffers come back from the main thread: the memory of few serves all parts. */
const kept = 16;

/** A lane's buffers for parts. */
export class Buffers {
  private readonly free: ArrayBuffer[] = [];

  /** One that was used before and is large enough, though not much too large, else a new one. */
  readonly take: Take = (length) => {
    const i = this.free.findIndex(
      ({ byteLength }) => byteLength >= length && byteLength <= length * 4 + 4096,
    );
    if (i >= 0) return new Uint8Array(this.free.splice(i, 1)[0]!);
    // Not filled with zeros first, and a little larger, so that it serves the next part too.
    return new Uint8Array(Buffer.allocUnsafeSlow(length + (length >> 3) + 64).buffer);
  };

  giveBack(buffers: readonly ArrayBuffer[]): void {
    this.free.push(...buffers);
    if (this.free.length > kept) this.free.splice(0, this.free.length - kept);
  }
}

/** The buffers of a part, to change threads. */
export const buffersOf = (part: Part): ArrayBuffer[] => part.streams.map(({ buffer }) => buffer);
