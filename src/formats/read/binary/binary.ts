import type { Piece, StoredPieces } from '../../../batch.ts';
import { DataError, type ErrorDetails } from '../../../errors.ts';
import type { Source } from '../../../source.ts';
import { BROKEN, TRAILER, TupleWalker, UNFINISHED } from '../../../tuples.ts';
import { refuseCsvFlags } from '../csv-flags.ts';
import type { OpenedFile, OpenOptions, ReadFormat } from '../format.ts';
import { type Cut, PieceCutter } from '../piece-cutter.ts';
import { firstBytes } from '../vectors/records.ts';
import { type BinaryLayout, binaryDecoder } from './decoder.ts';
import { signature, skipHeader } from './header.ts';

/**
 * What `COPY … TO … (FORMAT binary)` writes: no names and no types. The fields go on as they are; what is checked
 * here is that they are whole.
 */
export const binary: ReadFormat = {
  name: 'binary',
  extensions: ['.bin', '.binary', '.pgcopy', '.copy'],
  magic: signature,
  open,
  decoder: binaryDecoder,
};

async function open(source: Source, options: OpenOptions): Promise<OpenedFile> {
  refuseCsvFlags(options, binary.name);
  const file = source.name;
  const cutter = new PieceCutter(source, options.pieceLength);
  const head = await skipHeader(cutter, file);
  const fieldCount = firstCount(await firstBytes(cutter, 2), file);
  const layout: BinaryLayout = { format: binary.name, file, fields: fieldCount };
  return {
    fieldNames: undefined,
    fieldCount,
    valuesBy: 'binary',
    headLength: head.length,
    rejectHead: head,
    sample: [],
    layout,
    pieces: (stored) => tuplePieces(source, cutter, layout, stored),
    recycle: (buffer) => cutter.recycle(buffer),
  };
}

/** Fields of the first row; 0 where there are no rows. */
function firstCount(bytes: Uint8Array, file: string): number {
  if (bytes.length < 2) throw withoutTrailer(file);
  const count = ((bytes[0]! << 24) >> 16) | bytes[1]!;
  if (count === -1) return 0;
  if (count > 0) return count;
  throw damaged(`the row would have ${count} fields`, { file, row: 1 });
}

/**
 * Whole tuples, without the trailer: it is read at the end by whatever run comes there, the pieces before it stored or
 * not.
 */
async function* tuplePieces(
  source: Source,
  cutter: PieceCutter,
  { fields, file }: BinaryLayout,
  stored: StoredPieces | undefined,
): AsyncGenerator<Piece> {
  const walker = new TupleWalker(fields);
  const cut = (bytes: Uint8Array, length: number, atEnd: boolean): Cut => {
    let [end, records] = [0, 0];
    for (;;) {
      const next = walker.next(bytes, end, length);
      if (next >= 0) {
        end = next;
        records++;
      } else if (records > 0) return { end, records };
      else if (next !== UNFINISHED || atEnd || reachesBeyond(source, cutter.position + walker.least)) {
        // No records: what is wrong here, or the trailer.
        return { end: length, records: 0 };
      } else return { end: 0, records: 0 };
    }
  };
  let ended = false;
  for await (const piece of cutter.pieces(cut, stored)) {
    if (piece.location.records > 0 && !ended) yield piece;
    else {
      checkEnd(piece, ended, walker, file);
      ended = true;
    }
  }
  if (!ended) throw withoutTrailer(file);
}

/** Told before so much is read that cannot come. */
function reachesBeyond({ byteLength }: Source, position: number): boolean {
  return byteLength !== undefined && position > byteLength;
}

/** @throws DataError where what follows the last tuple is not the trailer, and that alone */
function checkEnd({ bytes, location }: Piece, ended: boolean, walker: TupleWalker, file: string): void {
  const row = location.firstRow;
  const verdict = ended ? TRAILER : walker.next(bytes, 0, bytes.length);
  if (verdict === BROKEN) throw damaged(walker.problem, { file, row });
  if (verdict === UNFINISHED) throw damaged('the file ends within the row', { code: 'truncated', file, row });
  if (ended || bytes.length > 2) {
    throw damaged('more follows the end of the COPY', {
      code: 'extra-bytes',
      file,
      hint: 'each COPY goes into a file of its own',
    });
  }
}

function withoutTrailer(file: string): DataError {
  return damaged('the file ends without a trailer: rows are missing', { code: 'truncated', file });
}

function damaged(message: string, details: ErrorDetails): DataError {
  return new DataError(message, {
    code: 'bad-tuple',
    sqlstate: '22P04',
    hint: 'the file is damaged: write it again',
    ...details,
  });
}
