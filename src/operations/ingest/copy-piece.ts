import type { Database } from '../../database/database.ts';
import { NeedsText, type OnBadRecord, type Road } from '../../formats/read/format.ts';
import { copyFrom } from '../../sql/copy.ts';
import { rowNumberColumn } from '../../sql/staging.ts';
import { type TableDecoder, tableDecoder } from './compose/table-decoder.ts';
import type { PieceEmbedder } from './embed/piece-embedder.ts';
import { type EncodeOptions, type OnBatch, PieceEncoder } from './encode-piece.ts';
import type { RowFetcher } from './from-table/row-fetcher.ts';
import type { PieceOutcome, PieceWork } from './lane-messages.ts';
import { located, locatedInTable, refusedRow, rejectOf } from './piece-errors.ts';
import type { Recipe } from './recipe.ts';
import type { Reject } from './reject-file.ts';
import { isAboutRow, storeAround } from './store-around.ts';

export interface CopyEvents {
  onBatch: OnBatch;
  /** Keeps rejected rows, before the piece they are of is stored. */
  onRejects: (rejects: Reject[]) => Promise<void>;
  /** Asked between batches: true ends the copying of this piece. */
  isStopped: () => boolean;
}

/** Copies the pieces of one file, each within a transaction that is open. */
export class PieceCopier {
  private readonly recipe: Recipe;
  private readonly events: CopyEvents;
  private readonly embedder: PieceEmbedder | undefined;
  private readonly fetcher: RowFetcher | undefined;
  private readonly encoder = new PieceEncoder();
  private readonly decoders: Partial<Record<Road, TableDecoder>> = {};

  /**
   * @param embedder has embedded the texts of each piece before it is copied; undefined: nothing is embedded
   * @param fetcher gives the rows of each piece; undefined: it holds them
   */
  constructor(
    recipe: Recipe,
    events: CopyEvents,
    embedder: PieceEmbedder | undefined,
    fetcher: RowFetcher | undefined,
  ) {
    this.recipe = recipe;
    this.events = events;
    this.embedder = embedder;
    this.fetcher = fetcher;
  }

  /**
   * Copies the piece by its road, or by text where PostgreSQL alone can read a value of it.
   * @param beginAgain undoes what the transaction has done of the piece
   * @throws DataError with file, row and column where the piece is at fault
   */
  async copy(database: Database, work: PieceWork, beginAgain: () => Promise<void>): Promise<PieceOutcome> {
    if (this.fetcher !== undefined) return this.copyFetched(database, work, this.fetcher);
    try {
      return await this.copyBy(this.recipe.road, database, work, beginAgain);
    } catch (error) {
      if (!(error instanceof NeedsText)) throw error;
      await beginAgain();
      return await this.copyBy('text', database, work, beginAgain);
    }
  }

  /** Rows that come as COPY takes them: with the fields of the source, in its order. */
  private async copyFetched(
    database: Database,
    { piece }: PieceWork,
    fetcher: RowFetcher,
  ): Promise<PieceOutcome> {
    const { copyInto, columns } = this.recipe;
    const names = columns.toSorted((a, b) => a.field - b.field).map(({ name }) => name);
    // How many rows have come nobody has looked at.
    const onBytes = (bytes: number) => this.events.onBatch(0, bytes);
    const chunks = fetcher.fetch(new TextDecoder().decode(piece.bytes), onBytes);
    const rows = await database
      .copyIn(copyFrom(copyInto, names, 'binary'), chunks)
      .catch((error: unknown) => {
        throw locatedInTable(this.recipe, error);
      });
    return { rows, rejected: 0, fetched: fetcher.rowBytes };
  }

  private async copyBy(
    road: Road,
    database: Database,
    work: PieceWork,
    beginAgain: () => Promise<void>,
  ): Promise<PieceOutcome> {
    const { recipe, encoder, events } = this;
    const { piece } = work;
    const decoder = this.decoder(road);
    const rejects: Reject[] = [];
    const options = this.encodeOptions(road, work, rejects);
    let rows: number;
    try {
      rows = await database.copyIn(this.statement(road), encoder.encode(decoder, piece, options));
    } catch (error) {
      if (recipe.onError === 'stop' || !isAboutRow(error)) throw located(recipe, piece, decoder, error);
      // The others are stored round the rows that only the server can tell.
      await beginAgain();
      rejects.length = 0;
      const encoded = Array.from(encoder.encodeRows(decoder, piece, options), (chunk) => chunk.slice());
      rows = await storeAround(database, this.statement(road), {
        road,
        encoded,
        refuse: (n, cause) => rejects.push(refusedRow(recipe, piece, decoder, n, cause)),
        isStopped: events.isStopped,
      });
      rejects.sort((a, b) => a.row - b.row);
    }
    if (rejects.length > 0) await events.onRejects(rejects);
    return { rows, rejected: rejects.length, zeroVectors: decoder.zeroVectors };
  }

  private encodeOptions(road: Road, { piece, rowBase }: PieceWork, rejects: Reject[]): EncodeOptions {
    const { recipe, events } = this;
    const onBad: OnBadRecord = (error, record) => {
      rejects.push(rejectOf(recipe, piece, error, record));
    };
    return {
      road,
      numberedFrom: recipe.numbered ? rowBase : undefined,
      onBatch: events.onBatch,
      isStopped: events.isStopped,
      onBad: recipe.onError === 'skip' ? onBad : undefined,
    };
  }

  private statement(road: Road): string {
    const { copyInto, numbered, columns, composed } = this.recipe;
    const names = (composed ?? columns).map(({ name }) => name);
    return copyFrom(copyInto, numbered ? [rowNumberColumn, ...names] : names, road);
  }

  private decoder(road: Road): TableDecoder {
    this.decoders[road] ??= tableDecoder(this.recipe, road, this.embedder?.embedded);
    return this.decoders[road];
  }
}
