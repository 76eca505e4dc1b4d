import type { Batch, Piece } from '../../../batch.ts';
import { DataError, type ErrorDetails } from '../../../errors.ts';
import type { SessionFacts } from '../../../values/types.ts';
import type { DecodedColumn, Layout, OnBadRecord, PieceDecoder, RejectedRecord, Road } from '../format.ts';
import { RowNumbers } from '../row-numbers.ts';
import { BadValue, type ColumnDecoder, elementsColumn, numbersColumn, type Run } from './columns.ts';
import { fieldName, recordLength, type VectorLayout } from './layout.ts';
import { otherDimensions } from './records.ts';
import { type Rows, RowsReader } from './rows.ts';
import { VectorTuples } from './tuples.ts';
import { jsonLine } from './value-text.ts';

/** Input bytes a batch, as in CSV. */
const batchLength = 256 * 1024;

/** The decoder of every format whose rows are vectors of one length and nothing else. */
export function vectorDecoder(
  layout: Layout,
  columns: readonly DecodedColumn[],
  road: Road,
  session: SessionFacts,
): PieceDecoder {
  return new VectorDecoder(layout as VectorLayout, columns, road, session);
}

class VectorDecoder implements PieceDecoder {
  bytesRead = 0;
  private readonly layout: VectorLayout;
  private readonly recordLength: number;
  private readonly rowsReader: RowsReader;
  /** Of the current piece. */
  private rows: Rows | undefined;
  private readonly rowNumbers = new RowNumbers();
  private readonly columns: readonly { name: string; decode: ColumnDecoder }[];
  private readonly writer: VectorTuples | undefined;

  constructor(layout: VectorLayout, columns: readonly DecodedColumn[], road: Road, session: SessionFacts) {
    this.layout = layout;
    this.recordLength = recordLength(layout);
    this.rowsReader = new RowsReader(layout);
    this.writer = road === 'binary' ? VectorTuples.of(this.layout, columns) : undefined;
    this.columns = columns.map((column) => ({
      name: column.name,
      decode:
        column.field === 0
          ? elementsColumn(column, layout, road, session)
          : numbersColumn(column, road, session),
    }));
  }

  *batches(piece: Piece, onBad?: OnBadRecord): Generator<Batch> {
    this.bytesRead = 0;
    this.rowNumbers.clear();
    const total = Math.floor(piece.bytes.length / this.recordLength);
    const perBatch = Math.max(1, Math.floor(batchLength / this.recordLength));
    this.rows = this.rowsReader.read(piece, total);
    for (let from = 0; from < total; from += perBatch) {
      const count = Math.min(perBatch, total - from);
      this.bytesRead = (from + count) * this.recordLength;
      yield* this.run(piece, from, count, onBad);
    }
    const rest = piece.bytes.length - total * this.recordLength;
    if (rest === 0) return;
    const error = this.cutShort(piece, total, rest);
    if (onBad === undefined) throw error;
    onBad(error, this.rejected(piece, total));
    this.bytesRead = piece.bytes.length;
  }

  tuples(piece: Piece, onBad?: OnBadRecord): Iterable<Uint8Array> | undefined {
    const isWhole = piece.bytes.length % this.recordLength === 0;
    if (this.writer === undefined || onBad !== undefined || !isWhole) return undefined;
    return this.written(piece, this.writer);
  }

  rowNumber(piece: Piece, n: number): number {
    return piece.location.firstRow + this.rowNumbers.recordOf(n);
  }

  record(piece: Piece, n: number): RejectedRecord {
    return this.rejected(piece, this.rowNumbers.recordOf(n));
  }

  /** Rows [from, from + count) of the piece: as a rule all at once. */
  private *run(piece: Piece, from: number, count: number, onBad: OnBadRecord | undefined): Generator<Batch> {
    const batch = this.tryDecode(piece, from, count);
    if (!(batch instanceof DataError)) yield batch;
    else if (onBad === undefined) throw batch;
    else yield* this.goodRows(piece, from, count, onBad);
  }

  private *written(piece: Piece, writer: VectorTuples): Generator<Uint8Array> {
    const { bytes, location } = piece;
    const { recordLength: length } = this;
    this.bytesRead = 0;
    this.rowNumbers.clear();
    this.rows = this.rowsReader.read(piece, bytes.length / length);
    // What a piece that was not sent to its end has left.
    writer.take();
    for (let from = 0; this.bytesRead < bytes.length; from += writer.rows) {
      const some = bytes.subarray(from * length, (from + writer.rows) * length);
      const count = some.length / length;
      this.checkPrefixes(piece, from, count);
      const isRight = writer.add(some, count, location.firstRow - 1 + from);
      // Tells which value it is.
      if (!isRight) this.decode(piece, from, count);
      this.bytesRead += some.length;
      if (writer.isFull || this.bytesRead === bytes.length) yield writer.take();
    }
  }

  /** Looks at each row alone, tells of the bad ones, and decodes what lies between them. */
  private *goodRows(piece: Piece, from: number, count: number, onBad: OnBadRecord): Generator<Batch> {
    const end = from + count;
    let good = from;
    for (let row = from; row < end; row++) {
      const decoded = this.tryDecode(piece, row, 1);
      if (!(decoded instanceof DataError)) continue;
      if (row > good) yield this.decode(piece, good, row - good);
      good = row + 1;
      this.rowNumbers.addBlank(row);
      onBad(decoded, this.rejected(piece, row));
    }
    if (end > good) yield this.decode(piece, good, end - good);
  }

  private tryDecode(piece: Piece, from: number, count: number): Batch | DataError {
    try {
      return this.decode(piece, from, count);
    } catch (error) {
      if (error instanceof DataError) return error;
      throw error;
    }
  }

  private decode(piece: Piece, from: number, count: number): Batch {
    this.checkPrefixes(piece, from, count);
    const run: Run = { rows: this.rows!, from, count, number: piece.location.firstRow - 1 + from };
    const columns = this.columns.map(({ name, decode }) => {
      try {
        return decode(run);
      } catch (error) {
        throw this.located(error, piece, from, name);
      }
    });
    return { rows: count, columns };
  }

  /** A record with its dimensions in front as it stands; of a plain array, which has none, a line of JSON. */
  private rejected({ bytes, location }: Piece, row: number): RejectedRecord {
    const { layout, recordLength: length } = this;
    const start = row * length;
    const byteOffset = layout.columnMajor || layout.displaced ? undefined : location.byteOffset + start;
    if (layout.prefix > 0)
      return { bytes: new Uint8Array(bytes.subarray(start, start + length)), byteOffset };
    const line = jsonLine(this.rows!, row, fieldName(layout), location.firstRow - 1 + row);
    return { bytes: Buffer.from(line), byteOffset };
  }

  /** Each row says its dimensions anew. */
  private checkPrefixes(piece: Piece, from: number, count: number): void {
    if (this.layout.prefix === 0) return;
    for (let row = from; row < from + count; row++) {
      const error = this.otherPrefix(piece, row);
      if (error !== undefined) throw error;
    }
  }

  private otherPrefix({ bytes, location }: Piece, row: number): DataError | undefined {
    const at = row * this.recordLength;
    const seen = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    const { dimensions, file } = this.layout;
    return seen === dimensions ? undefined : otherDimensions(seen, dimensions, file, location.firstRow + row);
  }

  /** The file ends within a row; where that is of another length than the first, that is what is wrong. */
  private cutShort(piece: Piece, row: number, rest: number): DataError {
    const other = rest >= this.layout.prefix ? this.otherPrefix(piece, row) : undefined;
    return (
      other ??
      this.error(
        `the file ends within the row, after ${rest} of its ${this.recordLength} bytes`,
        piece.location.firstRow + row,
        { code: 'truncated', sqlstate: '22P04' },
      )
    );
  }

  private located(error: unknown, piece: Piece, from: number, column: string): unknown {
    if (!(error instanceof BadValue)) return error;
    const { message, ...details } = error.problem;
    const row = piece.location.firstRow + from + error.row;
    return this.error(message, row, { ...details, code: 'bad-value', column });
  }

  private error(message: string, row: number, details: ErrorDetails): DataError {
    return new DataError(message, { ...details, file: this.layout.file, row });
  }
}
