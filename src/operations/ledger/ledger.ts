import type { Database, Session } from '../../database/database.ts';
import { PgvError } from '../../errors.ts';
import { findLedger, ledgerDefinition, loadsInto } from '../../sql/ledger.ts';

/** A source as the ledger remembers it. */
export interface RecordedSource {
  /** The whole path, the URL without what is secret in it, or `stdin`. */
  name: string;
  /** Undefined for a stream. */
  fingerprint?: { byteLength: number; modified: string; sample: string };
}

/** How rows reach their table: what a load keeps from its beginning to its end. */
export interface LoadMode {
  onConflict: 'error' | 'skip' | 'update';
  key: readonly string[];
  atomic: boolean;
  truncate: boolean;
}

/** A load as the ledger has it. */
export interface RecordedLoad {
  loadId: string;
  tableOid: number;
  /** Qualified. */
  tableName: string;
  createdTable: boolean;
  /** The staging table, quoted and qualified; null: straight into the table. */
  staging: string | null;
  sources: RecordedSource[];
  sourceKey: string | null;
  shape: Record<string, unknown>;
  shapeKey: string;
  mode: LoadMode;
  pieceLength: number;
  startedAt: string;
  role: string;
  /** Null: not finished. */
  finishedAt: string | null;
  /** Null until it is finished. */
  inserted: number | null;
  updated: number | null;
  unchanged: number | null;
  skipped: number | null;
  deleted: number | null;
  /** Stored so far. */
  pieces: number;
  rows: number;
  bytes: number;
  rejected: number;
  /** Where the table lay when the load last wrote to it. */
  filenode: string | null;
}

/** What became of making the ledger: `forbidden` where the role may not write in it, or may not make it. */
export type LedgerState = 'ready' | 'forbidden';

/** Makes the ledger where it is not there yet. Call it outside a transaction. */
export async function ensureLedger(database: Database): Promise<LedgerState> {
  for (let attempt = 0; ; attempt++) {
    const { rows } = await database.query<{ usable: boolean }>(findLedger());
    if (rows[0] !== undefined) return rows[0].usable ? 'ready' : 'forbidden';
    try {
      await database.query(ledgerDefinition.join(';\n'));
    } catch (error) {
      if (!(error instanceof PgvError)) throw error;
      if (error.sqlstate === '42501' || error.sqlstate === '25006') return 'forbidden';
      // IF NOT EXISTS does not hold between two sessions that both begin.
      if (attempt === 5 || !isLostRace(error)) throw error;
    }
  }
}

/** Whether there is a ledger that can be read. */
export async function hasLedger(session: Session): Promise<boolean> {
  const { rows } = await session.query<{ usable: boolean }>(findLedger());
  return rows[0]?.usable ?? false;
}

/** The loads into a table (undefined: into any), the newest first. */
export async function recordedLoads(session: Session, tableOid: number | undefined): Promise<RecordedLoad[]> {
  const { rows } = await session.query<RecordedLoad>(loadsInto(tableOid));
  return rows;
}

function isLostRace({ sqlstate = '' }: PgvError): boolean {
  return ['23505', '42P06', '42P07', '42710', 'XX000', '40001'].includes(sqlstate);
}
