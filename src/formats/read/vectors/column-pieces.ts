import { DataError } from '../../../errors.ts';
import type { Source } from '../../../source.ts';
import type { OpenedFile } from '../format.ts';
import { elementTypes } from './elements.ts';
import { recordLength, type VectorLayout } from './layout.ts';
import type { NpyHeader } from './npy-header.ts';
import { type RowSource, rowPieces } from './row-pieces.ts';

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
  const rows = columnRows(readAt, layout, header);
  return {
    first: async () => {
      const bytes = new Uint8Array(rows.record);
      await rows.read(0, 1, bytes);
      return bytes;
    },
    ...rowPieces(rows, pieceLength),
  };
}

/** Rows of such an array: of as many as are asked for, column by column too. */
export function columnRows(
  readAt: NonNullable<Source['readAt']>,
  layout: VectorLayout,
  { length, rows }: Pick<NpyHeader, 'length' | 'rows'>,
): RowSource {
  const { size } = elementTypes[layout.element];
  return {
    rows,
    record: recordLength(layout),
    read: async (first, count, target) => {
      for (let column = 0; column < layout.dimensions; column++) {
        const part = target.subarray(column * count * size, (column + 1) * count * size);
        const read = await readAt(part, length + (column * rows + first) * size);
        if (read < part.length) {
          throw new DataError('the file became shorter while it was read', {
            code: 'truncated',
            file: layout.file,
          });
        }
      }
    },
    byteOffset: (row) => length + row * size,
  };
}
