import { brotliDecompressSync, constants, gunzipSync } from 'node:zlib';
import { readLz4, readLz4Frame } from './lz4.ts';
import { readSnappy } from './snappy.ts';
import { Damaged } from './values.ts';
import { readZstd, zstdBeginning } from './zstd.ts';

/** Compressions of pages and buffers. `lz4`: blocks alone; `lz4-frame`: frames of them. */
export type Compression = 'none' | 'snappy' | 'gzip' | 'brotli' | 'zstd' | 'lz4' | 'lz4-frame';

/** Decompresses into exactly `length` bytes, in a buffer that serves again for the next. One a decoder. */
export class Decompressor {
  private scratch = new Uint8Array(0);

  /** @throws Damaged */
  read(compression: Compression, input: Uint8Array, length: number): Uint8Array {
    const bytes = this.decompress(compression, input, length);
    if (bytes.length !== length)
      throw new Damaged(`its ${compression} data is not of the length it should have`);
    return bytes;
  }

  /**
   * The first `wanted` bytes of the result at least, where all are `length`, with no more work than that takes.
   * @throws Damaged
   */
  readBeginning(compression: Compression, input: Uint8Array, length: number, wanted: number): Uint8Array {
    const needed = Math.min(wanted, length);
    switch (compression) {
      case 'none':
        return input;
      case 'snappy':
      case 'lz4':
        return this.read(compression, input, needed);
      case 'zstd':
        return zstdBeginning(input, needed);
      case 'gzip':
        return growing(input, needed, (part) => gunzipSync(part, { finishFlush: constants.Z_SYNC_FLUSH }));
      case 'brotli':
        return growing(input, needed, (part) =>
          brotliDecompressSync(part, { finishFlush: constants.BROTLI_OPERATION_FLUSH }),
        );
      default:
        return this.read(compression, input, length);
    }
  }

  private decompress(compression: Compression, input: Uint8Array, length: number): Uint8Array {
    switch (compression) {
      case 'none':
        return input;
      case 'gzip':
        return byZlib(gunzipSync, input, length, compression);
      case 'brotli':
        return byZlib(brotliDecompressSync, input, length, compression);
      case 'zstd':
        return byZlib((bytes) => readZstd(bytes, length), input, length, compression);
      default: {
        if (this.scratch.length < length) this.scratch = new Uint8Array(length);
        const out = this.scratch.subarray(0, length);
        if (compression === 'snappy') readSnappy(input, out);
        else if (compression === 'lz4-frame') readLz4Frame(input, out);
        else return out.subarray(0, readLz4(input, out));
        return out;
      }
    }
  }
}

function byZlib(
  decompress: (input: Uint8Array, options: { maxOutputLength: number }) => Uint8Array,
  input: Uint8Array,
  length: number,
  compression: string,
): Uint8Array {
  try {
    return decompress(input, { maxOutputLength: Math.max(1, length) });
  } catch (error) {
    if (!/^(Z_|ERR_|ZSTD_)/.test((error as NodeJS.ErrnoException).code ?? '')) throw error;
    throw new Damaged(`its ${compression} data is damaged`);
  }
}

/** Decompresses more and more of the input, until `needed` bytes of the result are there. */
function growing(
  input: Uint8Array,
  needed: number,
  decompress: (input: Uint8Array) => Uint8Array,
): Uint8Array {
  for (let length = 64 * 1024; ; length *= 4) {
    const out = byZlib(decompress, input.subarray(0, length), needed, 'compressed');
    if (out.length >= needed || length >= input.length) return out;
  }
}
