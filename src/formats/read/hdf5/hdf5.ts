import type { Source } from '../../../source.ts';
import { refuseCsvFlags } from '../csv-flags.ts';
import type { OpenedFile, OpenOptions, ReadFormat } from '../format.ts';
import { chooseArray } from '../vectors/choose-array.ts';
import { vectorDecoder } from '../vectors/decoder.ts';
import type { VectorLayout } from '../vectors/layout.ts';
import { rowPieces } from '../vectors/row-pieces.ts';
import { vectorsFile } from '../vectors/vectors-file.ts';
import { FileBytes } from './bytes.ts';
import { readDataset } from './dataset.ts';
import { findObjects } from './groups.ts';
import { rowSource } from './row-source.ts';
import { hdf5Magic, readSuperblock } from './superblock.ts';

/**
 * One array of an HDF5 file: rows of vectors, or a number a row. Read by the HDF5 File Format Specification 3.0
 * (https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html), whose sections the comments here name: what
 * h5py and its like write for arrays, in whole or in chunks, and no more of it.
 */
export const hdf5: ReadFormat = {
  name: 'hdf5',
  extensions: ['.hdf5', '.h5'],
  magic: hdf5Magic,
  seeks: true,
  datasets: true,
  open,
  decoder: vectorDecoder,
};

/** What ann-benchmarks calls the vectors that are searched. */
const usualNames = ['train'];

async function open(source: Source, options: OpenOptions): Promise<OpenedFile> {
  refuseCsvFlags(options, hdf5.name);
  const file = new FileBytes(source, 'HDF5');
  const superblock = await readSuperblock(file);
  const objects = await findObjects(file, superblock);
  const datasets = objects.flatMap((object) => readDataset(object, superblock, file.name) ?? []);
  const chosen = chooseArray(datasets, options.dataset, usualNames, file.name);
  const [rows, dimensions = 1] = chosen.shape as [number, number?];
  const shape: VectorLayout = {
    format: hdf5.name,
    file: file.name,
    ...chosen.element!,
    dimensions,
    prefix: 0,
    columnMajor: false,
    scalar: chosen.shape.length === 1,
  };
  const array = await rowSource(file, superblock, chosen, shape);
  const layout: VectorLayout = { ...shape, displaced: array.displaced };
  const first = new Uint8Array(array.record);
  if (rows > 0) await array.read(0, 1, first);
  return {
    ...vectorsFile(layout, 0, rows > 0 ? first : undefined, rows),
    ...rowPieces(array, options.pieceLength),
  };
}
