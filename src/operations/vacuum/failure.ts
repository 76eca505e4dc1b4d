import { DatabaseError, InterruptedError, PgvError } from '../../errors.ts';

/** Whether what went wrong with one table need not go wrong with the next: not so where the connection is gone. */
export function isOfTable(error: unknown): error is PgvError {
  if (!(error instanceof PgvError) || error instanceof InterruptedError) return false;
  return error.sqlstate === undefined
    ? !(error instanceof DatabaseError)
    : !/^(?:08|57P)/.test(error.sqlstate);
}

/** Whether the role may not do it. */
export function isForbidden({ sqlstate }: PgvError): boolean {
  return sqlstate === '42501';
}

/** What was wrong, and what to do, as one line. */
export function textOf({ message, hint }: PgvError): string {
  return hint === undefined ? message : `${message}: ${hint}`;
}
