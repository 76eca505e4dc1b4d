import type { Database, Session, Statement } from '../../src/database/database.ts';
import { redact } from './redact.ts';
import { counted } from './units.ts';

/**
 * The same database, telling every statement and its time: for --verbose. Values are left out, since they are data
 * and may be long; passwords in statements are struck out.
 */
export function traceDatabase(database: Database, print: (line: string) => void): Database {
  const timed = timer(print);
  return {
    ...traceSession(database, print),
    target: database.target,
    maxLanes: database.maxLanes,
    isPooled: database.isPooled,
    isDirect: database.isDirect,
    transaction: async (work) => {
      print('BEGIN');
      try {
        const result = await database.transaction((session) => work(traceSession(session, print)));
        print('COMMIT');
        return result;
      } catch (error) {
        print('ROLLBACK');
        throw error;
      }
    },
    readTogether: (statements) =>
      timed(
        ['BEGIN READ ONLY', ...statements.map(textOf), 'COMMIT'].join(';\n'),
        () => database.readTogether(statements),
        (results) => counted(results.at(-1)?.rowCount ?? 0, 'row'),
      ),
    // Each is told by itself.
    sendBehind: undefined,
    lane: () => database.lane(),
    onNotice: (listener) => database.onNotice(listener),
    cancel: () => database.cancel(),
    disconnect: () => database.disconnect(),
    close: () => database.close(),
    leave: () => database.leave(),
  };
}

/** Runs something and tells what it was, how long it took and what came of it. */
function timer(print: (line: string) => void) {
  return async <T>(sql: string, run: () => Promise<T>, outcome: (result: T) => string): Promise<T> => {
    const started = performance.now();
    const tell = (what: string) => {
      const milliseconds = (performance.now() - started).toFixed(1);
      print(`${redact(sql.trim())}\n  -- ${[`${milliseconds} ms`, what].filter(Boolean).join(', ')}`);
    };
    try {
      const result = await run();
      tell(outcome(result));
      return result;
    } catch (error) {
      tell('failed');
      throw error;
    }
  };
}

function traceSession(session: Session, print: (line: string) => void): Session {
  const timed = timer(print);
  return {
    limits: session.limits,
    query: (statement) =>
      timed(
        textOf(statement),
        () => session.query(statement),
        (result) => counted(result.rowCount, 'row'),
      ),
    copyIn: (sql, chunks) =>
      timed(
        sql,
        () => session.copyIn(sql, chunks),
        (rows) => counted(rows, 'row'),
      ),
    copyOut: (sql, take) =>
      timed(
        sql,
        () => session.copyOut(sql, take),
        () => '',
      ),
  };
}

function textOf(statement: Statement | string): string {
  return typeof statement === 'string' ? statement : statement.text;
}
