import { DataError } from '../../../errors.ts';
import { elementTypes } from '../vectors/elements.ts';
import { recordLength, type VectorLayout } from '../vectors/layout.ts';
import type { RowSource } from '../vectors/row-pieces.ts';
import { damaged, type FileBytes } from './bytes.ts';
import { chunkGrid, readChunkTable } from './chunk-index.ts';
import { ChunkedRows } from './chunked-rows.ts';
import { type Dataset, readStorage } from './dataset.ts';
import type { DataLayout } from './layout.ts';
import type { Superblock } from './superblock.ts';

/** The rows of a dataset, and whether they lie in the file one behind the other. */
type DatasetRows = RowSource & { displaced: boolean };

/**
 * How a dataset's rows are read.
 * @throws DataError where some were never written, or are kept in a way that is not known
 */
export async function rowSource(
  file: FileBytes,
  superblock: Superblock,
  dataset: Dataset,
  layout: VectorLayout,
): Promise<DatasetRows> {
  const [rows, record] = [dataset.shape[0]!, recordLength(layout)];
  if (!Number.isSafeInteger(rows * record)) throw damaged(file.name);
  const { layout: storage, filters } = readStorage(dataset, superblock, file.name);
  const lies = (from: number) => ({ rows, record, byteOffset: (row: number) => from + row * record });
  if (storage.kind === 'chunked') {
    const { size } = elementTypes[layout.element];
    const grid = chunkGrid(dataset.shape, storage.shape, size, file.name);
    const table =
      rows > 0 ? await readChunkTable(file, superblock, storage, grid, filters.length > 0) : undefined;
    const chunks = table && new ChunkedRows(file, grid, table, filters, size);
    return { ...lies(0), displaced: true, read: async (...run) => chunks?.read(...run) };
  }
  if (storage.kind === 'compact') {
    if (storage.bytes.length < rows * record) throw damaged(file.name);
    const read: RowSource['read'] = async (first, count, target) =>
      target.set(storage.bytes.subarray(first * record, (first + count) * record));
    return { ...lies(0), displaced: true, read };
  }
  const address = await checkedAddress(file, storage, rows * record);
  return {
    ...lies(file.base + address),
    displaced: false,
    read: (first, _, target) => file.fill(target, address + first * record),
  };
}

/** Where the array begins that lies in one place, once it is sure to be there whole. */
async function checkedAddress(
  file: FileBytes,
  { address, length }: Extract<DataLayout, { kind: 'contiguous' }>,
  needed: number,
): Promise<number> {
  if (needed === 0) return 0;
  if (address === undefined) {
    throw new DataError('the array was never written: is the file whole?', {
      code: 'unwritten',
      file: file.name,
    });
  }
  if (length < needed) throw damaged(file.name);
  await file.fill(new Uint8Array(1), address + needed - 1);
  return address;
}
