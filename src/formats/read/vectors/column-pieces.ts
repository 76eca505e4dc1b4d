import { DataError } from '../../../errors.ts';
import type { Source } from '../../../source.ts';
import type { OpenedFile } from '../format.ts';
import { elementTypes } from './elements.ts';
import { recordLength, type VectorLayout } from './layout.ts';
import type { NpyHeader } from './npy-header.ts';
import { rowPieces } from './row-pieces.ts';

interface ColumnPieces extends Pick<OpenedFile, 'pieces' | 'recycle'> {
  /** The bytes of the first row. */
  first: () => Promise<Uint8Array>;
}

/**
 * Pieces of an array that lies column by column: each column's part for some rows, one behind the other. A piece's
 * byteOffset is where its part of the first column begins.
 */
export function columnPieces(
  readAt: NonNullable<Source['readAt']>,
  layout: VectorLayout,
  header: NpyHeader,
  pieceLength: number | undefined,
): ColumnPieces {
  const { dimensions, element, file } = layout;
  const { size } = elementTypes[element];
  const record = recordLength(layout);
  async function read(firstRow: number, rows: number, bytes: Uint8Array): Promise<void> {
    for (let column = 0; column < dimensions; column++) {
      const part = bytes.subarray(column * rows * size, (column + 1) * rows * size);
      const read = await readAt(part, header.length + (column * header.rows + firstRow) * size);
      if (read < part.length) {
        throw new DataError('the file became shorter while it was read', { code: 'truncated', file });
      }
    }
  }

  return {
    first: async () => {
      const bytes = new Uint8Array(record);
      await read(0, 1, bytes);
      return bytes;
    },
    ...rowPieces(
      { rows: header.rows, record, read, byteOffset: (row) => header.length + row * size },
      pieceLength,
    ),
  };
}
