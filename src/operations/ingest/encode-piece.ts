import type { Batch, Column, Piece } from '../../batch.ts';
import { binaryHeader, binaryTrailer, encodeBinary } from '../../copy/binary.ts';
import { encodeText } from '../../copy/text.ts';
import { InterruptedError } from '../../errors.ts';
import type { OnBadRecord, PieceDecoder, Road } from '../../formats/read/format.ts';

/** Called with what has been decoded and handed on of the piece so far. */
export type OnBatch = (rows: number, bytes: number) => void;

export interface EncodeOptions {
  road: Road;
  /** Set: each row goes with its number in the load, this many rows being before its file. */
  numberedFrom: number | undefined;
  onBatch: OnBatch;
  onBad: OnBadRecord | undefined;
  isStopped: () => boolean;
}

/**
 * A piece as the body of a COPY, in chunks that belong to whoever takes them.
 * @throws InterruptedError once it is stopped, and whatever the decoder throws
 */
export function* encodePiece(
  decoder: PieceDecoder,
  piece: Piece,
  options: EncodeOptions,
): Generator<Uint8Array> {
  const { road } = options;
  if (road === 'binary') yield binaryHeader.slice();
  yield* encodeRows(decoder, piece, options);
  if (road === 'binary') yield binaryTrailer.slice();
}

/** The same without COPY's header and trailer. */
export function* encodeRows(
  decoder: PieceDecoder,
  piece: Piece,
  { road, numberedFrom, onBatch, onBad, isStopped }: EncodeOptions,
): Generator<Uint8Array> {
  const encode = road === 'binary' ? encodeBinary : encodeText;
  let rows = 0;
  for (const batch of decoder.batches(piece, onBad)) {
    const numbers =
      numberedFrom === undefined ? undefined : rowNumbers(batch, piece, decoder, rows, numberedFrom);
    yield encode(numbers === undefined ? batch : withNumbers(batch, numbers, road));
    rows += batch.rows;
    if (isStopped()) throw new InterruptedError();
    onBatch(rows, decoder.bytesRead);
  }
}

function rowNumbers(
  { rows }: Batch,
  piece: Piece,
  decoder: PieceDecoder,
  before: number,
  base: number,
): BigInt64Array {
  return BigInt64Array.from({ length: rows }, (_, i) => BigInt(base + decoder.rowNumber(piece, before + i)));
}

function withNumbers(batch: Batch, numbers: BigInt64Array, road: Road): Batch {
  const column: Column =
    road === 'binary' ? { kind: 'int64', values: numbers, validity: undefined } : asText(numbers);
  return { rows: batch.rows, columns: [column, ...batch.columns] };
}

function asText(numbers: BigInt64Array): Column {
  const texts = Array.from(numbers, String);
  const offsets = new Int32Array(texts.length + 1);
  texts.forEach((text, i) => {
    offsets[i + 1] = offsets[i]! + text.length;
  });
  return { kind: 'utf8', offsets, bytes: new TextEncoder().encode(texts.join('')), validity: undefined };
}
