import type { Duplex } from 'node:stream';
import * as zlib from 'node:zlib';
import type { Decompress } from 'fzstd';
import { DamagedError, through } from './chunks.ts';
import { ZstdFrames } from './zstd-frames.ts';

/** Node's own, since 22.15: it knows the end of one frame, and checks its checksum. */
const create = (zlib as { createZstdDecompress?: () => Duplex }).createZstdDecompress;

/**
 * What zstd data holds, with Node's own decoder or, where it has none, with one in JavaScript.
 * @throws DamagedError
 */
export async function* unzstd(blocks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const frames = new ZstdFrames(blocks);
  const decode = create === undefined ? await plainDecoder() : decodeWith(create);
  while (await frames.hasNext()) yield* decode(frames.next());
}

type FrameDecoder = (frame: AsyncGenerator<Uint8Array, boolean>) => AsyncGenerator<Uint8Array>;

const decodeWith =
  (create: () => Duplex): FrameDecoder =>
  (frame) =>
    through(frame, create());

/**
 * The decoder for a Node without one.
 * @internal exported for the test that compares the two
 */
export async function plainDecoder(): Promise<FrameDecoder> {
  const [{ Decompress }, { default: xxhash }] = await Promise.all([import('fzstd'), import('xxhash-wasm')]);
  const { create64 } = await xxhash();
  return async function* decode(frame) {
    const hash = create64();
    let content: Uint8Array[] = [];
    const decoder = new Decompress((chunk) => {
      hash.update(chunk);
      content.push(chunk);
    });
    let last: Uint8Array = new Uint8Array(0);
    for (;;) {
      const { done, value } = await frame.next();
      push(decoder, done ? new Uint8Array(0) : value, done);
      yield* content;
      content = [];
      if (!done) {
        last = value;
        continue;
      }
      // The decoder passes the checksum over, and only that knows of damage that still decodes.
      if (value && Number(hash.digest() & 0xffffffffn) !== Buffer.from(last).readUInt32LE())
        throw new DamagedError('its checksum is another');
      return;
    }
  };
}

function push(decoder: Decompress, part: Uint8Array, final = false): void {
  try {
    decoder.push(part, final);
  } catch (error) {
    throw new DamagedError((error as Error).message, { cause: error });
  }
}
