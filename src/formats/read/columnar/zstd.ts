import * as zlib from 'node:zlib';
import type { ZSTDDecoder } from 'zstddec/stream';
import { Damaged } from './values.ts';

type Native = (input: Uint8Array, options: { maxOutputLength: number }) => Uint8Array;

/** Node's own, since 22.15. */
const native = (zlib as { zstdDecompressSync?: Native }).zstdDecompressSync;

let loaded: ZSTDDecoder | undefined;

/** Loads what reads zstd, where Node does not, and beginnings of it everywhere; to be awaited before either is asked for. */
export async function prepareZstd(): Promise<void> {
  if (loaded !== undefined) return;
  const decoder = new (await import('zstddec/stream')).ZSTDDecoder();
  await decoder.init();
  loaded = decoder;
}

/** Decompresses a frame of zstd into `length` bytes. @throws Damaged */
export function readZstd(input: Uint8Array, length: number): Uint8Array {
  if (native !== undefined) return native(input, { maxOutputLength: Math.max(1, length) });
  // A size of 0 would have it look for the size itself; what fails gives nothing back.
  const out = decoder().decode(input, Math.max(1, length));
  if (out.length !== length) throw new Damaged('its zstd data is damaged');
  return out;
}

/** The first `needed` bytes of what a frame holds, or all where there are fewer. */
export function zstdBeginning(input: Uint8Array, needed: number): Uint8Array {
  const out = new Uint8Array(needed);
  let filled = 0;
  for (const part of decoder().decodeStreaming(slices(input))) {
    out.set(part.subarray(0, needed - filled), filled);
    filled = Math.min(needed, filled + part.length);
    if (filled === needed) break;
  }
  return out.subarray(0, filled);
}

/** The decoder copies what it is given at once. */
function* slices(input: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < input.length; at += 2 ** 17) yield input.subarray(at, at + 2 ** 17);
}

function decoder(): ZSTDDecoder {
  if (loaded === undefined) throw new Error('zstd is read before it was prepared');
  return loaded;
}
