import type { Database, Session } from '../../database/database.ts';
import { DatabaseError, PgvError } from '../../errors.ts';
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
  deleteMissing: boolean;
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

/** What there is of the ledger, and what the role may do with it: `ready`: write in it; `closed`: not even read it. */
export type LedgerAccess = 'missing' | 'closed' | 'readable' | 'ready';

/** What became of making the ledger: `forbidden` where the role may not write in it, or may not make it. */
export type LedgerState = 'ready' | 'forbidden';

/** Makes the ledger where it is not there yet. Call it outside a transaction. */
export async function ensureLedger(database: Database): Promise<LedgerState> {
  for (let attempt = 0; ; attempt++) {
    const access = await ledgerAccess(database);
    if (access !== 'missing') return access === 'ready' ? 'ready' : 'forbidden';
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

export async function ledgerAccess(session: Session): Promise<LedgerAccess> {
  const { rows } = await session.query<{ readable: boolean; usable: boolean }>(findLedger());
  const [found] = rows;
  if (found === undefined) return 'missing';
  if (found.usable) return 'ready';
  return found.readable ? 'readable' : 'closed';
}

/** Whether there is a ledger that can be kept. */
export async function hasLedger(session: Session): Promise<boolean> {
  return (await ledgerAccess(session)) === 'ready';
}

/**
 * Whether there is a ledger at all.
 * @throws DatabaseError where there is one, and the role may not do with it what is asked for
 */
export async function requireAccess(session: Session, needed: 'readable' | 'ready'): Promise<boolean> {
  const access = await ledgerAccess(session);
  if (access === 'missing') return false;
  if (access === 'ready' || access === needed) return true;
  throw new DatabaseError(
    `the role may not ${needed === 'ready' ? 'write in' : 'read'} the ledger (schema pgv)`,
    {
      code: 'permission',
      sqlstate: '42501',
      hint: 'have its owner run `pgv init --grant <role>`, or connect as another role',
    },
  );
}

/** The loads into a table (undefined: into any), the newest first. */
export async function recordedLoads(session: Session, tableOid: number | undefined): Promise<RecordedLoad[]> {
  const { rows } = await session.query<RecordedLoad>(loadsInto(tableOid));
  return rows;
}

function isLostRace({ sqlstate = '' }: PgvError): boolean {
  return ['23505', '42P06', '42P07', '42710', 'XX000', '40001'].includes(sqlstate);
}
