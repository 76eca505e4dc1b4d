import type { Batch, Piece } from '../../../batch.ts';
import { grown } from '../../../growing.ts';
import type { TextReader } from '../../../text-reader.ts';
import { TupleWalker } from '../../../tuples.ts';
import { passingReader } from '../../../values/bytes-reader.ts';
import type { DecodedColumn, Layout, PieceDecoder, RejectedRecord, Road } from '../format.ts';

export interface BinaryLayout extends Layout {
  /** A row's. */
  fields: number;
}

/** Input bytes a batch, as in CSV. */
const batchLength = 256 * 1024;

/** Takes tuples apart into columns of bytes that PostgreSQL reads, and judges. */
export function binaryDecoder(layout: Layout, columns: readonly DecodedColumn[], road: Road): PieceDecoder {
  return new BinaryDecoder(layout as BinaryLayout, columns, road);
}

class BinaryDecoder implements PieceDecoder {
  bytesRead = 0;
  private readonly walker: TupleWalker;
  private readonly columns: readonly { field: number; reader: TextReader }[];
  /** The tuples are those that COPY is to have. */
  private readonly isWhole: boolean;
  /** Where each row of the piece begins. */
  private starts = new Int32Array(0);

  constructor({ fields }: BinaryLayout, columns: readonly DecodedColumn[], road: Road) {
    this.isWhole =
      road === 'binary' && columns.length === fields && columns.every(({ field }, i) => field === i);
    this.walker = new TupleWalker(fields);
    this.columns = columns.map(({ field }) => ({ field, reader: passingReader() }));
  }

  /** A piece holds whole tuples: it was cut along them. */
  *batches({ bytes, location }: Piece): Generator<Batch> {
    this.bytesRead = 0;
    this.starts = grown(this.starts, location.records + 1);
    for (const { reader } of this.columns) reader.take();
    let at = 0;
    for (let row = 0; row < location.records; ) {
      const stop = at + batchLength;
      const first = row;
      for (; row < location.records && at < stop; row++) at = this.take(bytes, at, row);
      this.starts[row] = at;
      this.bytesRead = at;
      yield { rows: row - first, columns: this.columns.map(({ reader }) => reader.take()) };
    }
  }

  /** Just as they are. */
  tuples(piece: Piece): Iterable<Uint8Array> | undefined {
    return this.isWhole ? this.chunks(piece) : undefined;
  }

  rowNumber({ location }: Piece, n: number): number {
    return location.firstRow + n;
  }

  record({ bytes, location }: Piece, n: number): RejectedRecord {
    const start = this.starts[n]!;
    return { bytes: bytes.slice(start, this.starts[n + 1]), byteOffset: location.byteOffset + start };
  }

  private *chunks({ bytes }: Piece): Generator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += batchLength) {
      this.bytesRead = Math.min(at + batchLength, bytes.length);
      yield bytes.subarray(at, this.bytesRead);
    }
  }

  private take(bytes: Uint8Array, at: number, row: number): number {
    const { walker } = this;
    this.starts[row] = at;
    const end = walker.next(bytes, at, bytes.length);
    for (const { field, reader } of this.columns) {
      const start = walker.starts[field]!;
      if (start < 0) reader.readNull();
      else reader.read(bytes, start, walker.ends[field]!);
    }
    return end;
  }
}
