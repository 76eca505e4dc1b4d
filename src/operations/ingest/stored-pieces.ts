import type { Piece, StoredPieces } from '../../batch.ts';
import { checksum } from '../../checksum.ts';
import type { Session } from '../../database/database.ts';
import { type PieceTable, storedPieces } from '../../sql/ledger-pieces.ts';
import type { Input } from './input.ts';

/** A piece that the ledger has as stored. */
export interface StoredPiece {
  file: number;
  piece: number;
  byteLength: number;
  records: number;
  checksum: string;
  rows: number;
  rejected: number;
}

/** What a load has stored before, by file and piece. */
export class Stored {
  readonly all: readonly StoredPiece[];
  private readonly byFile = new Map<number, Map<number, StoredPiece>>();

  constructor(all: readonly StoredPiece[]) {
    this.all = all;
    for (const stored of all) {
      const ofFile = this.byFile.get(stored.file) ?? new Map<number, StoredPiece>();
      this.byFile.set(stored.file, ofFile.set(stored.piece, stored));
    }
  }

  static async read(session: Session, table: PieceTable, loadId: string): Promise<Stored> {
    const { rows } = await session.query<StoredPiece>(storedPieces(table, loadId));
    return new Stored(rows);
  }

  get rows(): number {
    return this.all.reduce((sum, { rows }) => sum + rows, 0);
  }

  get rejected(): number {
    return this.all.reduce((sum, { rejected }) => sum + rejected, 0);
  }

  ofFile(file: number): StoredPieces {
    return this.byFile.get(file) ?? new Map();
  }

  has(file: number, piece: number): boolean {
    return this.byFile.get(file)?.has(piece) ?? false;
  }

  /** Records of a file that are in stored pieces. */
  records(file: number): number {
    let records = 0;
    for (const stored of this.ofFile(file).values()) records += stored.records;
    return records;
  }

  /** Whether a piece that is read again is what was stored; undefined where it was not stored. */
  matches(file: number, { location, bytes }: Piece): boolean | undefined {
    const stored = this.byFile.get(file)?.get(location.sequence);
    if (stored === undefined) return undefined;
    return stored.byteLength === location.byteLength && stored.checksum === checksum(bytes);
  }

  /** Reads a file once more, to see whether all of it that was stored is in it still. */
  async isIn(input: Input, file: number, pieceLength: number): Promise<boolean> {
    const { file: opened, close } = await input.open({ pieceLength });
    let left = this.ofFile(file).size;
    try {
      for await (const piece of opened.pieces()) {
        const same = this.matches(file, piece);
        opened.recycle(piece.bytes.buffer);
        if (same === false) return false;
        if (same === true && --left === 0) return true;
      }
      return left === 0;
    } finally {
      await close();
    }
  }
}
