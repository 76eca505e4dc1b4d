import type { Batch, Piece } from '../../../batch.ts';
import { DataError } from '../../../errors.ts';
import type { PieceDecoder } from '../format.ts';
import { RowNumbers } from '../row-numbers.ts';
import type { ReadColumn } from '../text-columns.ts';
import { FieldNames, UNKNOWN } from './field-names.ts';
import type { Frame } from './frames.ts';
import { ObjectScanner } from './object-scanner.ts';
import { BrokenJson, scanValue } from './syntax.ts';
import { ValueReader } from './value-reader.ts';

export interface DecoderOptions {
  file: string;
  frame: Frame;
  /** Keys by field. */
  names: readonly string[];
  /** Whether a key that is none of them is left out rather than refused. */
  others: boolean;
}

/** Input bytes a batch: small enough to stay in the cache and to keep the database busy while the next is read. */
const batchLength = 256 * 1024;

export function jsonDecoder(columns: readonly ReadColumn[], options: DecoderOptions): PieceDecoder {
  return new JsonDecoder(columns, options);
}

class JsonDecoder implements PieceDecoder {
  bytesRead = 0;
  private readonly columns: readonly ReadColumn[];
  private readonly options: DecoderOptions;
  private readonly names: FieldNames;
  private readonly scanner = new ObjectScanner();
  /** By field: the columns that it goes into; most often one, or none. */
  private readonly targets: readonly (readonly { column: ReadColumn; values: ValueReader }[])[];
  /** By field: the last record of the piece that had it. */
  private readonly seenIn: Int32Array;
  private readonly rowNumbers = new RowNumbers();
  /** Records of the current piece so far. */
  private records = 0;
  private readonly place: { file: string; row: number };
  /** The column of the value at work, for messages. */
  private current: string | undefined;

  constructor(columns: readonly ReadColumn[], options: DecoderOptions) {
    this.columns = columns;
    this.options = options;
    this.names = new FieldNames(options.names);
    this.targets = options.names.map((_, field) =>
      columns
        .filter((column) => column.field === field)
        .map((column) => ({ column, values: new ValueReader(column) })),
    );
    this.seenIn = new Int32Array(options.names.length);
    this.place = { file: options.file, row: 0 };
  }

  *batches(piece: Piece): Generator<Batch> {
    const input = Buffer.from(piece.bytes.buffer, piece.bytes.byteOffset, piece.bytes.length);
    this.records = 0;
    this.bytesRead = 0;
    this.rowNumbers.clear();
    this.seenIn.fill(-1);
    // Whatever a piece that failed half way has left in the readers.
    for (const { reader } of this.columns) reader.take();
    let position = 0;
    while (position < input.length) {
      const stop = position + batchLength;
      let rows = 0;
      while (position < input.length && position < stop) {
        this.place.row = piece.location.firstRow + this.records;
        const behind = this.readRecord(input, position);
        if (behind >= 0) rows++;
        else this.rowNumbers.addBlank(this.records);
        this.records++;
        position = behind >= 0 ? behind : this.options.frame.limit;
      }
      this.bytesRead = position;
      if (rows > 0) yield { rows, columns: this.columns.map(({ reader }) => reader.take()) };
    }
  }

  rowNumber(piece: Piece, n: number): number {
    return piece.location.firstRow + this.rowNumbers.recordOf(n);
  }

  /** Reads the record at `position`; returns where the next one begins, −1 where there is no object. */
  private readRecord(input: Buffer, position: number): number {
    const { frame } = this.options;
    this.current = undefined;
    try {
      const start = frame.begin(input, position, this.place.row === 1);
      if (start < 0) return -1;
      return frame.finish(input, this.readObject(input, start, frame.limit));
    } catch (error) {
      if (!(error instanceof BrokenJson)) throw error;
      const { message, sqlstate, hint } = error;
      throw this.error(message, { code: 'bad-json', sqlstate, hint, column: this.current });
    }
  }

  private readObject(input: Buffer, start: number, end: number): number {
    const { scanner, targets, seenIn, records } = this;
    let seen = 0;
    scanner.begin(input, start, end);
    for (let member = 0; scanner.next(); member++) {
      const field = this.names.find(scanner, member);
      if (field === UNKNOWN) {
        this.refuseUnknown();
        scanner.position = scanValue(input, scanner.position, end);
      } else {
        if (seenIn[field] === records) throw this.repeatedKey(field);
        seenIn[field] = records;
        seen++;
        this.readMember(field, input, end);
      }
    }
    if (seen < targets.length) this.fillMissing();
    return scanner.position;
  }

  private readMember(field: number, input: Buffer, end: number): void {
    const { scanner } = this;
    const columns = this.targets[field]!;
    const at = scanner.position;
    for (let i = 0; i < columns.length; i++) {
      const { column, values } = columns[i]!;
      this.current = column.name;
      scanner.position = values.read(input, at, end, this.place);
      this.current = undefined;
    }
    if (columns.length === 0) scanner.position = scanValue(input, at, end);
  }

  /** A key that the record lacks is NULL. */
  private fillMissing(): void {
    for (let field = 0; field < this.targets.length; field++) {
      if (this.seenIn[field] === this.records) continue;
      for (const { column } of this.targets[field]!) column.reader.readNull();
    }
  }

  private refuseUnknown(): void {
    if (this.options.others) return;
    const key = JSON.stringify(this.names.keyOf(this.scanner));
    const { names } = this.options;
    throw this.error(`the key ${key} is none of the first rows' (${names.join(', ')})`, {
      code: 'unknown-key',
      hint: `leave it out with --columns ${names.join(',')}, or let a row that has it come first`,
    });
  }

  private repeatedKey(field: number): DataError {
    const name = this.options.names[field]!;
    return this.error(`the object has the key ${JSON.stringify(name)} twice`, {
      code: 'repeated-key',
      sqlstate: '22030',
    });
  }

  private error(message: string, details: object): DataError {
    return new DataError(message, { ...details, ...this.place });
  }
}
