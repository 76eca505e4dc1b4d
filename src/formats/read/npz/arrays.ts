import type { Source } from '../../../source.ts';
import type { NamedArray } from '../vectors/choose-array.ts';
import { elementType, type NpyArray, readNpyArray } from '../vectors/npy-header.ts';
import { openMember } from './member.ts';
import { type Archive, refused, type ZipEntry } from './zip.ts';

/** An array of the archive. */
export interface ArchivedArray extends NamedArray {
  entry: ZipEntry;
  header: NpyArray;
}

const ending = '.npy';

/** Reads the arrays' headers; other files are left out. */
export async function readArrays(archive: Archive, entries: readonly ZipEntry[]): Promise<ArchivedArray[]> {
  const arrays: ArchivedArray[] = [];
  for (const entry of entries.filter(({ name }) => name.endsWith(ending))) {
    const member = await openMember(archive, entry);
    const header = await readHeader(member, entry);
    const unreadable =
      elementType(header.descr) === undefined ? `elements of type ${header.descr}` : undefined;
    arrays.push({
      name: entry.name.slice(0, -ending.length),
      shape: header.shape,
      unreadable,
      entry,
      header,
    });
  }
  return arrays;
}

async function readHeader(member: Source, { name, length }: ZipEntry): Promise<NpyArray> {
  const { name: file } = member;
  let bytes = new Uint8Array(0);
  for (let needed = 12; ; ) {
    if (needed > length) throw refused(`array ${name} ends within its header`, file, { code: 'truncated' });
    const longer = new Uint8Array(needed);
    longer.set(bytes);
    await member.read(longer.subarray(bytes.length));
    bytes = longer;
    const header = readNpyArray(bytes, file);
    if (typeof header !== 'number') return header;
    needed = header;
  }
}
