import { type Duplex, Readable } from 'node:stream';
import type { Source } from '../source.ts';

/** Compressed data that is not what it should be; the message says how. */
export class DamagedError extends Error {}

/** Bytes a block. */
const blockLength = 2 ** 18;

/** The rest of a source, block by block; each block is the receiver's own. */
export async function* blocksOf(source: Source): AsyncGenerator<Uint8Array> {
  for (;;) {
    const block = new Uint8Array(blockLength);
    const length = await source.read(block);
    if (length > 0) yield block.subarray(0, length);
    if (length < blockLength) return;
  }
}

/**
 * What one of zlib's streams makes of chunks.
 * @throws DamagedError where it cannot; and what the chunks throw
 */
export async function* through(
  chunks: AsyncIterable<Uint8Array>,
  stream: Duplex,
): AsyncGenerator<Uint8Array> {
  const input = Readable.from(chunks, { objectMode: false });
  input.on('error', (error) => stream.destroy(error));
  input.pipe(stream);
  try {
    yield* stream;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw /^Z(STD)?_/.test(code ?? '') ? new DamagedError(message, { cause: error }) : error;
  } finally {
    input.destroy();
  }
}
