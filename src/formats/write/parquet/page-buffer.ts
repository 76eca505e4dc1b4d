import { grown } from '../../../growing.ts';

/** The bytes of a page while it is written; used again for the next. */
export class PageBuffer {
  bytes = new Uint8Array(1024);
  length = 0;

  clear(): void {
    this.length = 0;
  }

  /** What has been written so far; valid until more is. */
  get content(): Uint8Array<ArrayBuffer> {
    return this.bytes.subarray(0, this.length);
  }

  append(bytes: Uint8Array): void {
    const at = this.extend(bytes.length);
    this.bytes.set(bytes, at);
  }

  byte(value: number): void {
    const at = this.extend(1);
    this.bytes[at] = value;
  }

  uint32(value: number): void {
    this.putUint32(this.extend(4), value);
  }

  putUint32(at: number, value: number): void {
    const { bytes } = this;
    bytes[at] = value;
    bytes[at + 1] = value >>> 8;
    bytes[at + 2] = value >>> 16;
    bytes[at + 3] = value >>> 24;
  }

  /** Seven bits a byte, the lowest first. */
  varint(value: number): void {
    for (; value >= 0x80; value = Math.floor(value / 0x80)) this.byte((value % 0x80) | 0x80);
    this.byte(value);
  }

  /** Makes room. @returns where it begins */
  extend(length: number): number {
    const from = this.length;
    this.length += length;
    if (this.length > this.bytes.length) this.bytes = grown(this.bytes, this.length);
    return from;
  }
}
