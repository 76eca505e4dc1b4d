import type { Batch, Piece } from '../../../batch.ts';
import { DataError, type ErrorDetails } from '../../../errors.ts';
import type { SessionFacts } from '../../../values/types.ts';
import type { DecodedColumn, Layout, PieceDecoder, Road } from '../format.ts';
import { BadValue, type ColumnDecoder, elementsColumn, numbersColumn, type Run } from './columns.ts';
import { recordLength, type VectorLayout } from './layout.ts';
import { RowsReader } from './rows.ts';

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
  private readonly columns: readonly { name: string; decode: ColumnDecoder }[];

  constructor(layout: VectorLayout, columns: readonly DecodedColumn[], road: Road, session: SessionFacts) {
    this.layout = layout;
    this.recordLength = recordLength(layout);
    this.rowsReader = new RowsReader(layout);
    this.columns = columns.map((column) => ({
      name: column.name,
      decode:
        column.field === 0
          ? elementsColumn(column, layout, road, session)
          : numbersColumn(column, road, session),
    }));
  }

  *batches(piece: Piece): Generator<Batch> {
    this.bytesRead = 0;
    const total = Math.floor(piece.bytes.length / this.recordLength);
    const perBatch = Math.max(1, Math.floor(batchLength / this.recordLength));
    const rows = this.rowsReader.read(piece, total);
    for (let from = 0; from < total; from += perBatch) {
      const count = Math.min(perBatch, total - from);
      this.checkPrefixes(piece, from, count);
      const run: Run = { rows, from, count, number: piece.location.firstRow - 1 + from };
      const columns = this.columns.map(({ name, decode }) => {
        try {
          return decode(run);
        } catch (error) {
          throw this.located(error, piece, from, name);
        }
      });
      this.bytesRead = (from + count) * this.recordLength;
      yield { rows: count, columns };
    }
    const rest = piece.bytes.length - total * this.recordLength;
    if (rest > 0) this.refuseRest(piece, total, rest);
  }

  rowNumber(piece: Piece, n: number): number {
    return piece.location.firstRow + n;
  }

  /** Each row says its dimensions anew. */
  private checkPrefixes({ bytes, location }: Piece, from: number, count: number): void {
    const { prefix, dimensions } = this.layout;
    if (prefix === 0) return;
    for (let row = from; row < from + count; row++) {
      const at = row * this.recordLength;
      const seen = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
      if (seen !== dimensions) throw this.otherDimensions(seen, location.firstRow + row);
    }
  }

  private otherDimensions(seen: number, row: number): DataError {
    return this.error(`the row has ${seen} dimensions, row 1 has ${this.layout.dimensions}`, row, {
      code: 'bad-dimensions',
      sqlstate: '22000',
      hint: 'all vectors of a file have one length; is the file damaged?',
    });
  }

  /** The file ends within a row; where that is of another length than the first, that is what is wrong. */
  private refuseRest(piece: Piece, row: number, rest: number): never {
    if (rest >= this.layout.prefix) this.checkPrefixes(piece, row, 1);
    throw this.error(
      `the file ends within the row, after ${rest} of its ${this.recordLength} bytes`,
      piece.location.firstRow + row,
      { code: 'truncated', sqlstate: '22P04' },
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
