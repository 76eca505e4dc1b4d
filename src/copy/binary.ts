import type { Batch } from '../batch.ts';
import { rowSwapper } from '../vector/floats-wasm.ts';
import { maxDimensions } from '../vector/limits.ts';
import { writeAlike } from './alike-rows.ts';
import { type Field, fieldOf, type Out, outOf, writeField } from './field.ts';

/**
 * PostgreSQL's binary COPY format (manual: COPY, Binary Format): a header, then for each row an int16 count of
 * fields and for each field its length as int32 (−1: NULL) and its bytes, big-endian; −1 ends the data.
 */
export const binaryHeader = Uint8Array.from([
  ...Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'),
  ...[0, 0, 0, 0], // flags
  ...[0, 0, 0, 0], // length of the header's extension
]);

export const binaryTrailer = Uint8Array.of(0xff, 0xff);

/** Encodes the rows of a batch as COPY's tuples, in an array of their own. */
export function encodeBinary(batch: Batch): Uint8Array<ArrayBuffer> {
  const fields = batch.columns.map(fieldOf);
  // Not filled with zeros first, as every byte that is handed on is written.
  const bytes = new Uint8Array(Buffer.allocUnsafeSlow(sizeOf(batch, fields)).buffer);
  return bytes.subarray(0, writeTuples(batch, fields, outOf(bytes), 0));
}

/** Bytes after which a frame is sent: few calls of the system, and the processor's cache holds it. */
const frameLength = 2 ** 18;
/** Bytes of a frame's memory. */
const frameRoom = 2 ** 20;

/** Encodes batches as COPY's tuples in memory that is filled again and again: no page of it is new to the system. */
export class BinaryFrames {
  private readonly out: Out;
  private used = 0;

  constructor() {
    const swapper = rowSwapper(4 * maxDimensions.vector, frameRoom);
    this.out = outOf(swapper?.to ?? new Uint8Array(frameRoom), swapper);
  }

  /** Bytes that stand before the tuples or behind them. */
  addBytes(bytes: Uint8Array): void {
    this.out.bytes.set(bytes, this.used);
    this.used += bytes.length;
  }

  /** What is ready to be sent with the batch's rows; valid until the next is asked for. */
  *add(batch: Batch): Generator<Uint8Array> {
    const fields = batch.columns.map(fieldOf);
    const size = sizeOf(batch, fields);
    if (this.used + size > frameRoom - binaryTrailer.length) yield* this.take();
    if (size > frameRoom - binaryTrailer.length) yield encodeBinary(batch);
    else {
      this.used =
        writeAlike(batch.rows, fields, this.out, this.used) ??
        writeTuples(batch, fields, this.out, this.used);
      if (this.used >= frameLength) yield* this.take();
    }
  }

  /** What is left; valid until the next `add`. */
  *take(): Generator<Uint8Array> {
    const { used } = this;
    this.used = 0;
    if (used > 0) yield this.out.bytes.subarray(0, used);
  }

  /** Forgets what was not taken. */
  clear(): void {
    this.used = 0;
  }
}

/** Bytes of the tuples, at most. */
function sizeOf({ rows }: Batch, fields: readonly Field[]): number {
  let size = rows * (2 + 4 * fields.length);
  for (const field of fields) size += field.totalSize(rows);
  return size;
}

/** @returns where the tuples end */
function writeTuples({ rows }: Batch, fields: readonly Field[], out: Out, from: number): number {
  let at = from;
  for (let row = 0; row < rows; row++) {
    out.view.setInt16(at, fields.length);
    at += 2;
    for (let i = 0; i < fields.length; i++) at = writeField(fields[i]!, row, out, at);
  }
  return at;
}
