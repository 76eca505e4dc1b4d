import type { Batch, Column, Piece } from '../../batch.ts';
import { binaryHeader, binaryTrailer, encodeBinary } from '../../copy/binary.ts';
import { encodeText } from '../../copy/text.ts';
import type { Database } from '../../database/database.ts';
import { copyContext } from '../../database/sqlstate.ts';
import { DataError, InterruptedError, type PgvError } from '../../errors.ts';
import {
  type DecodedColumn,
  type Layout,
  NeedsText,
  type PieceDecoder,
  type Road,
} from '../../formats/read/format.ts';
import { readFormat } from '../../formats/read/formats.ts';
import { copyFrom } from '../../sql/copy.ts';
import { rowNumberColumn } from '../../sql/staging.ts';
import type { SessionFacts } from '../../values/types.ts';

/** All that a lane must know to load pieces; structured-cloneable. */
export interface Recipe {
  layout: Layout;
  columns: readonly DecodedColumn[];
  /** text where a column's binary form is not known. */
  road: Road;
  session: SessionFacts;
  /** Quoted and qualified. */
  copyInto: string;
  /** Each row goes with its number in the file, as the first column. */
  numbered: boolean;
}

/** Called with what has been decoded and handed on of the piece so far. */
export type OnBatch = (rows: number, bytes: number) => void;

/** Loads one piece after the other: one piece, one COPY, one transaction. */
export class PieceLoader {
  private readonly database: Database;
  private readonly recipe: Recipe;
  private readonly decoders: Partial<Record<Road, PieceDecoder>> = {};

  constructor(database: Database, recipe: Recipe) {
    this.database = database;
    this.recipe = recipe;
  }

  /**
   * @param isStopped asked between batches: true ends the load of this piece, and nothing of it stays
   * @returns rows stored
   * @throws DataError with file, row and column where the piece is at fault
   */
  async load(piece: Piece, onBatch: OnBatch, isStopped: () => boolean): Promise<number> {
    const { road } = this.recipe;
    try {
      return await this.copy(piece, road, onBatch, isStopped);
    } catch (error) {
      if (!(error instanceof NeedsText)) throw error;
      return await this.copy(piece, 'text', onBatch, isStopped);
    }
  }

  private async copy(piece: Piece, road: Road, onBatch: OnBatch, isStopped: () => boolean): Promise<number> {
    const { copyInto, numbered, columns, layout } = this.recipe;
    const names = columns.map(({ name }) => name);
    const decoder = this.decoder(road);
    const chunks = encodePiece(decoder, piece, road, { numbered, onBatch, isStopped });
    try {
      const sql = copyFrom(copyInto, numbered ? [rowNumberColumn, ...names] : names, road);
      return await this.database.copyIn(sql, chunks);
    } catch (error) {
      throw located(error, piece, decoder, layout.file);
    }
  }

  private decoder(road: Road): PieceDecoder {
    const { layout, columns, session } = this.recipe;
    this.decoders[road] ??= readFormat(layout.format)!.decoder(layout, columns, road, session);
    return this.decoders[road];
  }
}

interface EncodeOptions {
  numbered: boolean;
  onBatch: OnBatch;
  isStopped: () => boolean;
}

function* encodePiece(
  decoder: PieceDecoder,
  piece: Piece,
  road: Road,
  { numbered, onBatch, isStopped }: EncodeOptions,
): Generator<Uint8Array> {
  const encode = road === 'binary' ? encodeBinary : encodeText;
  // Copies, as a chunk belongs to the database from here on.
  if (road === 'binary') yield binaryHeader.slice();
  let rows = 0;
  for (const batch of decoder.batches(piece)) {
    yield encode(numbered ? withRowNumbers(batch, piece, decoder, rows, road) : batch);
    rows += batch.rows;
    if (isStopped()) throw new InterruptedError();
    onBatch(rows, decoder.bytesRead);
  }
  if (road === 'binary') yield binaryTrailer.slice();
}

function withRowNumbers(
  batch: Batch,
  piece: Piece,
  decoder: PieceDecoder,
  before: number,
  road: Road,
): Batch {
  const numbers = BigInt64Array.from({ length: batch.rows }, (_, i) =>
    BigInt(decoder.rowNumber(piece, before + i)),
  );
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

/** PostgreSQL names the line within the COPY; people want the file and its row. */
function located(error: unknown, piece: Piece, decoder: PieceDecoder, file: string): unknown {
  if (!(error instanceof DataError) || error.file !== undefined) return error;
  const context = copyContext(error);
  if (context === undefined) return error;
  const { code, hint, sqlstate, cause }: PgvError = error;
  return new DataError(error.message, {
    code,
    hint,
    sqlstate,
    cause,
    file,
    row: decoder.rowNumber(piece, context.line - 1),
    column: context.column ?? error.column,
  });
}
