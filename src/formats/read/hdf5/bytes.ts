import { DataError } from '../../../errors.ts';
import type { Source } from '../../../source.ts';
import { seekable } from '../seekable.ts';

/** Read at a time where the file describes itself, which it does in small parts. */
const windowLength = 65_536;
/** No part of a file's description is larger; what says so is damaged. */
const longestPart = 2 ** 26;

/** A file read by address, as its own parts name each other. */
export class FileBytes {
  readonly name: string;
  readonly byteLength: number;
  /** Where address 0 is in the file. */
  base = 0;
  private readonly readAt: NonNullable<Source['readAt']>;
  private window = { from: 0, bytes: new Uint8Array(0) };

  /** @throws UsageError for a source that is read from front to back alone */
  constructor(source: Source, format: string) {
    const { name, byteLength, readAt } = seekable(source, format);
    this.name = name;
    this.byteLength = byteLength;
    this.readAt = readAt;
  }

  /** A part of the file's description. Its bytes stay as they are. */
  async part(address: number, length: number): Promise<Uint8Array> {
    const from = this.base + address;
    if (length > longestPart || !Number.isSafeInteger(from)) throw damaged(this.name);
    let at = from - this.window.from;
    if (at < 0 || at + length > this.window.bytes.length) {
      const bytes = new Uint8Array(Math.max(length, windowLength));
      this.window = { from, bytes: bytes.subarray(0, await this.readAt(bytes, from)) };
      at = 0;
      if (length > this.window.bytes.length) throw damaged(this.name);
    }
    return this.window.bytes.subarray(at, at + length);
  }

  /** Fills `target` with the bytes from `address` on. @throws DataError where the file ends before */
  async fill(target: Uint8Array, address: number): Promise<void> {
    const read = await this.readAt(target, this.base + address);
    if (read < target.length) throw cutShort(this.name);
  }
}

/** Reads little-endian values from front to back. */
export class Cursor {
  at = 0;
  private readonly bytes: Buffer;
  private readonly file: string;

  constructor(bytes: Uint8Array, file: string) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.file = file;
  }

  get left(): number {
    return this.bytes.length - this.at;
  }

  /** An unsigned integer of `size` bytes. One beyond 2^53 names nothing that a file could have. */
  uint(size: number): number {
    const value = this.address(size);
    if (value === undefined) throw damaged(this.file);
    return value;
  }

  /** The same, or undefined where all bits are set: an address of nothing. */
  address(size: number): number | undefined {
    const bytes = this.take(size);
    let value = 0;
    let all = 0xff;
    for (let i = size - 1; i >= 0; i--) {
      value = value * 256 + bytes[i]!;
      all &= bytes[i]!;
    }
    if (size >= 4 && all === 0xff) return undefined;
    if (!Number.isSafeInteger(value)) throw damaged(this.file);
    return value;
  }

  take(length: number): Buffer {
    if (length < 0 || length > this.left) throw damaged(this.file);
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  skip(length: number): this {
    this.take(length);
    return this;
  }

  /** @throws DataError where other letters stand here */
  expect(signature: string): this {
    if (this.take(signature.length).toString('latin1') !== signature) throw damaged(this.file);
    return this;
  }
}

export function damaged(file: string): DataError {
  return new DataError('the file is damaged: a part of it is not what the others say', {
    code: 'bad-hdf5',
    sqlstate: '22P04',
    file,
  });
}

export function cutShort(file: string): DataError {
  return new DataError('the file is cut short', { code: 'truncated', sqlstate: '22P04', file });
}
