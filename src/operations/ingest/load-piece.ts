import { checksum } from '../../checksum.ts';
import type { Database } from '../../database/database.ts';
import { copyContext } from '../../database/sqlstate.ts';
import { DataError, type PgvError } from '../../errors.ts';
import { NeedsText, type OnBadRecord, type PieceDecoder, type Road } from '../../formats/read/format.ts';
import { copyFrom } from '../../sql/copy.ts';
import {
  claimPiece,
  commitPiece,
  type PieceKey,
  type PieceTable,
  storedPiece,
} from '../../sql/ledger-pieces.ts';
import { rowNumberColumn } from '../../sql/staging.ts';
import type { LastingConnection } from '../lasting-connection.ts';
import { type TableDecoder, tableDecoder } from './compose/table-decoder.ts';
import { type EncodeOptions, type OnBatch, PieceEncoder } from './encode-piece.ts';
import { endBackend } from './end-backend.ts';
import type { PieceOutcome, PieceWork } from './lane-messages.ts';
import type { Recipe } from './recipe.ts';
import type { Reject } from './reject-file.ts';
import { defaultStallAfter, whileWatched } from './stall-watch.ts';
import { isAboutRow, storeAround } from './store-around.ts';

export interface PieceEvents {
  onBatch: OnBatch;
  /** Keeps rejected rows, before the piece they are of is stored. */
  onRejects: (rejects: Reject[]) => Promise<void>;
  /** The connection was lost, or the like: it is tried again after a pause. */
  onRetry: (error: PgvError, milliseconds: number) => void;
  /** Asked between batches: true ends the load of this piece, and nothing of it stays. */
  isStopped: () => boolean;
}

/** Who has begun a piece's transaction, when it is not known how that ended. */
interface Attempt {
  pid: number;
  /** The server's clock. */
  at: string;
}

interface PieceTransaction {
  begin: string;
  commit: (outcome: PieceOutcome) => string;
}

/** Without a ledger. */
const untold: PieceTransaction = {
  begin: 'BEGIN; SET LOCAL statement_timeout = 0',
  commit: () => 'COMMIT',
};

/** Loads the pieces of one file: one piece, one COPY, one transaction with the piece's row in the ledger. */
export class PieceLoader {
  private readonly connection: LastingConnection;
  private readonly recipe: Recipe;
  private readonly events: PieceEvents;
  private readonly encoder = new PieceEncoder();
  private readonly decoders: Partial<Record<Road, TableDecoder>> = {};
  /** Counts batches, so that it is seen whether there is progress. */
  private progress = 0;

  constructor(connection: LastingConnection, recipe: Recipe, events: PieceEvents) {
    this.connection = connection;
    this.recipe = recipe;
    this.events = events;
  }

  /**
   * Stores the piece once, however often the connection is lost meanwhile; without a ledger it is not tried again.
   * @throws DataError with file, row and column where the piece is at fault
   */
  async load(work: PieceWork): Promise<PieceOutcome> {
    const { ledger, patience } = this.recipe;
    if (ledger === undefined) return this.storeOnce(await this.connection.get(), work, untold);
    const { location, bytes } = work.piece;
    const key = { loadId: ledger.loadId, file: work.file, piece: location.sequence };
    const transaction: PieceTransaction = {
      begin: claimPiece(ledger.table, { ...key, ...location, checksum: checksum(bytes) }),
      commit: (outcome) => commitPiece(ledger.table, key, { ...outcome, tableOid: ledger.tableOid }),
    };
    let last: Attempt | undefined;
    const { onRetry, isStopped } = this.events;
    return this.connection.retrying(
      async (database) => {
        // Only so a transaction that nobody listens to any more is not waited for.
        if (last !== undefined) await endBackend(database, last);
        const { rows } = await database.query<Attempt>(transaction.begin);
        if (rows[0] === undefined) return this.alreadyStored(database, ledger.table, key, last !== undefined);
        last = rows[0];
        return this.watched(database, last.pid, () => this.storeBegun(database, work, transaction));
      },
      { onRetry, isStopped, patience },
    );
  }

  private watched<T>(database: Database, pid: number, work: () => Promise<T>): Promise<T> {
    // There is no network between us and an embedded database.
    if (database.target.kind === 'embedded') return work();
    const { connection, recipe } = this;
    const stallAfter = recipe.stallAfter ?? defaultStallAfter;
    const reopen = () => connection.another();
    return whileWatched({ database, pid, progress: () => this.progress, reopen, stallAfter }, work);
  }

  /** Another run has stored the piece, or this one has and did not hear of it. */
  private async alreadyStored(
    database: Database,
    table: PieceTable,
    key: PieceKey,
    byUs: boolean,
  ): Promise<PieceOutcome> {
    await database.query('ROLLBACK');
    if (!byUs) return { rows: 0, rejected: 0 };
    const { rows } = await database.query<PieceOutcome>(storedPiece(table, key));
    return rows[0] ?? { rows: 0, rejected: 0 };
  }

  private async storeOnce(
    database: Database,
    work: PieceWork,
    transaction: PieceTransaction,
  ): Promise<PieceOutcome> {
    await database.query(transaction.begin);
    return this.storeBegun(database, work, transaction);
  }

  /** Within the transaction that has begun. */
  private async storeBegun(
    database: Database,
    work: PieceWork,
    transaction: PieceTransaction,
  ): Promise<PieceOutcome> {
    const beginAgain = async () => {
      await database.query('ROLLBACK');
      await database.query(transaction.begin);
      await this.prepareFirst(database, work);
    };
    try {
      await this.prepareFirst(database, work);
      const outcome = await this.store(database, work, beginAgain);
      if (outcome.rows === 0 && this.emptiesTable(work)) throw this.nothingLeft(outcome);
      await database.query(transaction.commit(outcome));
      return outcome;
    } catch (error) {
      // Where even this fails the connection is gone, and the transaction with it.
      await database.query('ROLLBACK').catch(() => {});
      throw error;
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

  private async store(
    database: Database,
    work: PieceWork,
    beginAgain: () => Promise<void>,
  ): Promise<PieceOutcome> {
    try {
      return await this.storeBy(this.recipe.road, database, work, beginAgain);
    } catch (error) {
      if (!(error instanceof NeedsText)) throw error;
      await beginAgain();
      return await this.storeBy('text', database, work, beginAgain);
    }
  }

  private async storeBy(
    road: Road,
    database: Database,
    work: PieceWork,
    beginAgain: () => Promise<void>,
  ): Promise<PieceOutcome> {
    const decoder = this.decoder(road);
    const rejects: Reject[] = [];
    const options = this.encodeOptions(road, work, rejects);
    let rows: number;
    try {
      rows = await database.copyIn(
        this.copyStatement(road),
        this.encoder.encode(decoder, work.piece, options),
      );
    } catch (error) {
      if (this.recipe.onError === 'stop' || !isAboutRow(error)) throw this.located(error, work, decoder);
      // The others are stored round the rows that only the server can tell.
      await beginAgain();
      rejects.length = 0;
      const rowChunks = this.encoder.encodeRows(decoder, work.piece, options);
      const encoded = Array.from(rowChunks, (chunk) => chunk.slice());
      const refuse = (n: number, cause: PgvError) => {
        rejects.push(this.refusedRow(work, decoder, n, this.aboutTarget(cause)));
      };
      const { isStopped } = this.events;
      rows = await storeAround(database, this.copyStatement(road), { road, encoded, refuse, isStopped });
      rejects.sort((a, b) => a.row - b.row);
    }
    if (rejects.length > 0) await this.events.onRejects(rejects);
    return { rows, rejected: rejects.length, zeroVectors: decoder.zeroVectors };
  }

  private encodeOptions(road: Road, work: PieceWork, rejects: Reject[]): EncodeOptions {
    const { numbered, onError } = this.recipe;
    const { isStopped } = this.events;
    const onBatch: OnBatch = (...done) => {
      this.progress++;
      this.events.onBatch(...done);
    };
    const onBad: OnBadRecord = (error, record) => {
      rejects.push(this.reject(work, error, record.bytes, record.byteOffset));
    };
    return {
      road,
      numberedFrom: numbered ? work.rowBase : undefined,
      onBatch,
      isStopped,
      onBad: onError === 'skip' ? onBad : undefined,
    };
  }

  private refusedRow(work: PieceWork, decoder: PieceDecoder, n: number, cause: PgvError): Reject {
    const { bytes, byteOffset } = decoder.record(work.piece, n);
    const { layout } = this.recipe;
    const row = decoder.rowNumber(work.piece, n);
    const error = cause.at({ file: layout.file, row, column: copyContext(cause)?.column });
    return this.reject(work, error, bytes, byteOffset);
  }

  private reject(
    { piece }: PieceWork,
    error: PgvError,
    bytes: Uint8Array,
    byteOffset: number | undefined,
  ): Reject {
    return {
      file: this.recipe.layout.file,
      row: error.row!,
      byteOffset,
      byteLength: bytes.length,
      column: error.column,
      reason: error.message,
      sqlstate: error.sqlstate,
      piece: piece.location.sequence,
      fileIndex: this.recipe.input,
      bytes,
    };
  }

  private copyStatement(road: Road): string {
    const { copyInto, numbered, columns, composed } = this.recipe;
    const names = (composed ?? columns).map(({ name }) => name);
    return copyFrom(copyInto, numbered ? [rowNumberColumn, ...names] : names, road);
  }

  private decoder(road: Road): TableDecoder {
    this.decoders[road] ??= tableDecoder(this.recipe, road);
    return this.decoders[road];
  }

  /** PostgreSQL names the line within the COPY; people want the file and its row. */
  private located(error: unknown, { piece }: PieceWork, decoder: PieceDecoder): unknown {
    if (!isAboutRow(error) || error.file !== undefined) return error;
    const context = copyContext(error);
    if (context === undefined) return error;
    const row = decoder.rowNumber(piece, context.line - 1);
    return this.aboutTarget(error).at({ file: this.recipe.layout.file, row, column: context.column });
  }

  /** The same error without the staging table, whose name and further column are nobody's business. */
  private aboutTarget(error: PgvError): PgvError {
    if (!this.recipe.numbered) return error;
    const [what] = error.message.replace(/ (?:of|for) relation "[^"]*"/, '').split(': Failing row contains');
    return error.withMessage(what!);
  }
}
