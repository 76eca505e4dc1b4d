import { isDeepStrictEqual } from 'node:util';
import type { Database, Session } from '../../database/database.ts';
import { DatabaseError, PgvError } from '../../errors.ts';
import type { Backend } from '../../sql/backends.ts';
import { quoteQualified } from '../../sql/identifiers.ts';
import {
  exportSnapshot,
  importSnapshot,
  lockForReading,
  readOneMoment,
  settleTransaction,
} from '../../sql/snapshot.ts';
import { describeTable, type TableDescription } from '../tables.ts';

/** The moment that all lanes see. */
export interface Moment {
  /** Undefined: there is one lane, whose own transaction it is. */
  snapshot: string | undefined;
  /** The table, quoted and qualified, that every lane locks; undefined: a role that may read but not lock, or no table. */
  locked: string | undefined;
}

/**
 * Does some work while the moment is held: first the lock, so that the table stays as it is, then the snapshot.
 * On the embedded database, which is this process's alone, the lane's transaction is all.
 */
export async function inOneMoment<T>(
  database: Database,
  table: TableDescription | undefined,
  work: (session: Session, moment: Moment) => Promise<T>,
): Promise<T> {
  if (database.maxLanes === 1) return work(database, { snapshot: undefined, locked: undefined });
  let done: { result: T } | undefined;
  try {
    await database.transaction(async (session) => {
      await session.query(readOneMoment);
      const locked = await lock(session, table);
      const { rows } = await session.query<{ snapshot: string }>(exportSnapshot);
      await session.query(settleTransaction(session.limits.statement));
      await requireUnaltered(session, table);
      done = { result: await work(session, { snapshot: rows[0]!.snapshot, locked }) };
    });
  } catch (error) {
    // It has only read: once the work is done, it does not matter how the transaction ends.
    if (done === undefined) throw error;
  }
  return done!.result;
}

/**
 * Has a lane's transaction, which has just begun, see the moment.
 * @returns whose transaction it is
 * @throws DatabaseError
 */
export async function joinMoment(session: Session, { snapshot, locked }: Moment): Promise<Backend> {
  await session.query(readOneMoment);
  if (snapshot !== undefined) {
    await session.query(importSnapshot(snapshot)).catch((error: unknown) => {
      throw isUnknown(error) ? momentIsOver(error) : error;
    });
  }
  if (locked !== undefined) {
    // Whoever waits for the table alone waits for the moment's lock, and a lane that waited behind him would wait for ever.
    await session.query(lockForReading(locked, 'nowait')).catch((error: unknown) => {
      throw isHeld(error) ? tableIsWanted(locked, error) : error;
    });
  }
  const { rows } = await session.query<Backend>(settleTransaction(session.limits.statement));
  return rows[0]!;
}

async function lock(session: Session, table: TableDescription | undefined): Promise<string | undefined> {
  if (table?.kind !== 'table' && table?.kind !== 'partitioned table') return undefined;
  const name = quoteQualified(table.schema, table.name);
  await session.query('SAVEPOINT before_lock');
  try {
    await session.query(lockForReading(name, 'wait'));
    return name;
  } catch (error) {
    // A role with rights on some columns alone.
    if (!(error instanceof PgvError) || error.sqlstate !== '42501') throw error;
    await session.query('ROLLBACK TO SAVEPOINT before_lock');
    return undefined;
  } finally {
    await session.query('RELEASE SAVEPOINT before_lock').catch(() => {});
  }
}

/** Who waits for the lock may wait for an ALTER TABLE: by what the columns were before, values would be read wrong. */
async function requireUnaltered(session: Session, table: TableDescription | undefined): Promise<void> {
  if (table === undefined) return;
  const found = await describeTable(session, quoteQualified(table.schema, table.name));
  const facts = ({ oid, columns, rowSecurity }: TableDescription) => ({ oid, columns, rowSecurity });
  if (found !== undefined && isDeepStrictEqual(facts(found), facts(table))) return;
  throw new DatabaseError(`table ${table.shown} has just been altered`, {
    code: 'table-altered',
    hint: 'run the command again: it reads the table as it is now',
  });
}

const isUnknown = (error: unknown): error is PgvError =>
  error instanceof PgvError && error.sqlstate === '42704';

function momentIsOver(cause: PgvError): DatabaseError {
  return new DatabaseError('the server has ended the session that held the moment of what is read', {
    code: 'moment-over',
    cause,
    hint: 'run the command again: it reads the table as it is then',
  });
}

const isHeld = (error: unknown): error is PgvError => error instanceof PgvError && error.sqlstate === '55P03';

function tableIsWanted(table: string, cause: PgvError): DatabaseError {
  return new DatabaseError(`another session waits to change ${table}`, {
    code: 'table-locked',
    sqlstate: cause.sqlstate,
    cause,
    hint: 'run the command again when it has done so, or with --jobs 1',
  });
}
