import { UsageError } from '../../../errors.ts';
import type { Source } from '../../../source.ts';
import { rowArray } from '../arrays/row-array.ts';
import { type RowArray, rowLength } from '../arrays/rows-of-arrays.ts';
import { type ArrayField, openSideBySide } from '../arrays/side-by-side.ts';
import type { OpenedFile, OpenOptions } from '../format.ts';
import { columnRows } from '../vectors/column-pieces.ts';
import type { VectorLayout } from '../vectors/layout.ts';
import { vectorHeader } from '../vectors/npy-header.ts';
import type { RowSource } from '../vectors/row-pieces.ts';
import type { ArchivedArray } from './arrays.ts';
import { openMember } from './member.ts';
import { type Archive, refused } from './zip.ts';

/** Arrays of an archive, of as many rows. @param fields by their names, the vectors first */
export async function openArchived(
  archive: Archive,
  fields: ReadonlyMap<string, ArchivedArray>,
  options: OpenOptions,
): Promise<OpenedFile> {
  const { name: file } = archive;
  const arrays = [...fields].map(([name, archived]): ArrayField => {
    const array = rowArray(archived.name, archived.header, 'npz', file);
    return { name, array, rows: rowsOf(archive, archived, array, options) };
  });
  return openSideBySide('npz', file, arrays, options);
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
