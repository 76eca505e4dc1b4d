import type { Batch, Piece } from '../../../batch.ts';
import { DataError } from '../../../errors.ts';
import { TAKEN } from '../../../text-reader.ts';
import type { PieceDecoder } from '../format.ts';
import { RowNumbers } from '../row-numbers.ts';
import { type ReadColumn, refusal } from '../text-columns.ts';
import { type Dialect, LINE_FEED } from './dialect.ts';
import { type FieldEnd, FieldScanner, RECORD_END, STRAY_LINE_END, UNCLOSED } from './field-scanner.ts';

export interface DecoderOptions {
  file: string;
  dialect: Dialect;
  /** Fields a record has. */
  fieldCount: number;
}

/** Input bytes a batch: small enough to stay in the cache and to keep the database busy while the next is read. */
const batchLength = 256 * 1024;

export function csvDecoder(columns: readonly ReadColumn[], options: DecoderOptions): PieceDecoder {
  return new CsvDecoder(columns, options);
}

class CsvDecoder implements PieceDecoder {
  private readonly columns: readonly ReadColumn[];
  private readonly options: DecoderOptions;
  private readonly scanner: FieldScanner;
  /** By field: the columns that it goes into; most often one, or none. */
  private readonly targets: readonly (readonly ReadColumn[])[];
  /** Records of the current piece so far. */
  private records = 0;
  bytesRead = 0;
  private readonly rowNumbers = new RowNumbers();

  constructor(columns: readonly ReadColumn[], options: DecoderOptions) {
    this.columns = columns;
    this.options = options;
    this.scanner = new FieldScanner(options.dialect);
    this.targets = Array.from({ length: options.fieldCount }, (_, field) =>
      columns.filter((column) => column.field === field),
    );
  }

  *batches(piece: Piece): Generator<Batch> {
    const input = Buffer.from(piece.bytes.buffer, piece.bytes.byteOffset, piece.bytes.length);
    this.records = 0;
    this.bytesRead = 0;
    this.rowNumbers.clear();
    // Whatever a piece that failed half way has left in the readers.
    for (const { reader } of this.columns) reader.take();
    let position = 0;
    while (position < input.length) {
      const stop = position + batchLength;
      let rows = 0;
      while (position < input.length && position < stop) {
        if (this.readRecord(input, position, piece)) rows++;
        else this.rowNumbers.addBlank(this.records);
        this.records++;
        position = this.scanner.position;
      }
      this.bytesRead = position;
      if (rows > 0) yield { rows, columns: this.columns.map(({ reader }) => reader.take()) };
    }
  }

  rowNumber(piece: Piece, n: number): number {
    return piece.location.firstRow + this.rowNumbers.recordOf(n);
  }

  /** Reads the record at `position`; false: it is an empty line. */
  private readRecord(input: Buffer, position: number, piece: Piece): boolean {
    const { scanner, targets } = this;
    const { fieldCount } = this.options;
    let at = position;
    for (let field = 0; ; field++) {
      const end = scanner.scan(input, at, input.length);
      if (end >= UNCLOSED) throw this.brokenRecord(end, piece);
      if (
        field === 0 &&
        end === RECORD_END &&
        fieldCount > 1 &&
        !scanner.quoted &&
        scanner.start === scanner.end
      ) {
        return false;
      }
      if (field < fieldCount) {
        const columns = targets[field]!;
        for (let i = 0; i < columns.length; i++) this.readField(columns[i]!, piece);
      }
      if (end === RECORD_END) {
        if (field + 1 !== fieldCount) throw this.wrongFieldCount(field + 1, piece);
        return true;
      }
      at = scanner.position;
    }
  }

  private readField(column: ReadColumn, piece: Piece): void {
    const { scanner } = this;
    const { reader } = column;
    if (scanner.isNull()) {
      reader.readNull();
      return;
    }
    const verdict = reader.read(scanner.value, scanner.start, scanner.end);
    if (verdict === TAKEN) return;
    const { value: bytes, start, end } = scanner;
    throw refusal(column, verdict, { bytes, start, end }, this.place(piece));
  }

  private brokenRecord(end: FieldEnd, piece: Piece): DataError {
    if (end === STRAY_LINE_END) {
      const what = this.options.dialect.newline === LINE_FEED ? 'carriage return' : 'line feed';
      return this.error(`a ${what} stands outside quotes`, piece, {
        code: 'bad-line-end',
        sqlstate: '22P04',
        hint: 'quote the field that holds it, or convert the file to one kind of line end',
      });
    }
    return this.error('a quote is opened and never closed', piece, {
      code: 'unclosed-quote',
      sqlstate: '22P04',
      hint: 'a quote inside a quoted field is written twice ("")',
    });
  }

  private wrongFieldCount(seen: number, piece: Piece): DataError {
    const { fieldCount } = this.options;
    const counts = `the row has ${seen} field${seen === 1 ? '' : 's'}, not ${fieldCount}`;
    const missing = this.columns.find(({ field }) => field >= seen);
    return this.error(missing === undefined ? counts : `${counts}: ${missing.name} is missing`, piece, {
      code: seen < fieldCount ? 'missing-field' : 'extra-field',
      sqlstate: '22P04',
      column: missing?.name,
      hint: 'a field that holds the delimiter or a line end must be quoted',
    });
  }

  private error(message: string, piece: Piece, details: object): DataError {
    return new DataError(message, { ...details, ...this.place(piece) });
  }

  private place(piece: Piece): { file: string; row: number } {
    return { file: this.options.file, row: piece.location.firstRow + this.records };
  }
}
