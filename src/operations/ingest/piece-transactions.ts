import type { Database, QueryResult, Statement } from '../../database/database.ts';
import { limitStatements } from '../../database/limits.ts';
import type { Backend } from '../../sql/backends.ts';
import { claimPiece, commitPiece, type PieceKey, storedPiece } from '../../sql/ledger-pieces.ts';
import type { PieceOutcome, PieceWork } from './lane-messages.ts';
import type { PieceLedger } from './recipe.ts';

/** How the transactions of a lane's pieces begin and end, one after the other. */
export interface PieceTransactions {
  /** False: the piece is stored already. */
  begin: (database: Database, work: PieceWork) => Promise<boolean>;
  commit: (database: Database, work: PieceWork, outcome: PieceOutcome) => Promise<void>;
}

/** Without a ledger. */
export const untold: PieceTransactions = {
  begin: async (database) => {
    await database.query(`BEGIN; ${limitStatements(database.limits)}`);
    return true;
  },
  commit: async (database) => {
    await database.query('COMMIT');
  },
};

/** A claim that was sent before its piece's turn. */
interface ClaimAhead {
  database: Database;
  work: PieceWork;
  answer: Promise<QueryResult<Backend>>;
}

/**
 * With a ledger: each begins with the piece's claim. It is sent right behind the commit of the piece before, where that
 * can be, so that the server need not wait for us between the two.
 */
export class ToldTransactions implements PieceTransactions {
  private readonly ledger: PieceLedger;
  private readonly next: () => PieceWork | undefined;
  private ahead: ClaimAhead | undefined;
  /** Who has begun the last of them, over which connection. */
  private last: { database: Database; backend: Backend } | undefined;

  /** @param next the piece after the one at work, where it is known */
  constructor(ledger: PieceLedger, next: () => PieceWork | undefined) {
    this.ledger = ledger;
    this.next = next;
  }

  async begin(database: Database, work: PieceWork): Promise<boolean> {
    const { ahead } = this;
    this.ahead = undefined;
    const isClaimed = ahead?.work === work && ahead.database === database;
    const { rows } = await (isClaimed ? ahead.answer : database.query<Backend>(this.claim(database, work)));
    const [backend] = rows;
    if (backend !== undefined) this.last = { database, backend };
    return backend !== undefined;
  }

  async commit(database: Database, work: PieceWork, outcome: PieceOutcome): Promise<void> {
    const { table, tableOid } = this.ledger;
    const commit = commitPiece(table, this.key(work), { ...outcome, tableOid });
    const next = this.next();
    if (next === undefined || database.sendBehind === undefined) {
      await database.query(commit);
      return;
    }
    const [committed, answer] = database.sendBehind<Backend>(commit, this.claim(database, next));
    // Who begins with it hears of it; where the commit has failed, nobody does.
    answer.catch(() => {});
    await committed;
    this.ahead = { database, work: next, answer };
  }

  /** Who has begun the last of them over this connection. */
  backend(database: Database): Backend | undefined {
    return this.last?.database === database ? this.last.backend : undefined;
  }

  /** Who has begun the last of them, where that was over another connection. */
  lost(database: Database): Backend | undefined {
    return this.last?.database === database ? undefined : this.last?.backend;
  }

  /** Gives a row where the piece is stored: rows, rejected. */
  stored(work: PieceWork): Statement {
    return storedPiece(this.ledger.table, this.key(work));
  }

  private key({ file, piece }: PieceWork): PieceKey {
    return { loadId: this.ledger.loadId, file, piece: piece.location.sequence };
  }

  private claim(database: Database, work: PieceWork): string {
    const claim = { ...work.piece.location, ...this.key(work), checksum: work.checksum! };
    return claimPiece(this.ledger.table, claim, limitStatements(database.limits));
  }
}
