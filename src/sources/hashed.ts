import { createHash } from 'node:crypto';
import type { Source } from '../source.ts';

/** A source whose bytes are summed up while they are read. */
export interface HashedSource {
  /** Read from front to back alone, so that no byte is passed over. */
  source: Source;
  /** SHA-256 of all of it, in hex: what has not been read yet is read for it. */
  sha256: () => Promise<string>;
}

const blockLength = 2 ** 20;

export function hashed(source: Source): HashedSource {
  const hash = createHash('sha256');
  let digest: string | undefined;
  const read = async (target: Uint8Array): Promise<number> => {
    const length = await source.read(target);
    hash.update(target.subarray(0, length));
    return length;
  };
  const { name, byteLength, modified } = source;
  return {
    source: { name, byteLength, modified, read, close: () => source.close() },
    sha256: async () => {
      if (digest !== undefined) return digest;
      const rest = new Uint8Array(blockLength);
      while ((await read(rest)) === rest.length);
      digest = hash.digest('hex');
      return digest;
    },
  };
}
