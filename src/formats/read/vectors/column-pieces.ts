import type { Location, Piece, StoredPieces } from '../../../batch.ts';
import { DataError } from '../../../errors.ts';
import type { Source } from '../../../source.ts';
import type { OpenedFile } from '../format.ts';
import { defaultPieceLength } from '../piece-cutter.ts';
import { elementTypes } from './elements.ts';
import { recordLength, type VectorLayout } from './layout.ts';
import type { NpyHeader } from './npy-header.ts';

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
  pieceLength = defaultPieceLength,
): ColumnPieces {
  const { dimensions, element, file } = layout;
  const { size } = elementTypes[element];
  const record = recordLength(layout);
  const rowsPerPiece = Math.max(1, Math.floor(pieceLength / record));
  const free: ArrayBuffer[] = [];

  async function read(firstRow: number, rows: number, buffer: ArrayBuffer): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(buffer, 0, rows * record);
    for (let column = 0; column < dimensions; column++) {
      const part = bytes.subarray(column * rows * size, (column + 1) * rows * size);
      const read = await readAt(part, header.length + (column * header.rows + firstRow) * size);
      if (read < part.length) {
        throw new DataError('the file became shorter while it was read', { code: 'truncated', file });
      }
    }
    return bytes;
  }

  async function* pieces(stored?: StoredPieces): AsyncGenerator<Piece> {
    for (let [sequence, row] = [0, 0]; row < header.rows; sequence++, row += rowsPerPiece) {
      if (stored?.has(sequence)) continue;
      const rows = Math.min(rowsPerPiece, header.rows - row);
      const bytes = await read(row, rows, free.pop() ?? new ArrayBuffer(rowsPerPiece * record));
      const byteOffset = header.length + row * size;
      const location: Location = {
        sequence,
        firstRow: row + 1,
        records: rows,
        byteOffset,
        byteLength: bytes.length,
      };
      yield { location, bytes };
    }
  }

  return {
    first: () => read(0, 1, new ArrayBuffer(record)),
    pieces,
    recycle: (buffer) => void (free.length < 4 && free.push(buffer)),
  };
}
