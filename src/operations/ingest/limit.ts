import type { Batch, Piece } from '../../batch.ts';
import { UsageError } from '../../errors.ts';
import type { OnBadRecord, PieceDecoder } from '../../formats/read/format.ts';
import type { Input } from './input.ts';

/**
 * A file's first records, as many as `limit` says: those whose row number, as messages name it, is no higher. An empty
 * line counts as the row that it might have been, so fewer rows than that may come.
 * @throws UsageError for several files, whose first records are not what anyone means
 */
export function firstRecords(inputs: readonly Input[], limit: number | undefined): readonly Input[] {
  if (limit === undefined) return inputs;
  if (inputs.length > 1) {
    throw new UsageError(`--limit takes the first rows of one file, and there are ${inputs.length}`, {
      hint: 'name one of them',
    });
  }
  return inputs.map((input) => ({
    ...input,
    open: async (options) => {
      const opened = await input.open(options);
      const { file } = opened;
      const sample = file.sample.slice(0, limit);
      return {
        ...opened,
        file: { ...file, sample, pieces: (stored) => piecesUpTo(limit, file.pieces(stored)) },
      };
    },
  }));
}

async function* piecesUpTo(limit: number, pieces: AsyncIterable<Piece>): AsyncGenerator<Piece> {
  for await (const piece of pieces) {
    const { firstRow, records } = piece.location;
    if (firstRow > limit) return;
    if (firstRow + records <= limit) yield piece;
    else {
      // All of its bytes: where a record ends, its format knows.
      yield { ...piece, location: { ...piece.location, records: limit - firstRow + 1 }, held: records };
      return;
    }
  }
}

/** A decoder that leaves out what a piece holds behind its wanted records, broken or not. */
export class LimitingDecoder implements PieceDecoder {
  private readonly decoder: PieceDecoder;

  constructor(decoder: PieceDecoder) {
    this.decoder = decoder;
  }

  get bytesRead(): number {
    return this.decoder.bytesRead;
  }

  batches(piece: Piece, onBad?: OnBadRecord): Iterable<Batch> {
    const { firstRow, records } = piece.location;
    if (piece.held === undefined) return this.decoder.batches(piece, onBad);
    return this.upTo(firstRow + records - 1, whole(piece), onBad);
  }

  tuples(piece: Piece, onBad?: OnBadRecord): Iterable<Uint8Array> | undefined {
    return piece.held === undefined ? this.decoder.tuples?.(piece, onBad) : undefined;
  }

  rowNumber(piece: Piece, n: number): number {
    return this.decoder.rowNumber(whole(piece), n);
  }

  record(piece: Piece, n: number): ReturnType<NonNullable<PieceDecoder['record']>> {
    return this.decoder.record(whole(piece), n);
  }

  private *upTo(lastRow: number, piece: Piece, onBad: OnBadRecord | undefined): Generator<Batch> {
    const tell: OnBadRecord = (error, record) => {
      if (error.row! > lastRow) return;
      if (onBad === undefined) throw error;
      onBad(error, record);
    };
    let before = 0;
    for (const { rows, columns } of this.decoder.batches(piece, tell)) {
      let kept = rows;
      while (kept > 0 && this.decoder.rowNumber(piece, before + kept - 1) > lastRow) kept--;
      before += rows;
      // A batch's columns may be longer than it has rows.
      if (kept > 0) yield { rows: kept, columns };
    }
  }
}

/** The piece as its format cut it: where columns lie one behind the other, how many records it holds says where. */
function whole({ held, ...piece }: Piece): Piece {
  return held === undefined ? piece : { ...piece, location: { ...piece.location, records: held } };
}
