import type { Database } from '../../database/database.ts';
import { DataError, InterruptedError, type PgvError } from '../../errors.ts';
import type { LastingConnection } from '../lasting-connection.ts';
import { whileWatched } from '../stall-watch.ts';
import { type CopyEvents, PieceCopier } from './copy-piece.ts';
import { PieceEmbedder } from './embed/piece-embedder.ts';
import { endBackend } from './end-backend.ts';
import type { RowFetcher } from './from-table/row-fetcher.ts';
import type { PieceOutcome, PieceWork } from './lane-messages.ts';
import { Notices } from './notices.ts';
import { type PieceTransactions, ToldTransactions, untold } from './piece-transactions.ts';
import type { Recipe } from './recipe.ts';

/** Where it is stopped, nothing of the piece stays. */
export interface PieceEvents extends CopyEvents {
  /** A connection was lost, or the like: it is tried again after a pause. */
  onRetry: (error: Pick<PgvError, 'message'>, milliseconds: number) => void;
  /** Fires when it is stopped. */
  signal: AbortSignal;
}

/** Loads the pieces of one file: one piece, one COPY, one transaction with the piece's row in the ledger. */
export class PieceLoader {
  private readonly connection: LastingConnection;
  private readonly recipe: Recipe;
  private readonly events: PieceEvents;
  private readonly copier: PieceCopier;
  private readonly embedder: PieceEmbedder | undefined;
  private readonly fetcher: RowFetcher | undefined;
  private readonly coming: PieceWork[];
  /** Undefined: there is no ledger. */
  private readonly told: ToldTransactions | undefined;
  /** Counts batches, so that it is seen whether there is progress. */
  private progress = 0;

  /**
   * @param coming pieces that are to be loaded, in their order, as they come in
   * @param fetcher gives the rows, where the pieces do not hold them
   */
  constructor(
    connection: LastingConnection,
    recipe: Recipe,
    events: PieceEvents,
    coming: PieceWork[],
    fetcher?: RowFetcher,
  ) {
    this.connection = connection;
    this.coming = coming;
    this.fetcher = fetcher;
    this.recipe = recipe;
    this.events = events;
    // While a text is embedded, which may take long, no transaction is open.
    const next = () => (recipe.embedding === undefined ? coming[0] : undefined);
    this.told = recipe.ledger && new ToldTransactions(recipe.ledger, next);
    const { isStopped, onRejects, onRetry, signal } = events;
    const { embedding, patience } = recipe;
    this.embedder =
      embedding &&
      new PieceEmbedder(recipe, embedding, {
        signal,
        onRetry: (message, milliseconds) => onRetry({ message }, milliseconds),
        patience,
        known: true,
      });
    const onBatch: CopyEvents['onBatch'] = (...done) => {
      this.progress++;
      events.onBatch(...done);
    };
    this.copier = new PieceCopier(recipe, { isStopped, onRejects, onBatch }, this.embedder, fetcher);
  }

  /**
   * Stores the piece once, however often the connection is lost meanwhile; without a ledger it is not tried again.
   * @throws DataError with file, row and column where the piece is at fault
   */
  async load(work: PieceWork): Promise<PieceOutcome> {
    this.coming.shift();
    // It would open a connection again that was given up.
    if (this.events.isStopped()) throw new InterruptedError();
    const withoutText = await this.embedder?.embed(work.piece);
    return { ...(await this.store(work)), withoutText };
  }

  private async store(work: PieceWork): Promise<PieceOutcome> {
    const { told } = this;
    if (told === undefined) return this.storeUntold(await this.connection.get(), work);
    const { onRetry, isStopped } = this.events;
    let begun = false;
    return this.connection.retrying(
      async (database) => {
        const lost = told.lost(database);
        // Only so a transaction that nobody listens to any more is not waited for.
        if (lost !== undefined) await endBackend(database, lost);
        return this.watched(database, told, async () => {
          if (!(await told.begin(database, work))) return this.alreadyStored(database, work, told, begun);
          begun = true;
          return this.storeBegun(database, work, told);
        });
      },
      { onRetry, isStopped, patience: this.recipe.patience },
    );
  }

  private watched<T>(database: Database, told: ToldTransactions, work: () => Promise<T>): Promise<T> {
    const { connection, recipe } = this;
    const { stallAfter } = recipe;
    const reopen = () => connection.another();
    // Who waits for rows does not wait for the database that they go into.
    const progress = () => (this.fetcher?.isWaiting ? ++this.progress : this.progress);
    const backend = () => told.backend(database);
    return whileWatched({ database, backend, progress, reopen, stallAfter }, work);
  }

  /** Another run has stored the piece, or this one has and did not hear of it. */
  private async alreadyStored(
    database: Database,
    work: PieceWork,
    told: ToldTransactions,
    byUs: boolean,
  ): Promise<PieceOutcome> {
    await database.query('ROLLBACK');
    if (!byUs) return { rows: 0, rejected: 0 };
    const { rows } = await database.query<PieceOutcome>(told.stored(work));
    // Who has stored it is who has fetched its rows last.
    return { rows: 0, rejected: 0, ...rows[0], fetched: this.fetcher?.rowBytes };
  }

  private async storeUntold(database: Database, work: PieceWork): Promise<PieceOutcome> {
    await untold.begin(database, work);
    return this.storeBegun(database, work, untold);
  }

  /** Within the transaction that has begun. */
  private async storeBegun(
    database: Database,
    work: PieceWork,
    transactions: PieceTransactions,
  ): Promise<PieceOutcome> {
    const beginAgain = async () => {
      await database.query('ROLLBACK');
      await transactions.begin(database, work);
      await this.prepareFirst(database, work);
    };
    const notices = new Notices();
    const unlisten = database.onNotice((text) => notices.add(text));
    try {
      await this.prepareFirst(database, work);
      const outcome = await this.copier.copy(database, work, beginAgain);
      if (outcome.rows === 0 && this.emptiesTable(work)) throw this.nothingLeft(outcome);
      await transactions.commit(database, work, outcome);
      return { ...outcome, notices: notices.told() };
    } catch (error) {
      // Where even this fails the connection is gone, and the transaction with it.
      await database.query('ROLLBACK').catch(() => {});
      throw error;
    } finally {
      unlisten();
    }
  }

  private async prepareFirst(database: Database, work: PieceWork): Promise<void> {
    if (this.emptiesTable(work)) await database.query(this.recipe.beforeFirst!);
  }

  private emptiesTable({ piece }: PieceWork): boolean {
    return piece.location.sequence === 0 && this.recipe.beforeFirst !== undefined;
  }

  /** A file of which no row is right must not take the place of what the table holds. */
  private nothingLeft({ rejected }: PieceOutcome): DataError {
    return new DataError(
      `none of the first ${rejected.toLocaleString('en')} rows is right, and --truncate would empty the table for them`,
      {
        code: 'no-rows',
        file: this.recipe.layout.file,
        hint: 'the table is as it was; is the file what you think it is? --atomic empties it once the whole file is read',
      },
    );
  }
}
