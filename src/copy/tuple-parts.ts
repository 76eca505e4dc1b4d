import { DatabaseError } from '../errors.ts';
import { TRAILER, TupleWalker, UNFINISHED } from '../tuples.ts';

/** Signature (11), flags (4) and the length of a header extension (4), which PostgreSQL always leaves empty. */
const headerLength = 19;

/** A buffer holds a run, and a tuple that begins in it: most are shorter than this. */
const bufferLength = ({ partLength }: CutOptions): number => partLength + 2 ** 16;

export interface CutOptions {
  /** Fields a row. */
  fields: number;
  /** Bytes a run, about. */
  partLength: number;
  /** Rows at the beginning that are left out. */
  skip?: number;
  /** Runs end where the number of their next row, counted from `firstRow`, is a multiple of it. */
  every?: number | undefined;
  firstRow?: number;
}

/** Gives a buffer of so many bytes at least, used before perhaps. */
type Take = (length: number) => Uint8Array<ArrayBuffer>;

/** A run of whole tuples: within a buffer that is given away with it. */
type Emit = (tuples: Uint8Array<ArrayBuffer>, rows: number) => void;

/** Cuts the bytes of a binary COPY, header and trailer included, into runs of whole tuples. */
export class TupleCutter {
  private readonly walker: TupleWalker;
  private readonly options: CutOptions;
  private readonly take: Take;
  private readonly emit: Emit;
  private buffer: Uint8Array<ArrayBuffer>;
  private length = 0;
  /** The run is buffer[start, end), of `rows` rows; what follows is not walked over yet. */
  private start = headerLength;
  private end = headerLength;
  private rows = 0;
  private row: number;
  private skipped = 0;
  private wanted: number;
  private complete = false;

  constructor(options: CutOptions, take: Take, emit: Emit) {
    this.walker = new TupleWalker(options.fields);
    this.options = options;
    this.take = take;
    this.emit = emit;
    this.row = options.firstRow ?? 0;
    this.wanted = this.rowsUntil(this.row);
    this.buffer = take(bufferLength(options));
  }

  /** @throws DatabaseError where it is no binary COPY */
  add(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) {
      if (this.length === this.buffer.length) this.makeRoom();
      const room = Math.min(chunk.length - at, this.buffer.length - this.length);
      this.buffer.set(room === chunk.length ? chunk : chunk.subarray(at, at + room), this.length);
      this.length += room;
      at += room;
      this.walk();
    }
  }

  /** No more bytes come. @throws DatabaseError where the trailer has not come */
  finish(): void {
    if (!this.complete) throw notBinary('it ended before its trailer');
    if (this.rows > 0) this.emit(this.buffer.subarray(this.start, this.end), this.rows);
  }

  private walk(): void {
    const { walker, options } = this;
    while (this.end <= this.length) {
      const next = walker.next(this.buffer, this.end, this.length);
      if (next < 0) {
        this.complete = next === TRAILER;
        if (next !== UNFINISHED && !this.complete) throw notBinary(walker.problem);
        return;
      }
      this.end = next;
      if (this.skipped < (options.skip ?? 0)) {
        this.skipped++;
        this.start = next;
        continue;
      }
      this.rows++;
      if (this.rows >= this.wanted || next - this.start >= options.partLength) this.cut();
    }
  }

  /** Ends the run. A short one is copied; else its buffer goes with it, and what lies behind it to another. */
  private cut(): void {
    const { buffer, start, end, rows } = this;
    const isShort = 2 * (end - start) < buffer.length;
    if (!isShort) this.moveTo(this.take(Math.max(bufferLength(this.options), this.length - end)), end);
    this.row += rows;
    this.rows = 0;
    this.wanted = this.rowsUntil(this.row);
    if (isShort) this.start = end;
    this.emit(isShort ? this.copyOf(buffer.subarray(start, end)) : buffer.subarray(start, end), rows);
  }

  private copyOf(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
    const copy = this.take(bytes.length).subarray(0, bytes.length);
    copy.set(bytes);
    return copy;
  }

  /** The buffer is full: what was cut or left out makes room, else it is too small. */
  private makeRoom(): void {
    const { buffer, start, length } = this;
    this.moveTo(2 * start > length ? buffer : this.take(2 * buffer.length), start);
  }

  private moveTo(buffer: Uint8Array<ArrayBuffer>, from: number): void {
    if (buffer === this.buffer) buffer.copyWithin(0, from, this.length);
    else buffer.set(this.buffer.subarray(from, this.length));
    this.buffer = buffer;
    this.length -= from;
    this.end -= from;
    this.start = 0;
  }

  private rowsUntil(row: number): number {
    const { every } = this.options;
    return every === undefined ? Number.POSITIVE_INFINITY : every - (row % every);
  }
}

function notBinary(problem: string): DatabaseError {
  return new DatabaseError(`what the database sent is no whole binary COPY: ${problem}`, {
    code: 'protocol',
  });
}
