import { DamagedError } from './chunks.ts';

/** What a frame's header says of it. */
interface FrameHeader {
  /** Bytes, its magic number included. */
  length: number;
  /** Four bytes of XXH64 over the content follow the last block. */
  hasChecksum: boolean;
}

const frameMagic = 0xfd2fb528;
/** The longest header there is: magic number, descriptor, window, dictionary, content size. */
const longestHeader = 4 + 1 + 1 + 4 + 8;
const cutShort = () => new DamagedError('the file ends within a frame');

/**
 * Cuts zstd data into its frames (RFC 8878, section 3.1), of which a file may hold several: pzstd, `cat a.zst b.zst`
 * and appending writers make such. Decoders at hand read the first and are silent of the rest, and of a frame that
 * ends too early.
 */
export class ZstdFrames {
  private readonly blocks: AsyncIterator<Uint8Array>;
  private rest: Uint8Array = new Uint8Array(0);

  constructor(blocks: AsyncIterable<Uint8Array>) {
    this.blocks = blocks[Symbol.asyncIterator]();
  }

  /** Whether a frame follows; what may be skipped is, and the end of the file is none. */
  async hasNext(): Promise<boolean> {
    for (;;) {
      const head = await this.peek(8);
      if (head.length === 0) return false;
      const magic = head.length < 4 ? 0 : uint32(head, 0);
      if (magic === frameMagic) return true;
      // Section 3.1.2: sixteen magic numbers, then the length.
      if (magic >>> 4 !== 0x184d2a5) throw new DamagedError('what follows is no frame');
      if (head.length < 8) throw cutShort();
      await this.skip(8 + uint32(head, 4));
    }
  }

  /** The next frame's bytes, part by part. @returns whether its last four are a checksum */
  async *next(): AsyncGenerator<Uint8Array, boolean> {
    const { length, hasChecksum } = frameHeader(await this.peek(longestHeader));
    yield await this.take(length);
    for (;;) {
      const head = await this.peek(3);
      if (head.length < 3) throw cutShort();
      // Section 3.1.1.2: last block, type, size.
      const word = head[0]! | (head[1]! << 8) | (head[2]! << 16);
      const type = (word >> 1) & 3;
      if (type === 3) throw new DamagedError('a block of an unknown type');
      const isRun = type === 1;
      yield await this.take(3 + (isRun ? 1 : word >> 3));
      if ((word & 1) === 1) break;
    }
    if (hasChecksum) yield await this.take(4);
    return hasChecksum;
  }

  /** The next `length` bytes, or fewer at the end of the file. */
  private async peek(length: number): Promise<Uint8Array> {
    while (this.rest.length < length) {
      const { done, value } = await this.blocks.next();
      if (done) break;
      this.rest = this.rest.length === 0 ? value : Buffer.concat([this.rest, value]);
    }
    return this.rest.subarray(0, length);
  }

  private async take(length: number): Promise<Uint8Array> {
    const taken = await this.peek(length);
    if (taken.length < length) throw cutShort();
    this.rest = this.rest.subarray(length);
    return taken;
  }

  private async skip(length: number): Promise<void> {
    for (let left = length; left > 0; ) {
      const passed = await this.peek(1);
      if (passed.length === 0) throw cutShort();
      const now = Math.min(left, this.rest.length);
      this.rest = this.rest.subarray(now);
      left -= now;
    }
  }
}

/** Section 3.1.1.1. */
function frameHeader(head: Uint8Array): FrameHeader {
  const descriptor = head[4];
  if (descriptor === undefined) throw cutShort();
  const singleSegment = (descriptor >> 5) & 1;
  const contentSize = [singleSegment, 2, 4, 8][descriptor >> 6]!;
  const dictionary = [0, 1, 2, 4][descriptor & 3]!;
  const length = 5 + (1 - singleSegment) + dictionary + contentSize;
  return { length, hasChecksum: (descriptor & 4) !== 0 };
}

const uint32 = (bytes: Uint8Array, at: number): number =>
  (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
