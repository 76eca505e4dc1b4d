import type { Batch, Column, Piece } from '../../batch.ts';
import { BinaryFrames, binaryHeader, binaryTrailer } from '../../copy/binary.ts';
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

/** Makes pieces the bodies of COPYs. One a lane, as its memory is filled again and again. */
export class PieceEncoder {
  private readonly frames = new BinaryFrames();

  /**
   * The body of the piece's COPY, in chunks; each is valid until the next is asked for.
   * @throws InterruptedError once it is stopped, and whatever the decoder throws
   */
  *encode(decoder: PieceDecoder, piece: Piece, options: EncodeOptions): Generator<Uint8Array> {
    const { frames } = this;
    frames.clear();
    const isBinary = options.road === 'binary';
    if (isBinary) frames.addBytes(binaryHeader);
    const isPlain = isBinary && options.numberedFrom === undefined;
    const tuples = isPlain ? decoder.tuples?.(piece, options.onBad) : undefined;
    if (tuples === undefined) yield* this.encodeBatches(decoder, piece, options);
    else {
      yield* frames.take();
      yield* passedOn(tuples, decoder, piece, options);
    }
    if (isBinary) frames.addBytes(binaryTrailer);
    yield* frames.take();
  }

  /** The same without COPY's header and trailer. */
  *encodeRows(decoder: PieceDecoder, piece: Piece, options: EncodeOptions): Generator<Uint8Array> {
    this.frames.clear();
    yield* this.encodeBatches(decoder, piece, options);
    yield* this.frames.take();
  }

  private *encodeBatches(
    decoder: PieceDecoder,
    piece: Piece,
    { road, numberedFrom, onBatch, onBad, isStopped }: EncodeOptions,
  ): Generator<Uint8Array> {
    let rows = 0;
    for (const batch of decoder.batches(piece, onBad)) {
      const numbers =
        numberedFrom === undefined ? undefined : rowNumbers(batch, piece, decoder, rows, numberedFrom);
      const whole = numbers === undefined ? batch : withNumbers(batch, numbers, road);
      if (road === 'binary') yield* this.frames.add(whole);
      else yield encodeText(whole);
      rows += batch.rows;
      if (isStopped()) throw new InterruptedError();
      onBatch(rows, decoder.bytesRead);
    }
  }
}

/** Rows that nobody looks at: how many have gone, their bytes tell about. */
function* passedOn(
  chunks: Iterable<Uint8Array>,
  decoder: PieceDecoder,
  { bytes, location }: Piece,
  { onBatch, isStopped }: EncodeOptions,
): Generator<Uint8Array> {
  for (const chunk of chunks) {
    yield chunk;
    if (isStopped()) throw new InterruptedError();
    onBatch(Math.floor((location.records * decoder.bytesRead) / bytes.length), decoder.bytesRead);
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
