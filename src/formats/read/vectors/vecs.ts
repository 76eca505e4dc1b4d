import { DataError } from '../../../errors.ts';
import type { Source } from '../../../source.ts';
import { maxDimensions } from '../../../vector/limits.ts';
import { rowsInPlace } from '../arrays/npy-rows.ts';
import { decoderWithIds, openWithIds } from '../arrays/with-ids.ts';
import { refuseCsvFlags } from '../csv-flags.ts';
import type { OpenedFile, OpenOptions, ReadFormat } from '../format.ts';
import { PieceCutter } from '../piece-cutter.ts';
import { type SeekableSource, seekable } from '../seekable.ts';
import type { ElementName } from './elements.ts';
import { recordLength, type VectorLayout } from './layout.ts';
import { cutRecords, emptyFile, firstBytes } from './records.ts';
import { vectorsFile } from './vectors-file.ts';

// The files of http://corpus-texmex.irisa.fr/: for each row its dimensions as int32, then its elements, all
// little-endian.

export const fvecs: ReadFormat = vecs('fvecs', 'f4');
export const bvecs: ReadFormat = vecs('bvecs', 'u1');
export const ivecs: ReadFormat = vecs('ivecs', 'i4');

function vecs(name: string, element: ElementName): ReadFormat {
  return {
    name,
    extensions: [`.${name}`],
    open: (source, options) => open(source, options, name, element),
    idsBeside: true,
    decoder: decoderWithIds,
  };
}

async function open(
  source: Source,
  options: OpenOptions,
  format: string,
  element: ElementName,
): Promise<OpenedFile> {
  refuseCsvFlags(options, format);
  if (options.ids !== undefined)
    return openBeside(seekable(source, format), options.ids, options, format, element);
  const file = source.name;
  const cutter = new PieceCutter(source, options.pieceLength);
  const head = await firstBytes(cutter, 4);
  if (head.length === 0) throw emptyFile(file);
  const dimensions = firstDimensions(head, format, file);
  const layout = layoutOf(format, file, element, dimensions);
  const record = recordLength(layout);
  const first = await firstBytes(cutter, record);
  if (first.length < record) throw truncated(first.length, record, file);
  const rowCount = source.byteLength === undefined ? undefined : Math.floor(source.byteLength / record);
  return {
    ...vectorsFile(layout, 0, first.subarray(0, record), rowCount),
    pieces: (stored) => cutter.pieces((_, length, atEnd) => cutRecords(length, atEnd, record), stored),
    recycle: (buffer) => cutter.recycle(buffer),
  };
}

async function openBeside(
  source: SeekableSource,
  ids: Source,
  options: OpenOptions,
  format: string,
  element: ElementName,
): Promise<OpenedFile> {
  const { name: file, byteLength, readAt } = source;
  const head = new Uint8Array(4);
  const length = await readAt(head, 0);
  if (length === 0) throw emptyFile(file);
  const layout = layoutOf(format, file, element, firstDimensions(head.subarray(0, length), format, file));
  const record = recordLength(layout);
  if (byteLength % record !== 0) {
    throw new DataError(
      `the file has ${byteLength} bytes, and a row of ${layout.dimensions} dimensions, as the first is, ${record}`,
      {
        code: 'truncated',
        sqlstate: '22P04',
        file,
        hint: 'it is cut short, or its vectors are of several lengths',
      },
    );
  }
  return openWithIds(layout, rowsInPlace(source, 0, record, byteLength / record), ids, options);
}

function layoutOf(format: string, file: string, element: ElementName, dimensions: number): VectorLayout {
  const shape = { prefix: 4, bigEndian: false, columnMajor: false, scalar: false } as const;
  return { format, file, element, dimensions, ...shape };
}

function firstDimensions(head: Uint8Array, format: string, file: string): number {
  if (head.length < 4) throw truncated(head.length, 4, file);
  const dimensions = Buffer.from(head.buffer, head.byteOffset, 4).readInt32LE();
  if (dimensions >= 1 && dimensions <= maxDimensions.vector) return dimensions;
  throw new DataError(
    `the file is no ${format}: its first row would have ${dimensions} dimensions, of 1 to ${maxDimensions.vector}`,
    { code: `not-${format}`, file, row: 1 },
  );
}

function truncated(length: number, record: number, file: string): DataError {
  return new DataError(`the file ends within the row, after ${length} of its ${record} bytes`, {
    code: 'truncated',
    sqlstate: '22P04',
    file,
    row: 1,
  });
}
