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

/** Bytes that are looked at together for a beginning; a block of zstd is at most 128 kB. */
const sliceLength = 2 ** 15;

/** The first `needed` bytes of what a frame holds, or all where there are fewer. @throws Damaged */
export function zstdBeginning(input: Uint8Array, needed: number): Uint8Array {
  const out = new Uint8Array(needed);
  let filled = 0;
  let idle = 0;
  // The decoder is left by giving it no more, as it frees its memory at the end alone.
  function* slices(): Generator<Uint8Array> {
    for (let at = 0; at < input.length && filled < needed; at += sliceLength) {
      idle = 0;
      yield input.subarray(at, at + sliceLength);
    }
  }
  try {
    for (const part of decoder().decodeStreaming(slices())) {
      // Of one slice it gives nothing once, when it has taken all; at what it cannot read it stays for ever.
      if (part.length === 0 && idle++ > 0) throw new Damaged('its zstd data is damaged');
      out.set(part.subarray(0, needed - filled), filled);
      filled = Math.min(needed, filled + part.length);
    }
  } catch (error) {
    // That there should be more is no news.
    if (error instanceof Damaged || filled < needed) throw damaged(error);
  }
  return out.subarray(0, filled);
}

function damaged(error: unknown): Damaged {
  return error instanceof Damaged ? error : new Damaged('its zstd data is damaged');
}

function decoder(): ZSTDDecoder {
  if (loaded === undefined) throw new Error('zstd is read before it was prepared');
  return loaded;
}
