import type { Batch, Piece } from '../../../batch.ts';
import { DataError } from '../../../errors.ts';
import type { SessionFacts } from '../../../values/types.ts';
import type { DecodedColumn, Layout, OnBadRecord, PieceDecoder, RejectedRecord, Road } from '../format.ts';
import { RowNumbers } from '../row-numbers.ts';
import { BadValue } from '../vectors/columns.ts';
import { type ColumnDecoder, fieldColumn } from './columns.ts';
import type { FieldType } from './field-type.ts';
import { jsonText } from './nested-text.ts';
import { Damaged, type FieldValues } from './values.ts';

/** What decoders of every format of typed columns must know of a file. */
export interface ColumnarLayout extends Layout {
  /** By field. */
  names: readonly string[];
  types: readonly FieldType[];
  /** The fields that pieces hold, in the file's order. */
  held: readonly number[];
}

/** The rows of a piece. Its arrays are valid until the next piece is read. */
export interface PieceRows {
  count: number;
  /** The values of a field that pieces hold, a slot a row. */
  field: (field: number) => FieldValues;
}

/** Reads a piece's bytes. @throws Damaged, RangeError where they do not hold together */
export type ReadPiece = (piece: Piece) => PieceRows;

/** Bytes of values a batch, about. */
const batchLength = 256 * 1024;

export class ColumnarDecoder implements PieceDecoder {
  bytesRead = 0;
  private readonly layout: ColumnarLayout;
  private readonly readPiece: ReadPiece;
  private readonly columns: readonly { name: string; field: number; decode: ColumnDecoder }[];
  private readonly rowNumbers = new RowNumbers();
  private rows: PieceRows = { count: 0, field: () => noField() };

  constructor(
    layout: ColumnarLayout,
    columns: readonly DecodedColumn[],
    road: Road,
    session: SessionFacts,
    readPiece: ReadPiece,
  ) {
    this.layout = layout;
    this.readPiece = readPiece;
    this.columns = columns.map((column) => ({
      name: column.name,
      field: column.field,
      decode: fieldColumn(layout.types[column.field]!, column, road, session),
    }));
  }

  *batches(piece: Piece, onBad?: OnBadRecord): Generator<Batch> {
    const { location } = piece;
    this.bytesRead = 0;
    this.rowNumbers.clear();
    this.rows = this.guarded(undefined, () => this.readPiece(piece));
    const total = location.records;
    const fields = this.columns.map(({ name, field }) => this.guarded(name, () => this.rows.field(field)));
    const perBatch = rowsPerBatch(fields);
    let from = 0;
    for (let most = perBatch; from < total; ) {
      const count = Math.min(most, total - from);
      const read = this.read(fields, from, count);
      most = perBatch;
      if (!(read instanceof BadRow)) {
        from += count;
        this.bytesRead = Math.floor((location.byteLength * from) / total);
        yield read;
      } else if (read.row > 0) {
        // What comes before it goes first, as another column may find a bad row there.
        most = read.row;
      } else {
        const error = this.located(read, location.firstRow + from);
        if (onBad === undefined) throw error;
        onBad(error, this.rejected(from));
        this.rowNumbers.addBlank(from++);
      }
    }
    this.bytesRead = location.byteLength;
  }

  rowNumber(piece: Piece, n: number): number {
    return piece.location.firstRow + this.rowNumbers.recordOf(n);
  }

  record(_: Piece, n: number): RejectedRecord {
    return this.rejected(this.rowNumbers.recordOf(n));
  }

  /** Rows [from, from + count), or the first of them that is bad, by the first column that says so. */
  private read(fields: readonly FieldValues[], from: number, count: number): Batch | BadRow {
    try {
      const columns = this.columns.map(({ name, decode }, i) => {
        try {
          return decode(fields[i]!, from, count);
        } catch (error) {
          throw error instanceof BadValue ? new BadRow(error, name) : error;
        }
      });
      return { rows: count, columns };
    } catch (error) {
      if (error instanceof BadRow) return error;
      throw error;
    }
  }

  /** A line of JSON with the row's values, by the fields' names. */
  private rejected(row: number): RejectedRecord {
    const { names, types, held } = this.layout;
    const members = held.map((field) => {
      return `${JSON.stringify(names[field])}:${jsonText(types[field]!, this.rows.field(field), row)}`;
    });
    return { bytes: Buffer.from(`{${members.join(',')}}\n`), byteOffset: undefined };
  }

  private located({ cause, column }: BadRow, row: number): DataError {
    const { message, ...details } = cause.problem;
    return new DataError(message, { ...details, code: 'bad-value', file: this.layout.file, row, column });
  }

  /** Says of damage where it is. */
  private guarded<T>(column: string | undefined, read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw damagedFile(error, this.layout.file, column);
    }
  }
}

/** The error to throw where a file's bytes do not hold together; any other as it is. */
export function damagedFile(error: unknown, file: string, column?: string): unknown {
  if (!(error instanceof Damaged) && !(error instanceof RangeError)) return error;
  const message = `the file is damaged: ${error.message}`;
  return new DataError(message, { code: 'damaged', sqlstate: '22P04', file, column, cause: error });
}

/** A row that a column cannot take, by its index in the run. */
class BadRow extends Error {
  override readonly cause: BadValue;
  readonly column: string;

  constructor(cause: BadValue, column: string) {
    super(cause.message);
    this.cause = cause;
    this.column = column;
  }

  get row(): number {
    return this.cause.row;
  }
}

function noField(): never {
  throw new Error('no piece has been read yet');
}

/** By the fields' average size. */
function rowsPerBatch(fields: readonly FieldValues[]): number {
  let bytes = 1;
  for (const values of fields) bytes += sizeOf(values) / Math.max(1, values.length);
  return Math.max(1, Math.floor(batchLength / bytes));
}

/** Bytes that the values take, without their validity. */
function sizeOf(values: FieldValues): number {
  switch (values.kind) {
    case 'numbers':
      return values.elements.byteLength;
    case 'list':
      return values.offsets.byteLength + sizeOf(values.elements);
    case 'struct':
      return values.fields.reduce((sum, field) => sum + sizeOf(field), 0);
    default:
      return values.bytes.length;
  }
}
