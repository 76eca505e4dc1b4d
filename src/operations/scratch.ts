import type { Database, Session } from '../database/database.ts';
import { inTurn } from '../database/in-turn.ts';

/**
 * Does some work in a transaction that is always undone, to learn what would become of it. The work sees a database of
 * its own, whose transactions and failed statements undo just themselves.
 */
export async function inScratch<T>(database: Database, work: (scratch: Database) => Promise<T>): Promise<T> {
  const undo = new Error('nothing of it shall stay');
  let result: { value: T } | undefined;
  try {
    await database.transaction(async () => {
      result = { value: await work(scratchOf(database)) };
      throw undo;
    });
  } catch (error) {
    if (error !== undo) throw error;
  }
  return result!.value;
}

function scratchOf(database: Database): Database {
  const scratch: Database = {
    target: database.target,
    maxLanes: database.maxLanes,
    isPooled: database.isPooled,
    isDirect: database.isDirect,
    limits: database.limits,
    query: (statement) => undoable(database, (session) => session.query(statement)),
    copyIn: (sql, chunks) => undoable(database, (session) => session.copyIn(sql, chunks)),
    copyOut: (sql, take) => database.copyOut(sql, take),
    transaction: (inner) => undoable(database, () => inner(scratch)),
    sendBehind: undefined,
    readTogether: (statements) => undoable(database, (session) => inTurn(session, statements)),
    lane: () => database.lane(),
    onNotice: (listener) => database.onNotice(listener),
    cancel: () => database.cancel(),
    disconnect: () => database.disconnect(),
    close: async () => {},
    leave: async () => {},
  };
  return scratch;
}

async function undoable<T>(session: Session, work: (session: Session) => Promise<T>): Promise<T> {
  await session.query('SAVEPOINT pgv_scratch');
  try {
    const result = await work(session);
    await session.query('RELEASE SAVEPOINT pgv_scratch');
    return result;
  } catch (error) {
    // Where the connection is gone, so is the transaction.
    await session.query('ROLLBACK TO SAVEPOINT pgv_scratch').catch(() => {});
    throw error;
  }
}
