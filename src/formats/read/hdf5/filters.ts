import { promisify } from 'node:util';
import { inflate } from 'node:zlib';
import { DataError } from '../../../errors.ts';
import type { Cursor } from './bytes.ts';

/** What was done to a chunk's bytes before they were written (IV.A.2.l). */
export interface Filter {
  id: number;
  values: readonly number[];
}

const [deflate, shuffle, fletcher32] = [1, 2, 3];
/** Of those that are not read, the names that people know them by. */
const names: Record<number, string> = {
  4: 'szip',
  5: 'nbit',
  6: 'scaleoffset',
  307: 'bzip2',
  32000: 'lzf',
  32001: 'blosc',
  32004: 'lz4',
  32008: 'bitshuffle',
  32013: 'zfp',
  32015: 'zstd',
  32026: 'blosc2',
};

/** @throws DataError for one that is not known */
export function readFilters(cursor: Cursor, file: string): Filter[] {
  const version = cursor.uint(1);
  const count = cursor.uint(1);
  if (version === 1) cursor.skip(6);
  return Array.from({ length: count }, () => {
    const id = cursor.uint(2);
    const nameLength = version === 1 || id >= 256 ? cursor.uint(2) : 0;
    const values = cursor.skip(2).uint(2);
    cursor.skip(version === 1 ? Math.ceil(nameLength / 8) * 8 : nameLength);
    const filter = { id, values: Array.from({ length: values }, () => cursor.take(4).readUInt32LE()) };
    if (version === 1 && values % 2 === 1) cursor.skip(4);
    if (id !== deflate && id !== shuffle && id !== fletcher32) throw unknownFilter(id, file);
    return filter;
  });
}

const inflated = promisify<Uint8Array, { maxOutputLength: number; chunkSize: number }, Buffer>(inflate);

/**
 * A chunk's bytes as they were before the filters, the last of which is undone first.
 * @param mask bit i: filter i was left out
 * @param length what they come to
 */
export async function unfiltered(
  bytes: Uint8Array,
  filters: readonly Filter[],
  mask: number,
  length: number,
  file: string,
): Promise<Uint8Array> {
  let out = bytes;
  for (let i = filters.length - 1; i >= 0; i--) {
    if ((mask & (1 << i)) !== 0) continue;
    const { id, values } = filters[i]!;
    if (id === deflate) {
      // At most its checksum more. One output of the right size, as zlib joins many.
      const most = length + 4;
      out = await inflated(out, { maxOutputLength: most, chunkSize: Math.max(64, most) }).catch((cause) => {
        throw badChunk(file, cause);
      });
    } else if (id === shuffle) out = unshuffled(out, values[0] ?? 1);
    else out = checked(out, file);
  }
  if (out.length !== length) throw badChunk(file);
  return out;
}

/** First all elements' first bytes, then all second ones; bytes that make no whole element are last. */
function unshuffled(bytes: Uint8Array, size: number): Uint8Array {
  const count = size > 1 ? Math.floor(bytes.length / size) : 0;
  if (count === 0) return bytes;
  const out = new Uint8Array(bytes.length);
  for (let part = 0, at = 0; part < size; part++) {
    for (let i = part; i < count * size; i += size) out[i] = bytes[at++]!;
  }
  out.set(bytes.subarray(count * size), count * size);
  return out;
}

/** Without the Fletcher checksum behind them, which sums up big-endian 16-bit words. */
function checked(bytes: Uint8Array, file: string): Uint8Array {
  const data = bytes.subarray(0, Math.max(0, bytes.length - 4));
  let [first, second] = [0, 0];
  for (let i = 0; i < data.length; i += 2) {
    first = (first + ((data[i]! << 8) | (data[i + 1] ?? 0))) % 65_535;
    second = (second + first) % 65_535;
  }
  const seen = bytes.length < 4 ? -1 : Buffer.from(bytes.slice(-4)).readUInt32LE();
  // 0 and 65,535 are the same sum.
  if (seen < 0 || (seen & 0xffff) % 65_535 !== first || (seen >>> 16) % 65_535 !== second)
    throw badChunk(file);
  return data;
}

function badChunk(file: string, cause?: unknown): DataError {
  return new DataError('a chunk of the array is damaged', {
    code: 'bad-chunk',
    sqlstate: '22P04',
    file,
    cause,
  });
}

function unknownFilter(id: number, file: string): DataError {
  const name = names[id] ?? `filter ${id}`;
  return new DataError(`the array is compressed with ${name}, which is not read`, {
    code: 'unknown-filter',
    file,
    hint: '`h5repack -f GZIP=4 <file> <new file>` compresses it with gzip instead',
  });
}
