import { createHash } from 'node:crypto';
import type { Source } from './source.ts';

/** By this a source is known again without reading all of it. */
export interface Fingerprint {
  byteLength: number;
  /** As Source has it: when a file was last written, a URL's ETag. */
  modified: string;
  /** SHA-256, in hex, of the bytes that `samples` tells. */
  sample: string;
}

const endLength = 2 ** 16;
const blockLength = 2 ** 12;
const blockCount = 16;

/**
 * The parts of a source of this length that its fingerprint is taken over: the first and the last 64 KiB, and 16 blocks
 * of 4 KiB spread evenly over what is between. Where the source is short they overlap.
 */
function samples(byteLength: number): { start: number; end: number }[] {
  const parts = [{ start: 0, end: Math.min(byteLength, endLength) }];
  const last = Math.max(0, byteLength - endLength);
  for (let i = 0; i < blockCount; i++) {
    const start = Math.floor((last * (i + 1)) / (blockCount + 1));
    parts.push({ start, end: Math.min(byteLength, start + blockLength) });
  }
  parts.push({ start: last, end: byteLength });
  return parts;
}

/**
 * What a source is known again by: 192 KiB are read of it at the most, and where it stands stays as it is. Undefined for
 * a source that can be read only once, or does not say when it changed.
 */
export async function fingerprint({
  byteLength,
  modified,
  readAt,
}: Source): Promise<Fingerprint | undefined> {
  if (byteLength === undefined || modified === undefined || readAt === undefined) return undefined;
  // Side by side: each may be a request to a server.
  const parts = await Promise.all(
    samples(byteLength).map(async ({ start, end }) => {
      const bytes = new Uint8Array(end - start);
      return bytes.subarray(0, await readAt(bytes, start));
    }),
  );
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return { byteLength, modified, sample: hash.digest('hex') };
}

/** What two sources that make one load are known again by; undefined where one of them is not. */
export function joinedFingerprint(
  first: Fingerprint | undefined,
  second: Fingerprint | undefined,
): Fingerprint | undefined {
  if (first === undefined || second === undefined) return undefined;
  return {
    byteLength: first.byteLength + second.byteLength,
    modified: `${first.modified} ${second.modified}`,
    sample: createHash('sha256').update(`${first.sample} ${second.sample}`).digest('hex'),
  };
}
