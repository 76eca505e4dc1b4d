import type { Batch, Piece } from '../../../batch.ts';
import { DataError } from '../../../errors.ts';
import { TAKEN } from '../../../text-reader.ts';
import type { OnBadRecord, PieceDecoder, RejectedRecord } from '../format.ts';
import { PieceRecords, rejectedLine } from '../piece-records.ts';
import { type ReadColumn, refusal } from '../text-columns.ts';
import { brokenRecord, wrongFieldCount } from './broken-record.ts';
import type { Dialect } from './dialect.ts';
import { FieldScanner, RECORD_END, UNCLOSED } from './field-scanner.ts';

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
  bytesRead = 0;
  /** In the order of their fields. */
  private readonly columns: readonly ReadColumn[];
  private readonly options: DecoderOptions;
  private readonly scanner: FieldScanner;
  /** By field: the columns that it goes into; most often one, or none. */
  private readonly targets: readonly (readonly ReadColumn[])[];
  private readonly records: PieceRecords;
  /** The columns that have nothing of the record that was refused last. */
  private untaken: readonly ReadColumn[] = [];

  constructor(columns: readonly ReadColumn[], options: DecoderOptions) {
    this.columns = columns.toSorted((a, b) => a.field - b.field);
    this.options = options;
    this.scanner = new FieldScanner(options.dialect);
    this.targets = Array.from({ length: options.fieldCount }, (_, field) =>
      columns.filter((column) => column.field === field),
    );
    this.records = new PieceRecords(columns);
  }

  *batches(piece: Piece, onBad?: OnBadRecord): Generator<Batch> {
    const input = Buffer.from(piece.bytes.buffer, piece.bytes.byteOffset, piece.bytes.length);
    this.bytesRead = 0;
    this.records.begin();
    let position = 0;
    while (position < input.length) {
      const stop = position + batchLength;
      while (position < input.length && position < stop) {
        position = this.readRecord(input, position, piece, onBad);
      }
      this.bytesRead = position;
      const batch = this.records.takeBatch();
      if (batch !== undefined) yield batch;
    }
  }

  rowNumber(piece: Piece, n: number): number {
    return this.records.rowNumber(piece, n);
  }

  record(piece: Piece, n: number): RejectedRecord {
    const input = Buffer.from(piece.bytes.buffer, piece.bytes.byteOffset, piece.bytes.length);
    const start = this.records.startOf(n);
    const end = this.scanner.skipRecord(input, start, input.length);
    return rejectedLine(piece, start, end, this.options.dialect.newline);
  }

  /** Reads the record at `start`, or tells `onBad` of it; returns where the next one begins. */
  private readRecord(input: Buffer, start: number, piece: Piece, onBad: OnBadRecord | undefined): number {
    try {
      if (this.readFields(input, start, piece)) this.records.addRow(start);
      else this.records.addBlank();
      return this.scanner.position;
    } catch (error) {
      if (onBad === undefined || !(error instanceof DataError)) throw error;
      for (const { reader } of this.untaken) reader.readNull();
      this.records.addBad();
      const end = this.scanner.skipRecord(input, start, input.length);
      onBad(error, rejectedLine(piece, start, end, this.options.dialect.newline));
      return end;
    }
  }

  /** Reads the fields of the record at `start`; false: it is an empty line. */
  private readFields(input: Buffer, start: number, piece: Piece): boolean {
    const { scanner, targets } = this;
    const { fieldCount } = this.options;
    let at = start;
    for (let field = 0; ; field++) {
      const end = scanner.scan(input, at, input.length);
      if (end >= UNCLOSED) {
        this.untaken = this.from(field);
        throw brokenRecord(end, this.options.dialect, this.place(piece));
      }
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
        if (field + 1 === fieldCount) return true;
        this.untaken = this.from(field + 1);
        throw wrongFieldCount(field + 1, fieldCount, this.place(piece), this.untaken[0]?.name);
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
    this.untaken = this.columns.slice(this.columns.indexOf(column));
    const { value: bytes, start, end } = scanner;
    throw refusal(column, verdict, { bytes, start, end }, this.place(piece));
  }

  /** The columns of this field and those behind it. */
  private from(field: number): readonly ReadColumn[] {
    return this.columns.filter((column) => column.field >= field);
  }

  private place(piece: Piece): { file: string; row: number } {
    return { file: this.options.file, row: piece.location.firstRow + this.records.count };
  }
}
