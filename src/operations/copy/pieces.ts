import type { Piece, StoredPieces } from '../../batch.ts';
import type { Part } from '../../formats/write/format.ts';

/** Buffers of pieces that wait to be filled again. */
const kept = 4;

/** Puts parts of whole tuples together to pieces, which are cut where the parts alone decide. */
export class PieceGatherer {
  private readonly pieceLength: number;
  private readonly free: ArrayBuffer[] = [];

  /** @param pieceLength bytes a piece; more only where one part is longer */
  constructor(pieceLength: number) {
    this.pieceLength = pieceLength;
  }

  /** A piece's buffer that is not used any more. */
  recycle(buffer: ArrayBuffer): void {
    if (buffer.byteLength === this.pieceLength && this.free.length < kept) this.free.push(buffer);
  }

  /** @param stored pieces that are left out */
  async *pieces(parts: AsyncIterable<Part>, stored: StoredPieces | undefined): AsyncGenerator<Piece> {
    let [sequence, firstRow, byteOffset] = [0, 1, 0];
    let buffer = this.take(0);
    let [byteLength, records] = [0, 0];
    const end = (): Piece | undefined => {
      const location = { sequence, firstRow, records, byteOffset, byteLength };
      const piece = { location, bytes: buffer.subarray(0, byteLength) };
      const isStored = stored?.has(sequence);
      if (isStored) this.recycle(buffer.buffer);
      sequence++;
      firstRow += records;
      byteOffset += byteLength;
      [byteLength, records] = [0, 0];
      return isStored ? undefined : piece;
    };
    for await (const { streams, rows } of parts) {
      const tuples = streams[0]!;
      if (byteLength + tuples.length > buffer.length) {
        const piece = records > 0 ? end() : undefined;
        if (piece !== undefined) yield piece;
        buffer = this.take(tuples.length);
      }
      buffer.set(tuples, byteLength);
      byteLength += tuples.length;
      records += rows;
    }
    const last = records > 0 ? end() : undefined;
    if (last !== undefined) yield last;
  }

  private take(length: number): Uint8Array<ArrayBuffer> {
    if (length > this.pieceLength) return new Uint8Array(length);
    return new Uint8Array(this.free.pop() ?? new ArrayBuffer(this.pieceLength));
  }
}
