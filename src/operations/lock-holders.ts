import type { Session } from '../database/database.ts';
import { DatabaseError, PgvError } from '../errors.ts';
import { lockHolders } from '../sql/lock-holders.ts';

/** Whether a lock was waited for, and not had in time. */
export function isLockTimeout(error: unknown): error is PgvError {
  return error instanceof PgvError && error.sqlstate === '55P03';
}

/** The same error; a lock timeout of ours says how to wait longer. Of commands that have the flag. */
export function orLonger(error: unknown): unknown {
  return isLockTimeout(error) ? error.withHint(`${locked}: ${whatThen}`) : error;
}

/** The same error; a lock timeout of ours says to come again. Of commands that do not have the flag. */
export function orLater(error: unknown): unknown {
  return isLockTimeout(error) ? error.withHint(`${locked}: ${later}`) : error;
}

const locked = 'another session has it locked';
const later = 'try again when that is done';
/** What to do where pgv itself has set the limit. */
const whatThen = `${later}, or wait longer with --lock-timeout`;

/**
 * A lock timeout with who had the lock, so that something can be done about it; any other error as it is.
 * @param what was to be done: `docs_embedding_hnsw_cosine was not dropped`
 * @param relations whose locks count
 */
export async function withHolders(
  session: Session,
  error: unknown,
  what: string,
  relations: readonly number[],
): Promise<unknown> {
  if (!isLockTimeout(error)) return error;
  const { rows } = await session.query<{ holder: string }>(lockHolders(relations));
  const holders = rows.map(({ holder }) => holder);
  const others = holders.length > 3 ? ` and ${holders.length - 3} more` : '';
  return new DatabaseError(`${what}: ${holders.length === 0 ? 'it was' : 'it is'} in use`, {
    code: 'in-use',
    sqlstate: error.sqlstate,
    cause: error,
    hint: holders.length === 0 ? 'try again' : `${holders.slice(0, 3).join('; ')}${others}: ${whatThen}`,
  });
}
