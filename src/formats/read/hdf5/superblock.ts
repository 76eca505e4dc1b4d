import { DataError } from '../../../errors.ts';
import { Cursor, cutShort, damaged, type FileBytes } from './bytes.ts';

/** \x89HDF\r\n\x1a\n */
export const hdf5Magic: readonly number[] = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

/** Sizes of numbers in this file, and where it begins. */
export interface Superblock {
  /** Bytes of an address. */
  offsets: number;
  /** Bytes of a length. */
  lengths: number;
  /** Address of the root group's object header. */
  root: number;
}

/**
 * Finds the superblock (HDF5 File Format Specification 3.0, II.A), at 0 or behind a user block of 512, 1024, … bytes,
 * and has `file` count addresses from there.
 * @throws DataError for a file that is none, or shorter than it says
 */
export async function readSuperblock(file: FileBytes): Promise<Superblock> {
  const from = await findSignature(file);
  const cursor = new Cursor(await file.part(from, 96), file.name);
  const version = cursor.skip(8).uint(1);
  if (version > 3) throw unknownVersion(version, file.name);
  const early = version < 2;
  const [offsets, lengths] = [cursor.skip(early ? 4 : 0).uint(1), cursor.uint(1)];
  if (![2, 4, 8].includes(offsets) || ![2, 4, 8].includes(lengths)) throw damaged(file.name);
  // The trees' node sizes and flags.
  cursor.skip(early ? (version === 1 ? 13 : 9) : 1);
  const base = cursor.uint(offsets);
  cursor.skip(offsets);
  const end = cursor.uint(offsets);
  // The driver's address, and the root's place in a heap of names.
  if (early) cursor.skip(2 * offsets);
  const root = cursor.uint(offsets);
  const last = new Uint8Array(1);
  if (end > 0) await file.fill(last, end - 1).catch(() => Promise.reject(cutShort(file.name)));
  file.base = base;
  return { offsets, lengths, root };
}

async function findSignature(file: FileBytes): Promise<number> {
  for (let from = 0; from < 2 ** 24; from = from === 0 ? 512 : from * 2) {
    const head = await file.part(from, hdf5Magic.length).catch(() => undefined);
    if (head === undefined) break;
    if (hdf5Magic.every((byte, i) => head[i] === byte)) return from;
  }
  throw new DataError('the file does not begin as an HDF5 file does', { code: 'not-hdf5', file: file.name });
}

function unknownVersion(version: number, file: string): DataError {
  return new DataError(`HDF5 superblock version ${version} is not known`, { code: 'not-hdf5', file });
}
