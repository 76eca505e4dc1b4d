import type { Piece } from '../../batch.ts';
import { checksum } from '../../checksum.ts';
import type { OpenedFile } from '../../formats/read/format.ts';
import { unlessAborted } from '../../unless-aborted.ts';
import { isLarge, type LanePool } from './lane-pool.ts';
import type { Stored } from './stored-pieces.ts';

/** A file whose pieces the lanes store, and its place in the load. */
export interface FileToCopy {
  file: OpenedFile;
  /** Its index among the load's files. */
  index: number;
  /** Rows of the load in the files before. */
  rowBase: number;
  stored: Stored;
  /** What is stored is written down. */
  told: boolean;
  /** Stored pieces are read again, as nothing else tells whether they are the same. */
  reread: boolean;
  /** No other piece begins before the file's first is stored. */
  firstAlone: boolean;
  /** Called before the last piece is stored, with the file's records; undefined: nothing is held back. */
  beforeLast: ((records: number) => Promise<void>) | undefined;
}

/** What was read of a file: its pieces, records and bytes, those of stored pieces included. */
export interface FileRead {
  pieces: number;
  records: number;
  bytes: number;
}

/**
 * Reads a file and has the lanes store its pieces, but for those that are stored. When this resolves, lanes may still
 * be at work.
 * @param changed what to throw where a stored piece is not what it was
 */
export async function copyPieces(
  pool: LanePool,
  { file, index, rowBase, stored, told, reread, firstAlone, beforeLast }: FileToCopy,
  signal: AbortSignal,
  changed: () => Error,
): Promise<FileRead> {
  let [pieces, records, bytes] = [0, 0, file.headLength];
  if (!reread) {
    pieces = stored.ofFile(index).size;
    records = stored.records(index);
    for (const { byteLength } of stored.ofFile(index).values()) bytes += byteLength;
  }
  const found = ahead(file.pieces(reread ? undefined : stored.ofFile(index)), pool.failure);
  for await (const { piece, isLast } of beforeLast === undefined ? asTheyCome(found) : withLast(found)) {
    const { location } = piece;
    pieces++;
    records += location.records;
    if (isLast) await beforeLast?.(records);
    bytes += location.byteLength;
    const same = reread ? stored.matches(index, piece) : undefined;
    if (same === false) throw changed();
    if (same === true) {
      file.recycle(piece.bytes.buffer);
      continue;
    }
    const sum = told ? checksum(piece.bytes) : undefined;
    if (signal.aborted || !(await pool.give({ piece, file: index, rowBase, checksum: sum }))) break;
    if (firstAlone && location.sequence === 0) await pool.finish();
  }
  // A stream that ends before what is stored of it: its producer died.
  if (reread && pieces < stored.ofFile(index).size && !signal.aborted && !pool.failed) throw changed();
  return { pieces, records, bytes };
}

interface Found {
  piece: Piece;
  isLast: boolean;
}

/**
 * Reads the next while one is given away, so that a lane need not wait for it; a large one would be one more held.
 * @param stop ends them, also while one is waited for: a stream's next may come late, or never
 * @throws InterruptedError then
 */
async function* ahead(pieces: AsyncIterable<Piece>, stop: AbortSignal): AsyncGenerator<Piece> {
  const source = pieces[Symbol.asyncIterator]();
  let next: Promise<IteratorResult<Piece>> | undefined;
  try {
    for (;;) {
      const { done, value } = await unlessAborted(next ?? source.next(), stop);
      if (done) return;
      next = isLarge(value) ? undefined : source.next();
      // Whoever asks for it is told.
      next?.catch(() => {});
      yield value;
    }
  } finally {
    // Not waited for: what it reads may never come.
    source.return?.().catch(() => {});
  }
}

async function* asTheyCome(pieces: AsyncIterable<Piece>): AsyncGenerator<Found> {
  for await (const piece of pieces) yield { piece, isLast: false };
}

/** Each piece once it is known whether another comes. */
async function* withLast(pieces: AsyncIterable<Piece>): AsyncGenerator<Found> {
  let held: Piece | undefined;
  for await (const piece of pieces) {
    if (held !== undefined) yield { piece: held, isLast: false };
    held = piece;
  }
  if (held !== undefined) yield { piece: held, isLast: true };
}
