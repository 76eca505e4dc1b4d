import type { Piece, StoredPieces } from '../../../batch.ts';
import { DataError, UsageError } from '../../../errors.ts';
import { prefixed, type Source } from '../../../source.ts';
import { refuseCsvFlags } from '../csv-flags.ts';
import type { OpenedFile, OpenOptions, ReadFormat } from '../format.ts';
import { PieceCutter } from '../piece-cutter.ts';
import { columnPieces } from './column-pieces.ts';
import { vectorDecoder } from './decoder.ts';
import { recordLength, type VectorLayout } from './layout.ts';
import { type NpyHeader, npyMagic, readNpyHeader } from './npy-header.ts';
import { cutRecords, emptyFile, firstBytes } from './records.ts';
import { vectorsFile } from './vectors-file.ts';

/** One NumPy array, as np.save writes it: of two axes, rows of vectors; of one, a number a row. */
export const npy: ReadFormat = {
  name: 'npy',
  extensions: ['.npy'],
  magic: npyMagic,
  open,
  decoder: vectorDecoder,
};

async function open(source: Source, options: OpenOptions): Promise<OpenedFile> {
  refuseCsvFlags(options, npy.name);
  const file = source.name;
  const cutter = new PieceCutter(source, options.pieceLength);
  const header = await readHeader(cutter, file);
  const { length, rows } = header;
  const layout: VectorLayout = { format: npy.name, file, prefix: 0, ...shapeOf(header) };
  const arrayLength = rows * recordLength(layout);
  const whole = header.columnMajor ? await seekable(source, cutter, options) : source;
  if (whole.byteLength !== undefined) checkLength(whole.byteLength - length, arrayLength, layout, header);
  if (header.columnMajor) return openColumns(whole, layout, header, options);
  await cutter.skip(length);
  const first = rows === 0 ? undefined : await firstRow(cutter, layout, header);
  return {
    ...vectorsFile(layout, length, first, rows),
    pieces: (stored) => wholeArray(cutter, layout, header, stored),
    recycle: (buffer) => cutter.recycle(buffer),
  };
}

function shapeOf({ element, bigEndian, dimensions, columnMajor, scalar }: NpyHeader) {
  return { element, bigEndian, dimensions, columnMajor, scalar };
}

async function readHeader(cutter: PieceCutter, file: string): Promise<NpyHeader> {
  let needed = 12;
  for (;;) {
    const head = await firstBytes(cutter, needed);
    if (head.length === 0) throw emptyFile(file);
    const header = readNpyHeader(head, file);
    if (typeof header !== 'number') return header;
    if (head.length < header && cutter.atEnd) {
      throw new DataError('the file ends within its header', { code: 'truncated', sqlstate: '22P04', file });
    }
    needed = header;
  }
}

async function firstRow(cutter: PieceCutter, layout: VectorLayout, header: NpyHeader): Promise<Uint8Array> {
  const record = recordLength(layout);
  const bytes = await firstBytes(cutter, record);
  if (bytes.length < record) checkLength(bytes.length, header.rows * record, layout, header);
  return bytes.subarray(0, record);
}

async function* wholeArray(
  cutter: PieceCutter,
  layout: VectorLayout,
  header: NpyHeader,
  stored: StoredPieces = new Map(),
): AsyncGenerator<Piece> {
  const record = recordLength(layout);
  const expected = header.rows * record;
  let seen = 0;
  for (const { byteLength } of stored.values()) seen += byteLength;
  const cut = (_: Buffer, length: number, atEnd: boolean) => cutRecords(length, atEnd, record);
  for await (const piece of cutter.pieces(cut, stored)) {
    seen += piece.bytes.length;
    // What lacks a part is told here, so that a piece holds whole rows.
    if (seen > expected || piece.bytes.length % record !== 0) break;
    yield piece;
  }
  checkLength(seen, expected, layout, header);
}

/** @throws DataError where there are fewer bytes behind the header than the array needs, or more */
function checkLength(length: number, expected: number, layout: VectorLayout, { rows }: NpyHeader): void {
  const { file, columnMajor } = layout;
  if (length > expected) {
    throw new DataError(`more follows the array of ${rows} rows`, {
      code: 'extra-bytes',
      sqlstate: '22P04',
      file,
      hint: 'save each array to a file of its own',
    });
  }
  if (length === expected) return;
  const row = Math.floor(length / recordLength(layout)) + 1;
  throw new DataError(
    columnMajor
      ? `the file ends within the array, after ${length} of its ${expected} bytes`
      : `the file ends here, though its header says ${rows} rows`,
    { code: 'truncated', sqlstate: '22P04', file, ...(columnMajor ? {} : { row }) },
  );
}

/** The source itself, or where it is a stream, whose beginning has been looked at, what it is kept in. */
async function seekable(source: Source, cutter: PieceCutter, { spool }: OpenOptions): Promise<Source> {
  if (source.readAt !== undefined || spool === undefined) return source;
  return spool(prefixed(source, await cutter.peek()));
}

/** Fortran order: a row's elements lie as far apart as there are rows, so they are read from all over the file. */
async function openColumns(
  source: Source,
  layout: VectorLayout,
  header: NpyHeader,
  options: OpenOptions,
): Promise<OpenedFile> {
  const { readAt } = source;
  if (readAt === undefined) {
    throw new UsageError(`${layout.file} holds its array column by column (Fortran order)`, {
      code: 'needs-file',
      file: layout.file,
      hint: 'that takes an uncompressed file, not a stream; or save it with np.save(file, np.ascontiguousarray(array))',
    });
  }
  const columns = columnPieces(readAt, layout, header, options.pieceLength);
  return { ...vectorsFile(layout, header.length, await columns.first(), header.rows), ...columns };
}
