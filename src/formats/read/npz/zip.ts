import { DataError, type ErrorDetails } from '../../../errors.ts';
import type { SeekableSource } from '../seekable.ts';

/** PK\x03\x04: a zip archive that begins with a file. */
export const zipMagic: readonly number[] = [0x50, 0x4b, 0x03, 0x04];

/** A file in a zip archive, as its directory lists it. */
export interface ZipEntry {
  name: string;
  /** 0 stored, 8 deflated. */
  method: number;
  encrypted: boolean;
  crc: number;
  /** Bytes in the archive, and of the file itself. */
  compressedLength: number;
  length: number;
  /** Where the file's own header stands. */
  header: number;
}

/** An archive that can be read from anywhere on. */
export type Archive = SeekableSource;

const signatures = { end: 0x06054b50, locator: 0x07064b50, end64: 0x06064b50, entry: 0x02014b50 };
const endLength = 22;
/** A comment may follow the end. */
const longestEnd = endLength + 65_535;
/** np.savez writes one for each array; more is no archive of arrays. */
const longestDirectory = 2 ** 26;

/**
 * Lists the files of a zip archive (APPNOTE.TXT 6.3.10, 4.3), larger ones (zip64) too.
 * @throws DataError for what is none, or cut short
 */
export async function readDirectory(archive: Archive): Promise<ZipEntry[]> {
  const { name: file } = archive;
  const { count, length, from } = await findDirectory(archive);
  if (length > longestDirectory || from + length > archive.byteLength) throw notZip(file);
  const directory = await part(archive, from, length);
  const entries: ZipEntry[] = [];
  for (let at = 0; entries.length < count; ) {
    if (at + 46 > length || directory.readUInt32LE(at) !== signatures.entry) throw notZip(file);
    const [nameLength, extraLength] = [directory.readUInt16LE(at + 28), directory.readUInt16LE(at + 30)];
    const end = at + 46 + nameLength + extraLength + directory.readUInt16LE(at + 32);
    if (end > length) throw notZip(file);
    entries.push(readEntry(directory, at, nameLength, extraLength));
    at = end;
  }
  return entries;
}

async function findDirectory(archive: Archive) {
  const { name: file, byteLength } = archive;
  const from = Math.max(0, byteLength - longestEnd);
  const tail = await part(archive, from, byteLength - from);
  let at = tail.length - endLength;
  while (at >= 0 && tail.readUInt32LE(at) !== signatures.end) at--;
  if (at < 0) throw notZip(file);
  const end = {
    count: tail.readUInt16LE(at + 10),
    length: tail.readUInt32LE(at + 12),
    from: tail.readUInt32LE(at + 16),
  };
  const locator = at - 20;
  if (locator < 0 || tail.readUInt32LE(locator) !== signatures.locator) return end;
  const end64 = await part(archive, Number(tail.readBigUInt64LE(locator + 8)), 56);
  if (end64.readUInt32LE() !== signatures.end64) throw notZip(file);
  const number = (position: number) => Number(end64.readBigUInt64LE(position));
  return { count: number(32), length: number(40), from: number(48) };
}

function readEntry(directory: Buffer, at: number, nameLength: number, extraLength: number): ZipEntry {
  const extra = at + 46 + nameLength;
  const long = longNumbers(directory.subarray(extra, extra + extraLength));
  // Those that are too large for 32 bits stand in the extra field, in this order.
  const number = (position: number) => {
    const short = directory.readUInt32LE(position);
    return short === 0xffffffff ? (long.shift() ?? short) : short;
  };
  return {
    name: directory.toString('utf8', at + 46, extra),
    method: directory.readUInt16LE(at + 10),
    encrypted: (directory.readUInt16LE(at + 8) & 1) !== 0,
    crc: directory.readUInt32LE(at + 16),
    length: number(at + 24),
    compressedLength: number(at + 20),
    header: number(at + 42),
  };
}

function longNumbers(extra: Buffer): number[] {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue;
    const field = extra.subarray(at + 4, at + 4 + extra.readUInt16LE(at + 2));
    return Array.from({ length: Math.floor(field.length / 8) }, (_, i) =>
      Number(field.readBigUInt64LE(i * 8)),
    );
  }
  return [];
}

/** Where a file's bytes begin: behind a header of its own, whose extra field is not the directory's. */
export async function dataStart(archive: Archive, { header }: ZipEntry): Promise<number> {
  const local = await part(archive, header, 30);
  if (zipMagic.some((byte, i) => local[i] !== byte)) throw notZip(archive.name);
  return header + 30 + local.readUInt16LE(26) + local.readUInt16LE(28);
}

async function part(archive: Archive, from: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  if (!Number.isSafeInteger(from) || (await archive.readAt(bytes, from)) < length) throw notZip(archive.name);
  return bytes;
}

function notZip(file: string): DataError {
  return refused('the file is no whole zip archive, as npz files are', file, { code: 'not-npz' });
}

export function refused(message: string, file: string, details: ErrorDetails): DataError {
  return new DataError(message, { sqlstate: '22P04', ...details, file });
}
