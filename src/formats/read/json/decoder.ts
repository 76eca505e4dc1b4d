import type { Batch, Piece } from '../../../batch.ts';
import { DataError } from '../../../errors.ts';
import type { TextReader } from '../../../text-reader.ts';
import type { OnBadRecord, PieceDecoder, RejectedRecord } from '../format.ts';
import { PieceRecords, rejectedLine } from '../piece-records.ts';
import type { ReadColumn } from '../text-columns.ts';
import { FieldNames, UNKNOWN } from './field-names.ts';
import type { Extent, Frame } from './frames.ts';
import { ObjectScanner } from './object-scanner.ts';
import { Scratch } from './scratch.ts';
import { BrokenJson, CLOSE_OBJECT, COMMA, OPEN_OBJECT, scanValue } from './syntax.ts';
import { ValueReader } from './value-reader.ts';

export interface DecoderOptions {
  file: string;
  frame: Frame;
  /** Keys by field. */
  names: readonly string[];
  /** Whether a key that is none of them is left out rather than refused. */
  others: boolean;
}

const [LINE_FEED, CARRIAGE_RETURN, SPACE] = [0x0a, 0x0d, 0x20];

/** Input bytes a batch: small enough to stay in the cache and to keep the database busy while the next is read. */
const batchLength = 256 * 1024;

export function jsonDecoder(columns: readonly ReadColumn[], options: DecoderOptions): PieceDecoder {
  return new JsonDecoder(columns, options);
}

class JsonDecoder implements PieceDecoder {
  bytesRead = 0;
  private readonly options: DecoderOptions;
  private readonly names: FieldNames;
  private readonly scanner = new ObjectScanner();
  /** By field: the columns that it goes into; most often one, or none. */
  private readonly targets: readonly (readonly { column: ReadColumn; values: ValueReader }[])[];
  /** The column of members that are no field's, as one object. */
  private readonly others: ReadColumn | undefined;
  private readonly othersText = new Scratch();
  /** The last record of the piece whose other members are in their column. */
  private othersIn = -1;
  /** By field: the last record of the piece that had it. */
  private readonly seenIn: Int32Array;
  private readonly records: PieceRecords;
  private readonly place: { file: string; row: number };
  /** The column of the value at work. */
  private current: ReadColumn | undefined;

  constructor(columns: readonly ReadColumn[], options: DecoderOptions) {
    this.records = new PieceRecords(columns);
    this.options = options;
    this.names = new FieldNames(options.names);
    this.targets = options.names.map((_, field) =>
      columns
        .filter((column) => column.field === field)
        .map((column) => ({ column, values: new ValueReader(column) })),
    );
    this.others = columns.find(({ field }) => field === options.names.length);
    this.seenIn = new Int32Array(options.names.length);
    this.place = { file: options.file, row: 0 };
  }

  *batches(piece: Piece, onBad?: OnBadRecord): Generator<Batch> {
    const input = Buffer.from(piece.bytes.buffer, piece.bytes.byteOffset, piece.bytes.length);
    this.bytesRead = 0;
    this.records.begin();
    this.seenIn.fill(-1);
    this.othersIn = -1;
    let position = 0;
    while (position < input.length) {
      const stop = position + batchLength;
      while (position < input.length && position < stop) {
        this.place.row = piece.location.firstRow + this.records.count;
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
    const first = this.rowNumber(piece, n) === 1;
    return this.rejected(piece, this.options.frame.extent(input, this.records.startOf(n), first)!);
  }

  /** Reads the record at `position`, or tells `onBad` of it; returns where the next one begins. */
  private readRecord(input: Buffer, position: number, piece: Piece, onBad: OnBadRecord | undefined): number {
    const { frame } = this.options;
    const first = this.place.row === 1;
    this.current = undefined;
    try {
      const start = frame.begin(input, position, first);
      if (start < 0) {
        this.records.addBlank();
        return frame.limit;
      }
      const next = frame.finish(input, this.readObject(input, start, frame.limit));
      this.records.addRow(position);
      return next;
    } catch (error) {
      const problem = error instanceof BrokenJson ? this.badJson(error) : error;
      if (onBad === undefined || !(problem instanceof DataError)) throw problem;
      const extent = frame.extent(input, position, first);
      if (extent === undefined) throw problem;
      this.fillUntaken();
      this.records.addBad();
      onBad(problem, this.rejected(piece, extent));
      return extent.end;
    }
  }

  private rejected(piece: Piece, { start, end }: Extent): RejectedRecord {
    const record = rejectedLine(piece, start, end, LINE_FEED);
    if (this.options.frame.oneLine) return record;
    // JSON's white space: an object that was written over several lines becomes a line of JSON.
    const { bytes } = record;
    for (let i = 0; i < end - start; i++) {
      if (bytes[i] === LINE_FEED || bytes[i] === CARRIAGE_RETURN) bytes[i] = SPACE;
    }
    return record;
  }

  private readObject(input: Buffer, start: number, end: number): number {
    const { scanner, targets, seenIn } = this;
    const record = this.records.count;
    let seen = 0;
    this.othersText.clear();
    scanner.begin(input, start, end);
    for (let member = 0; scanner.next(); member++) {
      const field = this.names.find(scanner, member);
      if (field === UNKNOWN) {
        this.refuseUnknown();
        scanner.position = scanValue(input, scanner.position, end);
        if (this.others !== undefined) this.addOther(input);
      } else {
        if (seenIn[field] === record) throw this.repeatedKey(field);
        seenIn[field] = record;
        seen++;
        this.readMember(field, input, end);
      }
    }
    if (seen < targets.length) this.fillMissing();
    if (this.others !== undefined) this.takeOthers(this.others.reader);
    return scanner.position;
  }

  /** The member that the scanner has walked through, just as it is written. */
  private addOther(input: Buffer): void {
    const { scanner, othersText } = this;
    othersText.add(othersText.length === 0 ? OPEN_OBJECT : COMMA);
    othersText.addAll(input, scanner.memberStart, scanner.position);
  }

  private takeOthers(reader: TextReader): void {
    const { othersText } = this;
    if (othersText.length === 0) reader.readNull();
    else {
      othersText.add(CLOSE_OBJECT);
      // Any text is one to this reader.
      reader.read(othersText.bytes, 0, othersText.length);
    }
    this.othersIn = this.records.count;
  }

  private readMember(field: number, input: Buffer, end: number): void {
    const { scanner } = this;
    const columns = this.targets[field]!;
    const at = scanner.position;
    for (let i = 0; i < columns.length; i++) {
      const { column, values } = columns[i]!;
      this.current = column;
      scanner.position = values.read(input, at, end, this.place);
      this.current = undefined;
    }
    if (columns.length === 0) scanner.position = scanValue(input, at, end);
  }

  /** A key that the record lacks is NULL. */
  private fillMissing(): void {
    const { seenIn, targets } = this;
    for (let field = 0; field < targets.length; field++) {
      if (seenIn[field] === this.records.count) continue;
      seenIn[field] = this.records.count;
      for (const { column } of targets[field]!) column.reader.readNull();
    }
  }

  /** NULL for every column that has nothing yet of a record that is refused. */
  private fillUntaken(): void {
    this.targets.forEach((columns, field) => {
      let taken = this.seenIn[field] === this.records.count;
      for (const { column } of columns) {
        if (column === this.current) taken = false;
        if (!taken) column.reader.readNull();
      }
    });
    if (this.othersIn !== this.records.count) this.others?.reader.readNull();
  }

  private refuseUnknown(): void {
    if (this.options.others || this.others !== undefined) return;
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

  private badJson({ message, sqlstate, hint }: BrokenJson): DataError {
    return this.error(message, { code: 'bad-json', sqlstate, hint, column: this.current?.name });
  }

  private error(message: string, details: object): DataError {
    return new DataError(message, { ...details, ...this.place });
  }
}
