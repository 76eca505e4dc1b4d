import * as zlib from 'node:zlib';
import type { Compression } from './format.ts';

/** Makes one gzip member or zstd frame of the bytes, whole; several, one behind the other, are one file. */
export type Compress = (bytes: Uint8Array) => Uint8Array;

type Native = (bytes: Uint8Array, options: object) => Uint8Array;

/** Node's own, since 22.15. */
const { zstdCompressSync, constants } = zlib as {
  zstdCompressSync?: Native;
  constants: { ZSTD_c_compressionLevel?: number };
};

// Numbers hardly shrink, whatever is tried: at zstd's level 3 floats take twice the time and no byte less than at 1, at
// gzip's level 6 twice that of 3 for a hundredth.
const [gzipLevel, zstdLevel] = [3, 1];

/** Loads what compresses; once a thread, as it waits. */
export async function compressor(compression: Compression): Promise<Compress> {
  if (compression === 'gzip') return (bytes) => zlib.gzipSync(bytes, { level: gzipLevel });
  if (zstdCompressSync !== undefined) {
    const params = { [constants.ZSTD_c_compressionLevel!]: zstdLevel };
    return (bytes) => zstdCompressSync(bytes, { params, pledgedSrcSize: bytes.length });
  }
  const { compress, init } = await import('@bokuweb/zstd-wasm');
  await init();
  return (bytes) => compress(bytes, zstdLevel);
}
