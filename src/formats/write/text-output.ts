import { copyBytes } from '../../copy-bytes.ts';
import type { Part, Take } from './format.ts';

/** The bytes of a part of a text file, in a buffer that grows. Whoever writes asks for room first. */
export class TextOutput {
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  /** Where the next byte goes. */
  at = 0;
  private readonly take: Take;
  /** What the next part is likely to need. */
  private expected = 2 ** 16;

  constructor(take: Take) {
    this.take = take;
  }

  begin(): void {
    this.bytes = this.take(this.expected);
    this.at = 0;
  }

  /** Whether so many bytes have room from `at` on. */
  hasRoom(length: number): boolean {
    return this.at + length <= this.bytes.length;
  }

  /** Makes room for so many bytes from `at` on, in `bytes`. */
  room(length: number): void {
    if (this.hasRoom(length)) return;
    const larger = this.take(Math.max(this.at + length, 2 * this.bytes.length));
    larger.set(this.bytes.subarray(0, this.at));
    this.bytes = larger;
  }

  /** Adds one byte; there is room for it. */
  add(byte: number): void {
    this.bytes[this.at++] = byte;
  }

  /** Adds source[start, end); there is room for it. */
  addAll(source: Uint8Array, start: number, end: number): void {
    this.at = copyBytes(source, start, end, this.bytes, this.at);
  }

  finish(rows: number): Part {
    this.expected = this.at + (this.at >> 3);
    return { rows, streams: [this.bytes.subarray(0, this.at)] };
  }
}
