import { createInflateRaw } from 'node:zlib';
import { crc32 } from '../../../crc32.ts';
import { chunkSource, type Source } from '../../../source.ts';
import { blocksOf, DamagedError, through } from '../../../sources/chunks.ts';
import { type Archive, dataStart, refused, type ZipEntry } from './zip.ts';

/**
 * A file in a zip archive as a source of its own, with `readAt` where it is stored as it is. Read from front to back
 * and to its end, its checksum must hold. Closed, it closes the archive.
 * @throws DataError for a file that is compressed otherwise, or encrypted
 */
export async function openMember(archive: Archive, entry: ZipEntry): Promise<Source> {
  const { method, encrypted, length } = entry;
  const { name } = archive;
  if (encrypted || (method !== 0 && method !== 8)) {
    throw refused(`${entry.name} is ${encrypted ? 'encrypted' : `compressed by method ${method}`}`, name, {
      code: 'unknown-zip',
      hint: 'save the arrays with np.savez or np.savez_compressed',
    });
  }
  const bytes = section(archive, await dataStart(archive, entry), entry.compressedLength);
  if (method === 0) return checked({ ...bytes, byteLength: length }, entry);
  const inflated = chunkSource(through(blocksOf(bytes), createInflateRaw()), name, () => bytes.close());
  return checked({ ...inflated, byteLength: length }, entry);
}

/** Bytes [start, start + length) of a file. */
function section(archive: Archive, start: number, length: number): Source {
  let position = 0;
  const within = (target: Uint8Array, at: number) =>
    archive.readAt(target.subarray(0, Math.max(0, length - at)), start + at);
  return {
    name: archive.name,
    byteLength: length,
    read: async (target) => {
      const read = await within(target, position);
      position += read;
      return read;
    },
    readAt: within,
    close: () => archive.close(),
  };
}

/** The same source, whose last byte comes only if all of them are what was put in. */
function checked(source: Source, { crc, length }: ZipEntry): Source {
  let [seen, sum] = [0, 0];
  const damaged = (cause?: unknown) =>
    refused('an array of the file is damaged', source.name, { code: 'bad-checksum', cause });
  return {
    ...source,
    read: async (target) => {
      const read = await source.read(target).catch((error: unknown) => {
        throw error instanceof DamagedError ? damaged(error) : error;
      });
      seen += read;
      sum = crc32(target.subarray(0, read), sum);
      if (seen > length || (seen === length && sum !== crc)) throw damaged();
      return read;
    },
  };
}
