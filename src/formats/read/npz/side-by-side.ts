import { UsageError } from '../../../errors.ts';
import type { Source } from '../../../source.ts';
import { damagedFile } from '../columnar/decoder.ts';
import { columnarFile } from '../columnar/opened.ts';
import type { OpenedFile, OpenOptions } from '../format.ts';
import { columnRows } from '../vectors/column-pieces.ts';
import type { VectorLayout } from '../vectors/layout.ts';
import { elementType, vectorHeader } from '../vectors/npy-header.ts';
import { type RowSource, rowPieces } from '../vectors/row-pieces.ts';
import type { ArchivedArray } from './arrays.ts';
import { openMember } from './member.ts';
import {
  type ArraysLayout,
  arrayFieldType,
  arraysReader,
  type RowArray,
  rowLength,
} from './rows-of-arrays.ts';
import { type Archive, refused } from './zip.ts';

/** Rows shown to what decides on columns. */
const sampleRows = 20;

/** Arrays of as many rows: each is a field. @param fields by their names, the vectors first */
export async function openSideBySide(
  archive: Archive,
  fields: ReadonlyMap<string, ArchivedArray>,
  options: OpenOptions,
): Promise<OpenedFile> {
  const { name: file } = archive;
  const arrays = [...fields.values()];
  const rowArrays = arrays.map((array) => rowArray(array, file));
  const names = [...fields.keys()];
  const layout: ArraysLayout = {
    format: 'npz',
    file,
    names,
    types: rowArrays.map(arrayFieldType),
    held: names.map((_, field) => field),
    arrays: rowArrays,
  };
  const sources = arrays.map((array, i) => rowsOf(archive, array, rowArrays[i]!, options));
  const rows = together(sources, rowArrays);
  return {
    ...(await firstRows(layout, rows)),
    headLength: 0,
    ...rowPieces(rows, options.pieceLength),
  };
}

async function firstRows(layout: ArraysLayout, rows: RowSource): Promise<ReturnType<typeof columnarFile>> {
  const records = Math.min(sampleRows, rows.rows);
  if (records === 0) return columnarFile(layout, undefined);
  const bytes = new Uint8Array(records * rows.record);
  await rows.read(0, records, bytes);
  const location = { sequence: 0, firstRow: 1, records, byteOffset: 0, byteLength: bytes.length };
  try {
    return columnarFile(layout, arraysReader(layout)({ location, bytes }));
  } catch (error) {
    throw damagedFile(error, layout.file);
  }
}

/** Bytes of a row's text, all of which are read at once. */
const widest = 2 ** 26;

const textSyntax = /^([<>|=]?)([SU])(\d+)$/;

/** Whether an array can stand beside others: a number or a text a row. */
export function isReadable({ header: { descr } }: ArchivedArray): boolean {
  return elementType(descr) !== undefined || textSyntax.test(descr ?? '');
}

function rowArray({ name, header }: ArchivedArray, file: string): RowArray {
  const text = textSyntax.exec(header.descr ?? '');
  if (text !== null) {
    const wide = text[2] === 'U';
    const width = Number(text[3]) * (wide ? 4 : 1);
    if (width > widest) {
      throw refused(`array ${name} has ${width} bytes a row`, file, { code: 'row-too-long' });
    }
    return { kind: 'text', width, wide, bigEndian: text[1] === '>' };
  }
  const { element, bigEndian, dimensions, columnMajor, scalar } = vectorHeader(header, file);
  const layout: VectorLayout = {
    format: 'npz',
    file,
    prefix: 0,
    element,
    bigEndian,
    dimensions,
    columnMajor,
    scalar,
  };
  return { kind: 'numbers', layout };
}

/** A row of each. */
function together(sources: readonly RowSource[], arrays: readonly RowArray[]): RowSource {
  const lengths = arrays.map(rowLength);
  return {
    rows: sources[0]!.rows,
    record: lengths.reduce((sum, length) => sum + length, 0),
    read: async (first, count, target) => {
      let at = 0;
      for (const [i, source] of sources.entries()) {
        await source.read(first, count, target.subarray(at, at + count * lengths[i]!));
        at += count * lengths[i]!;
      }
    },
    byteOffset: (row) => sources[0]!.byteOffset(row),
  };
}

function rowsOf(archive: Archive, array: ArchivedArray, rowArray: RowArray, options: OpenOptions): RowSource {
  const { name: file } = archive;
  const open = () => openMember(archive, array.entry);
  return rowArray.kind === 'numbers' && rowArray.layout.columnMajor
    ? fortranRows(open, array, rowArray.layout, options, file)
    : rowsInOrder(open, array, rowLength(rowArray), file);
}

/** Rows that lie one behind the other: read on, and from the beginning again where earlier ones are asked for. */
function rowsInOrder(
  open: () => Promise<Source>,
  { name, header, entry }: ArchivedArray,
  record: number,
  file: string,
): RowSource {
  const rows = header.shape[0]!;
  if (header.length + rows * record !== entry.length) {
    throw refused(`array ${name} is not of the length that its header says`, file, { code: 'truncated' });
  }
  let member: Source | undefined;
  let position = 0;
  const readOn = async (target: Uint8Array) => {
    const read = await member!.read(target);
    position += read;
    if (read < target.length) throw refused(`array ${name} is cut short`, file, { code: 'truncated' });
  };
  return {
    rows,
    record,
    read: async (first, _, target) => {
      const wanted = header.length + first * record;
      if (member === undefined || position > wanted) {
        [member, position] = [await open(), 0];
      }
      const scratch = new Uint8Array(Math.min(wanted - position, 2 ** 20));
      while (position < wanted) await readOn(scratch.subarray(0, wanted - position));
      await readOn(target);
    },
    byteOffset: (row) => entry.header + row * record,
  };
}

/** Rows that lie column by column, of which a deflated array must be kept elsewhere first. */
function fortranRows(
  open: () => Promise<Source>,
  { name, header, entry }: ArchivedArray,
  layout: VectorLayout,
  { spool }: OpenOptions,
  file: string,
): RowSource {
  let rows: Promise<RowSource> | undefined;
  const seekable = async () => {
    const member = await open();
    const whole = member.readAt === undefined ? await spool?.(member) : member;
    if (whole?.readAt !== undefined) return columnRows(whole.readAt, layout, vectorHeader(header, file));
    throw new UsageError(`${file} holds array ${name} compressed and column by column (Fortran order)`, {
      code: 'needs-file',
      file,
      hint: 'save it with np.savez, or as np.ascontiguousarray(array)',
    });
  };
  const record = rowLength({ kind: 'numbers', layout });
  return {
    rows: header.shape[0]!,
    record,
    read: async (...run) => {
      rows ??= seekable();
      await (await rows).read(...run);
    },
    byteOffset: (row) => entry.header + row * record,
  };
}
