import type { Batch, Piece } from '../../../batch.ts';
import { withoutRows } from '../../../batch-rows.ts';
import { DataError } from '../../../errors.ts';
import type { OnBadRecord, PieceDecoder, Road } from '../../../formats/read/format.ts';
import type { SessionFacts } from '../../../values/types.ts';
import type { Transformer } from '../../../vector/transform.ts';
import type { EmbeddedTexts } from '../embed/embedded-texts.ts';
import type { ComposedColumn } from './composition.ts';
import type { Maker, Refuse } from './maker.ts';
import { makerOf } from './makers.ts';

export interface ComposingOptions {
  /** As messages name it. */
  file: string;
  road: Road;
  session: SessionFacts;
  embedded: EmbeddedTexts | undefined;
}

/** A row that could be decoded, but not made into one of the table's. */
interface Refused {
  /** Among the piece's decoded rows, from 0. */
  decoded: number;
  error: DataError;
}

/** A decoder of the table's columns, by way of another one's that decodes their parts. */
export class ComposingDecoder implements PieceDecoder {
  private readonly parts: PieceDecoder;
  private readonly columns: readonly { name: string; make: Maker }[];
  private readonly transformers: Transformer[] = [];
  private readonly file: string;
  /** Indices, among the piece's decoded rows, of those that were left out. */
  private dropped: number[] = [];

  constructor(
    parts: PieceDecoder,
    columns: readonly ComposedColumn[],
    { file, road, session, embedded }: ComposingOptions,
  ) {
    this.parts = parts;
    this.file = file;
    const onTransformer = (transformer: Transformer) => this.transformers.push(transformer);
    this.columns = columns.map(({ name, source }) => ({
      name,
      make: makerOf(source, { road, session, onTransformer, embedded }),
    }));
  }

  get bytesRead(): number {
    return this.parts.bytesRead;
  }

  /** Vectors of zeros in the piece decoded last that were to be brought to length 1. */
  get zeroVectors(): number {
    return this.transformers.reduce((sum, { zeros }) => sum + zeros, 0);
  }

  *batches(piece: Piece, onBad?: OnBadRecord): Generator<Batch> {
    this.dropped = [];
    for (const transformer of this.transformers) transformer.zeros = 0;
    const refused: Refused[] = [];
    // Kept back, so that all are told in the file's order: a decoded row can be shown at the end alone.
    const told: Parameters<OnBadRecord>[] = [];
    const tell: OnBadRecord | undefined = onBad && ((...bad) => told.push(bad));
    let before = 0;
    for (const batch of this.parts.batches(piece, tell)) {
      const bad = new Map<number, DataError>();
      const composed = this.compose(batch, piece, before, bad, onBad !== undefined);
      const rows = [...bad.keys()].sort((a, b) => a - b);
      for (const row of rows) {
        refused.push({ decoded: before + row, error: bad.get(row)! });
        this.dropped.push(before + row);
      }
      before += batch.rows;
      if (rows.length === 0) yield composed;
      else if (rows.length < composed.rows) yield withoutRows(composed, rows);
    }
    for (const { decoded, error } of refused) told.push([error, this.parts.record(piece, decoded)]);
    told.sort(([a], [b]) => a.row! - b.row!);
    for (const [error, record] of told) onBad!(error, record);
  }

  rowNumber(piece: Piece, n: number): number {
    return this.parts.rowNumber(piece, this.decodedRow(n));
  }

  record(piece: Piece, n: number): ReturnType<NonNullable<PieceDecoder['record']>> {
    return this.parts.record(piece, this.decodedRow(n));
  }

  /** @param before decoded rows of the piece in the batches before; `bad` takes the first error of each row */
  private compose(
    batch: Batch,
    piece: Piece,
    before: number,
    bad: Map<number, DataError>,
    goesOn: boolean,
  ): Batch {
    const numberOf = (row: number) => this.parts.rowNumber(piece, before + row);
    const columns = this.columns.map(({ name, make }) => {
      const refuse: Refuse = (row, { message, ...problem }, field = name) => {
        const details = { code: 'bad-value', column: field, file: this.file, row: numberOf(row) };
        const error = new DataError(message, { ...details, ...problem });
        if (!goesOn) throw error;
        if (!bad.has(row)) bad.set(row, error);
      };
      return make(batch, refuse, numberOf);
    });
    return { rows: batch.rows, columns };
  }

  /** The index among all decoded rows of the n-th that was not left out. */
  private decodedRow(n: number): number {
    // dropped[i] − i rows were kept before the i-th that was left out.
    let [low, high] = [0, this.dropped.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.dropped[middle]! - middle <= n) low = middle + 1;
      else high = middle;
    }
    return n + low;
  }
}
