import type { Piece, StoredPieces } from '../../../batch.ts';
import { DataError, UsageError } from '../../../errors.ts';
import { prefixed, type Source } from '../../../source.ts';
import { npyRows, readNpyFile } from '../arrays/npy-rows.ts';
import { decoderWithIds, openWithIds } from '../arrays/with-ids.ts';
import { refuseCsvFlags } from '../csv-flags.ts';
import type { OpenedFile, OpenOptions, ReadFormat } from '../format.ts';
import { PieceCutter } from '../piece-cutter.ts';
import { type SeekableSource, seekable } from '../seekable.ts';
import { columnPieces } from './column-pieces.ts';
import { recordLength, type VectorLayout } from './layout.ts';
import { type NpyHeader, npyMagic, readNpyHeader, vectorHeader } from './npy-header.ts';
import { checkLength, type ExpectedArray } from './npy-length.ts';
import { cutRecords, emptyFile, firstBytes } from './records.ts';
import { vectorsFile } from './vectors-file.ts';

/** One NumPy array, as np.save writes it: of two axes, rows of vectors; of one, a number a row. */
export const npy: ReadFormat = {
  name: 'npy',
  extensions: ['.npy'],
  magic: npyMagic,
  open,
  idsBeside: true,
  decoder: decoderWithIds,
};

async function open(source: Source, options: OpenOptions): Promise<OpenedFile> {
  refuseCsvFlags(options, npy.name);
  if (options.ids !== undefined) return openBeside(seekable(source, npy.name), options.ids, options);
  const file = source.name;
  const cutter = new PieceCutter(source, options.pieceLength);
  const header = await readHeader(cutter, file);
  const { length, rows } = header;
  const layout = layoutOf(header, file);
  const array: ExpectedArray = { rows, record: recordLength(layout), columnMajor: header.columnMajor, file };
  const whole = header.columnMajor ? await spooled(source, cutter, options) : source;
  if (whole.byteLength !== undefined) checkLength(whole.byteLength - length, array);
  if (header.columnMajor) return openColumns(whole, layout, header, options);
  await cutter.skip(length);
  const first = rows === 0 ? undefined : await firstRow(cutter, array);
  return {
    ...vectorsFile(layout, length, first, rows),
    pieces: (stored) => wholeArray(cutter, array, stored),
    recycle: (buffer) => cutter.recycle(buffer),
  };
}

async function openBeside(source: SeekableSource, ids: Source, options: OpenOptions): Promise<OpenedFile> {
  const header = await readNpyFile(source);
  const layout = layoutOf(vectorHeader(header, source.name), source.name);
  return openWithIds(layout, npyRows(source, header, { kind: 'numbers', layout }), ids, options);
}

function layoutOf(
  { element, bigEndian, dimensions, columnMajor, scalar }: NpyHeader,
  file: string,
): VectorLayout {
  const shape = { element, bigEndian, dimensions, columnMajor, scalar };
  return { format: npy.name, file, prefix: 0, ...shape };
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

async function firstRow(cutter: PieceCutter, array: ExpectedArray): Promise<Uint8Array> {
  const { record } = array;
  const bytes = await firstBytes(cutter, record);
  if (bytes.length < record) checkLength(bytes.length, array);
  return bytes.subarray(0, record);
}

async function* wholeArray(
  cutter: PieceCutter,
  array: ExpectedArray,
  stored: StoredPieces = new Map(),
): AsyncGenerator<Piece> {
  const { rows, record } = array;
  let seen = 0;
  for (const { byteLength } of stored.values()) seen += byteLength;
  const cut = (_: Buffer, length: number, atEnd: boolean) => cutRecords(length, atEnd, record);
  for await (const piece of cutter.pieces(cut, stored)) {
    seen += piece.bytes.length;
    // What lacks a part is told here, so that a piece holds whole rows.
    if (seen > rows * record || piece.bytes.length % record !== 0) break;
    yield piece;
  }
  checkLength(seen, array);
}

/** The source itself, or where it is a stream, whose beginning has been looked at, what it is kept in. */
async function spooled(source: Source, cutter: PieceCutter, { spool }: OpenOptions): Promise<Source> {
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
