import type { Source } from '../../../source.ts';
import { isReadable } from '../arrays/row-array.ts';
import { arraysDecoder } from '../arrays/rows-of-arrays.ts';
import { refuseCsvFlags } from '../csv-flags.ts';
import type { OpenedFile, OpenOptions, ReadFormat } from '../format.ts';
import { seekable } from '../seekable.ts';
import { chooseArray } from '../vectors/choose-array.ts';
import { npy } from '../vectors/npy.ts';
import { openArchived } from './archived-rows.ts';
import { type ArchivedArray, readArrays } from './arrays.ts';
import { openMember } from './member.ts';
import { readDirectory, zipMagic } from './zip.ts';

/**
 * NumPy arrays in a zip archive, as np.savez and np.savez_compressed write them: one of vectors, which is read as npy is
 * where it stands alone; arrays of one axis and as many rows beside it are fields too.
 */
export const npz: ReadFormat = {
  name: 'npz',
  extensions: ['.npz'],
  magic: zipMagic,
  seeks: true,
  datasets: true,
  open,
  decoder: arraysDecoder,
};

/** What people call their vectors, and np.savez the first array without a name. */
const usualNames = ['embedding', 'embeddings', 'vectors', 'arr_0'];

async function open(source: Source, options: OpenOptions): Promise<OpenedFile> {
  refuseCsvFlags(options, npz.name);
  const archive = seekable(source, npz.name);
  const { name: file } = archive;
  const arrays = await readArrays(archive, await readDirectory(archive));
  const chosen = chooseArray(arrays, options.dataset, usualNames, file);
  const fields = fieldsOf(chosen, arrays);
  if (fields.size > 1) return openArchived(archive, fields, options);
  const opened = await npy.open(await openMember(archive, chosen.entry), options);
  return { ...opened, layout: { ...opened.layout, displaced: true } };
}

/** The vectors as `embedding`, and what lies beside them by its own name, `ids` as `id`. */
function fieldsOf(chosen: ArchivedArray, arrays: readonly ArchivedArray[]): Map<string, ArchivedArray> {
  const isBeside = (array: ArchivedArray) =>
    array.shape.length === 1 && array.shape[0] === chosen.shape[0] && isReadable(array.header);
  const beside = chosen.shape.length === 2 ? arrays.filter(isBeside) : [];
  const names = new Set(beside.map(({ name }) => name));
  const free = (name: string, own: string) => (names.has(name) ? own : name);
  return new Map([
    [free('embedding', chosen.name), chosen],
    ...beside.map((array): [string, ArchivedArray] => [
      array.name === 'ids' ? free('id', array.name) : array.name,
      array,
    ]),
  ]);
}
