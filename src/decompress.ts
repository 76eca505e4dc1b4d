import { Readable } from 'node:stream';
import * as zlib from 'node:zlib';
import { DataError, UsageError } from './errors.ts';
import { beginning, type Source, streamSource } from './source.ts';

/** A compression that input may come in, known by its first bytes whatever the file is called. */
interface Compression {
  name: string;
  /** Ending of file names, with its dot. */
  extension: string;
  magic: readonly number[];
  /** Undefined where this Node has none. */
  create: (() => NodeJS.ReadWriteStream & Readable) | undefined;
}

/** RFC 1952, section 2.3.1; RFC 8878, section 3.1.1. Node reads zstd since 22.15. */
const compressions: readonly Compression[] = [
  { name: 'gzip', extension: '.gz', magic: [0x1f, 0x8b], create: () => zlib.createGunzip() },
  {
    name: 'zstd',
    extension: '.zst',
    magic: [0x28, 0xb5, 0x2f, 0xfd],
    create: (zlib as { createZstdDecompress?: Compression['create'] }).createZstdDecompress,
  },
];

/** Bytes read at a time. */
const blockLength = 2 ** 18;

/** A file's name without the ending of a compression: `docs.csv.gz` is a CSV file. */
export function withoutCompression(fileName: string): string {
  const found = compressions.find(({ extension }) => fileName.toLowerCase().endsWith(extension));
  return found === undefined ? fileName : fileName.slice(0, -found.extension.length);
}

/**
 * The source itself, or what it holds where it is compressed.
 * @throws UsageError for a compression that this Node does not read
 */
export async function decompressed(source: Source): Promise<Source> {
  const { bytes, whole } = await beginning(source, 4);
  const found = compressions.find(({ magic }) => magic.every((byte, i) => bytes[i] === byte));
  if (found === undefined) return whole;
  if (found.create === undefined) {
    throw new UsageError(`${source.name} is compressed with ${found.name}, which this Node does not read`, {
      code: 'no-decompression',
      file: source.name,
      hint: `run pgv on Node 22.15 or later, or decompress before: ${found.name} -dc <file> | pgv ingest - -t <table>`,
    });
  }
  return through(whole, found.create(), found.name);
}

function through(source: Source, stream: NodeJS.ReadWriteStream & Readable, compression: string): Source {
  const input = Readable.from(blocksOf(source), { objectMode: false });
  input.on('error', (error) => stream.destroy(error));
  input.pipe(stream);
  const output = streamSource(stream, source.name);
  return {
    name: source.name,
    byteLength: undefined,
    read: async (target) => {
      try {
        return await output.read(target);
      } catch (error) {
        throw damaged(error, source.name, compression);
      }
    },
    close: async () => {
      input.destroy();
      await output.close();
      await source.close();
    },
  };
}

function damaged(error: unknown, file: string, compression: string): unknown {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const { code, message } = cause as NodeJS.ErrnoException;
  if (!/^(Z_|ZSTD_)/.test(code ?? '')) return error;
  return new DataError(`the ${compression} data is damaged or cut short: ${message}`, {
    code: 'bad-compression',
    file,
    cause,
  });
}

async function* blocksOf(source: Source): AsyncGenerator<Uint8Array> {
  for (;;) {
    const block = new Uint8Array(blockLength);
    const length = await source.read(block);
    if (length > 0) yield block.subarray(0, length);
    if (length < blockLength) return;
  }
}
