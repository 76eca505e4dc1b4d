import type { Location, Piece, StoredPieces } from '../../batch.ts';
import { DataError } from '../../errors.ts';
import type { Source } from '../../source.ts';

/** Bytes a piece: large enough that a transaction costs little, small enough that lanes share the work evenly. */
export const defaultPieceLength = 8 * 2 ** 20;
/** PostgreSQL takes no larger row; what looks like one is an unclosed quote. */
const longestRecord = 2 ** 30;

/** How many whole records the first `length` bytes of a buffer hold, and where the last one ends. */
export interface Cut {
  end: number;
  records: number;
}

/**
 * Cuts a source into pieces of whole records. Where it cuts depends on the bytes behind the last cut alone: a piece
 * ends with the last record that ends within pieceLength of its beginning; where none does, within twice that, and
 * so on.
 */
export class PieceCutter {
  private readonly source: Source;
  private readonly pieceLength: number;
  private readonly free: ArrayBuffer[] = [];
  private buffer: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  private filled = 0;
  private ended = false;
  private offset = 0;
  /** Set once bytes were passed over without being read: where the next are to be read from. */
  private readFrom: number | undefined;

  constructor(source: Source, pieceLength = defaultPieceLength) {
    this.source = source;
    this.pieceLength = pieceLength;
  }

  /** Bytes that were skipped or cut so far. */
  get position(): number {
    return this.offset;
  }

  /** The source has nothing behind what `peek` shows. */
  get atEnd(): boolean {
    return this.ended;
  }

  /** The first bytes of what has not been cut yet, a whole piece's worth where there are so many. */
  async peek(): Promise<Uint8Array> {
    if (this.filled === 0 && !this.ended) await this.fill(this.take(this.pieceLength), 0);
    return this.buffer.subarray(0, this.filled);
  }

  /** Has `peek` show twice as much. */
  lengthen(): Promise<void> {
    return this.enlarge(2 * this.filled, 1);
  }

  /** Leaves out the first `length` bytes: a byte order mark, a header. */
  async skip(length: number): Promise<void> {
    const rest = this.buffer.subarray(length, this.filled);
    this.offset += length;
    await this.startNext(rest);
  }

  /** Leaves out bytes that may lie behind what has been read; seeks where the source can. */
  private async pass(length: number): Promise<void> {
    if (length <= this.filled) return this.skip(length);
    let rest = length - this.filled;
    this.offset += length;
    if (this.source.readAt !== undefined) {
      this.readFrom = this.offset;
    } else {
      const scratch = this.take(this.pieceLength);
      while (rest > 0) {
        const read = await this.source.read(scratch.subarray(0, Math.min(rest, scratch.length)));
        if (read === 0) break;
        rest -= read;
      }
      this.recycle(scratch.buffer);
    }
    await this.startNext(new Uint8Array(0));
  }

  /** A piece's buffer that is not used any more. */
  recycle(buffer: ArrayBuffer): void {
    if (buffer.byteLength === this.pieceLength && this.free.length < 4) this.free.push(buffer);
  }

  /**
   * The pieces, one after the other. `cut` says how many records end within the first `length` bytes; at the end
   * of the source the last record may lack its line end, and the rest is a piece as it is.
   * @param stored pieces that are passed over
   */
  async *pieces(
    cut: (bytes: Buffer, length: number, atEnd: boolean) => Cut,
    stored?: StoredPieces,
  ): AsyncGenerator<Piece> {
    let [sequence, firstRow, window] = [0, 1, this.pieceLength];
    await this.peek();
    while (this.filled > 0) {
      const known = stored?.get(sequence);
      if (known !== undefined) {
        await this.pass(known.byteLength);
        sequence++;
        firstRow += known.records;
        continue;
      }
      const bytes = Buffer.from(this.buffer.buffer, 0, this.filled);
      // Only what ends before the window does is known to be the end, however much has been read already.
      const { end, records } = cut(bytes, Math.min(this.filled, window), this.ended && this.filled < window);
      if (end === 0) {
        window *= 2;
        if (this.filled < window && !this.ended) await this.enlarge(window, firstRow);
        continue;
      }
      window = this.pieceLength;
      const piece = this.buffer.subarray(0, end);
      const rest = this.buffer.subarray(end, this.filled);
      const location: Location = { sequence, firstRow, records, byteOffset: this.offset, byteLength: end };
      this.offset += end;
      const [next, carried] = [this.carried(rest), rest.length];
      // Before more is read, which a stream may give late; its buffer is gone then.
      yield { location, bytes: piece };
      await this.fill(next, carried);
      sequence++;
      firstRow += records;
    }
  }

  /** Carries the bytes behind a cut over into a new buffer and fills that up. */
  private async startNext(rest: Uint8Array, room = this.pieceLength): Promise<void> {
    await this.fill(this.carried(rest, room), rest.length);
  }

  /** A new buffer that begins with these bytes. */
  private carried(rest: Uint8Array, room = this.pieceLength): Uint8Array<ArrayBuffer> {
    const next = this.take(Math.max(room, rest.length));
    next.set(rest);
    return next;
  }

  private async enlarge(room: number, firstRow: number): Promise<void> {
    if (this.filled >= longestRecord) {
      throw new DataError('the row is longer than 1 GB: a quote before it was never closed?', {
        code: 'row-too-long',
        file: this.source.name,
        row: firstRow,
      });
    }
    await this.startNext(this.buffer.subarray(0, this.filled), room);
  }

  private async fill(target: Uint8Array<ArrayBuffer>, from: number): Promise<void> {
    const room = target.subarray(from);
    const read = this.ended ? 0 : await this.read(room);
    if (read < target.length - from) this.ended = true;
    this.buffer = target;
    this.filled = from + read;
  }

  private async read(target: Uint8Array): Promise<number> {
    if (this.readFrom === undefined) return this.source.read(target);
    const read = await this.source.readAt!(target, this.readFrom);
    this.readFrom += read;
    return read;
  }

  private take(length: number): Uint8Array<ArrayBuffer> {
    if (length > this.pieceLength) return new Uint8Array(length);
    return new Uint8Array(this.free.pop() ?? new ArrayBuffer(this.pieceLength));
  }
}
