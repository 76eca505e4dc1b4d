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

// Numbers hardly shrink, whatever is tried: zstd's level 3 takes twice the time of 1 and saves nothing on floats, gzip's 6
// three times that of 4 for a twentieth.
const [gzipLevel, zstdLevel] = [4, 1];

/** Loads what compresses. */
export async function compressor(compression: Compression): Promise<Compress> {
  if (compression === 'gzip') return (bytes) => zlib.gzipSync(bytes, { level: gzipLevel });
  if (zstdCompressSync !== undefined) {
    const params = { [constants.ZSTD_c_compressionLevel!]: zstdLevel };
    return (bytes) => zstdCompressSync(bytes, { params, pledgedSrcSize: bytes.length });
  }
  loading ??= loadZstd();
  return loading;
}

let loading: Promise<Compress> | undefined;

/** Once a thread: begun again, it would work in memory that is not there yet. */
async function loadZstd(): Promise<Compress> {
  const { compress, init } = await import('@bokuweb/zstd-wasm');
  await init();
  return (bytes) => compress(bytes, zstdLevel);
}
