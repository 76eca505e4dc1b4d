/** How long things may take, in milliseconds; 0: as long as they take. */
export interface Limits {
  /** A statement. */
  statement: number;
  /** Waiting for a lock that keeps others out: whoever comes after it has to wait behind it. */
  lock: number;
}

/** Loads and builds take as long as they take, whatever limit the role has for statements. */
export const defaultLimits: Limits = { statement: 0, lock: 5000 };

/** Has the limit for statements hold in the transaction that has begun, whoever had the session before it. */
export function limitStatements({ statement }: Limits): string {
  return `SET LOCAL statement_timeout = ${statement}`;
}
