import { DataError } from '../../../errors.ts';
import { type Cursor, damaged } from './bytes.ts';
import { asEarlier } from './groups.ts';
import type { Superblock } from './superblock.ts';

/** Where an array's bytes lie (IV.A.2.i). */
export type DataLayout =
  | { kind: 'compact'; bytes: Uint8Array }
  | { kind: 'contiguous'; address: number | undefined; length: number }
  | { kind: 'chunked'; shape: readonly number[]; index: ChunkIndex; address: number | undefined };

/** How the chunks are found: a tree, or from version 4 on a list by their number. */
export type ChunkIndex =
  | { kind: 'tree' }
  /** The only chunk. `filtered`: its bytes and the filters left out, where filters made it. */
  | { kind: 'single'; filtered: { length: number; mask: number } | undefined }
  /** One behind the other. */
  | { kind: 'implicit' }
  /** In pages of 2^pageBits, where there are more. */
  | { kind: 'fixed'; pageBits: number };

/** @param elsewhere its bytes lie in other files */
export function readLayout(
  cursor: Cursor,
  superblock: Superblock,
  file: string,
  elsewhere: boolean,
): DataLayout {
  if (elsewhere) throw unknown('keeps the array in other files', file);
  const version = cursor.uint(1);
  if (version !== 3 && version !== 4) throw unknown(`has a data layout of version ${version}`, file);
  const kind = cursor.uint(1);
  switch (kind) {
    case 0:
      return { kind: 'compact', bytes: cursor.take(cursor.uint(2)) };
    case 1:
      return {
        kind: 'contiguous',
        address: cursor.address(superblock.offsets),
        length: cursor.uint(superblock.lengths),
      };
    case 2:
      return version === 3 ? chunkedTree(cursor, superblock) : chunked(cursor, superblock, file);
    case 3:
      throw unknown('puts the array together from others (a virtual dataset)', file);
    default:
      throw damaged(file);
  }
}

function chunkedTree(cursor: Cursor, { offsets }: Superblock): DataLayout {
  // The last of its sizes is an element's.
  const rank = cursor.uint(1) - 1;
  const address = cursor.address(offsets);
  const shape = Array.from({ length: rank }, () => cursor.uint(4));
  return { kind: 'chunked', shape, index: { kind: 'tree' }, address };
}

function chunked(cursor: Cursor, { offsets, lengths }: Superblock, file: string): DataLayout {
  const flags = cursor.uint(1);
  const rank = cursor.uint(1) - 1;
  const size = cursor.uint(1);
  const shape = Array.from({ length: rank }, () => cursor.uint(size));
  const index = readIndex(cursor.skip(size), flags, lengths, file);
  return { kind: 'chunked', shape, index, address: cursor.address(offsets) };
}

function readIndex(cursor: Cursor, flags: number, lengths: number, file: string): ChunkIndex {
  const kind = cursor.uint(1);
  switch (kind) {
    case 1:
      if ((flags & 2) === 0) return { kind: 'single', filtered: undefined };
      return { kind: 'single', filtered: { length: cursor.uint(lengths), mask: maskOf(cursor) } };
    case 2:
      return { kind: 'implicit' };
    case 3:
      return { kind: 'fixed', pageBits: cursor.uint(1) };
    case 4:
    case 5:
      throw unknown(`lists the array's chunks in ${kind === 4 ? 'an extensible array' : 'a B-tree 2'}`, file);
    default:
      throw damaged(file);
  }
}

/** Bit i: filter i was left out. */
export function maskOf(cursor: Cursor): number {
  return cursor.take(4).readUInt32LE();
}

function unknown(what: string, file: string): DataError {
  return new DataError(`the file ${what}, which is not read`, {
    code: 'unknown-hdf5',
    file,
    hint: asEarlier,
  });
}
