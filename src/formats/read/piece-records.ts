import type { Batch, Piece } from '../../batch.ts';
import { withoutRows } from '../../batch-rows.ts';
import { grown } from '../../growing.ts';
import type { RejectedRecord } from './format.ts';
import { RowNumbers } from './row-numbers.ts';
import type { ReadColumn } from './text-columns.ts';

/** The records of the piece that is being read: the rows among them, in batches from the columns' readers. */
export class PieceRecords {
  /** How many there were so far. */
  count = 0;
  private readonly columns: readonly ReadColumn[];
  private readonly rowNumbers = new RowNumbers();
  /** By row: where its record begins in the piece. */
  private starts = new Int32Array(0);
  private rows = 0;
  /** Of the batch that is being read: its rows, with the bad ones, and which these are. */
  private batchRows = 0;
  private bad: number[] = [];

  constructor(columns: readonly ReadColumn[]) {
    this.columns = columns;
  }

  /** Starts with a piece. */
  begin(): void {
    this.count = 0;
    this.rows = 0;
    this.batchRows = 0;
    this.bad = [];
    this.rowNumbers.clear();
    // Whatever a piece that failed half way has left in the readers.
    for (const { reader } of this.columns) reader.take();
  }

  /** The record that begins at `start` is a row, of which every column has its value. */
  addRow(start: number): void {
    if (this.rows === this.starts.length) this.starts = grown(this.starts, this.rows + 1);
    this.starts[this.rows++] = start;
    this.batchRows++;
    this.count++;
  }

  /** The record holds no row. */
  addBlank(): void {
    this.rowNumbers.addBlank(this.count++);
  }

  /** The record is refused: what the columns have of it, a value or NULL each, is left out of the batch. */
  addBad(): void {
    this.bad.push(this.batchRows++);
    this.addBlank();
  }

  /** The rows since the last batch; undefined where there are none. */
  takeBatch(): Batch | undefined {
    const { bad, batchRows: rows } = this;
    if (rows === 0) return undefined;
    const batch = { rows, columns: this.columns.map(({ reader }) => reader.take()) };
    this.batchRows = 0;
    if (bad.length === 0) return batch;
    this.bad = [];
    return bad.length === rows ? undefined : withoutRows(batch, bad);
  }

  /** The number in the file of the piece's n-th row. */
  rowNumber(piece: Piece, n: number): number {
    return piece.location.firstRow + this.rowNumbers.recordOf(n);
  }

  /** Where the record of the piece's n-th row begins. */
  startOf(n: number): number {
    return this.starts[n]!;
  }
}

/**
 * Bytes [start, end) of a piece as they go into a file of rejected records.
 * @param lineEnd is added where they do not end in it
 */
export function rejectedLine(piece: Piece, start: number, end: number, lineEnd: number): RejectedRecord {
  const { bytes, location } = piece;
  const ended = end > start && bytes[end - 1] === lineEnd;
  const copy = new Uint8Array(end - start + (ended ? 0 : 1));
  copy.set(bytes.subarray(start, end));
  if (!ended) copy[end - start] = lineEnd;
  return { bytes: copy, byteOffset: location.byteOffset + start };
}
