import { createGunzip } from 'node:zlib';
import { DataError, UsageError } from '../errors.ts';
import { beginning, chunkSource, type Source } from '../source.ts';
import { blocksOf, DamagedError, through } from './chunks.ts';

/** A compression that input may come in, known by its first bytes whatever the file is called. */
interface Compression {
  name: string;
  /** Ending of file names, with its dot. */
  extension: string;
  /** Undefined: any byte. */
  magic: readonly (number | undefined)[];
  /** What the blocks of a source hold; undefined where pgv does not read it. */
  read?: (
    blocks: AsyncIterable<Uint8Array>,
  ) => AsyncGenerator<Uint8Array> | Promise<AsyncGenerator<Uint8Array>>;
}

const unzstd = async (blocks: AsyncIterable<Uint8Array>) => (await import('./zstd.ts')).unzstd(blocks);

const compressions: readonly Compression[] = [
  // RFC 1952, section 2.3.1: its only method is 8.
  {
    name: 'gzip',
    extension: '.gz',
    magic: [0x1f, 0x8b, 8],
    read: (blocks) => through(blocks, createGunzip()),
  },
  // RFC 8878, section 3.1.1.
  { name: 'zstd', extension: '.zst', magic: [0x28, 0xb5, 0x2f, 0xfd], read: unzstd },
  // With those of its first block, for `BZh` alone may be text.
  {
    name: 'bzip2',
    extension: '.bz2',
    magic: [0x42, 0x5a, 0x68, undefined, 0x31, 0x41, 0x59, 0x26],
  },
  { name: 'xz', extension: '.xz', magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0] },
];

/** The endings of what can be read, with their dots. */
export const compressionEndings: readonly string[] = compressions.flatMap(({ extension, read }) =>
  read === undefined ? [] : [extension],
);

/** A file's name without the ending of a compression: `docs.csv.gz` is a CSV file. */
export function withoutCompression(fileName: string): string {
  const found = compressions.find(({ extension }) => fileName.toLowerCase().endsWith(extension));
  return found === undefined ? fileName : fileName.slice(0, -found.extension.length);
}

/**
 * The source itself, or what it holds where it is compressed.
 * @throws UsageError for a compression that pgv does not read
 */
export async function decompressed(source: Source): Promise<Source> {
  const { bytes, whole } = await beginning(source, 8);
  const found = compressions.find(({ magic }) => magic.every((byte, i) => (byte ?? bytes[i]) === bytes[i]));
  if (found === undefined) return whole;
  const { name, read } = found;
  if (read === undefined) {
    throw new UsageError(`${source.name} is compressed with ${name}, which pgv does not read`, {
      code: 'no-decompression',
      file: source.name,
      hint: `decompress it before: ${name} -dc <file> | pgv ingest - -t <table>`,
    });
  }
  const chunks = checked(await read(blocksOf(whole)), name, source.name);
  return chunkSource(chunks, source.name, () => source.close());
}

async function* checked(
  chunks: AsyncGenerator<Uint8Array>,
  compression: string,
  file: string,
): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } catch (error) {
    if (!(error instanceof DamagedError)) throw error;
    throw new DataError(`the ${compression} data is damaged or cut short: ${error.message}`, {
      code: 'bad-compression',
      file,
      cause: error,
    });
  }
}
