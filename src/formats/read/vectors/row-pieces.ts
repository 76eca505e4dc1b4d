import type { Location, Piece, StoredPieces } from '../../../batch.ts';
import type { OpenedFile } from '../format.ts';
import { defaultPieceLength } from '../piece-cutter.ts';

/** Rows of one length that can be read from any on. */
export interface RowSource {
  rows: number;
  /** Bytes a row. */
  record: number;
  /** Fills `target` with `count` rows from `first` on, which is from 0; called in ascending order. */
  read: (first: number, count: number, target: Uint8Array<ArrayBuffer>) => Promise<void>;
  /** What a piece that begins with this row, from 0, says of where it lies. */
  byteOffset: (row: number) => number;
}

/** Pieces of as many rows as their length takes, the first of which alone decides which rows those are. */
export function rowPieces(
  { rows, record, read, byteOffset }: RowSource,
  pieceLength = defaultPieceLength,
): Pick<OpenedFile, 'pieces' | 'recycle'> {
  const perPiece = Math.max(1, Math.floor(pieceLength / record));
  const free: ArrayBuffer[] = [];

  async function* pieces(stored?: StoredPieces): AsyncGenerator<Piece> {
    for (let [sequence, row] = [0, 0]; row < rows; sequence++, row += perPiece) {
      if (stored?.has(sequence)) continue;
      const records = Math.min(perPiece, rows - row);
      const buffer = free.pop() ?? new ArrayBuffer(Math.min(perPiece, rows) * record);
      const bytes = new Uint8Array(buffer, 0, records * record);
      await read(row, records, bytes);
      const location: Location = {
        sequence,
        firstRow: row + 1,
        records,
        byteOffset: byteOffset(row),
        byteLength: bytes.length,
      };
      yield { location, bytes };
    }
  }

  return { pieces, recycle: (buffer) => void (free.length < 4 && free.push(buffer)) };
}
