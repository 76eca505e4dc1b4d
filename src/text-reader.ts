import type { Column } from './batch.ts';

/** What a reader says of a field. */
export type Verdict = typeof TAKEN | typeof UNSURE | typeof BAD;
/** The value is in the column, exactly as PostgreSQL's own input function would have read it. */
export const TAKEN = 0;
/** Not a form that we read ourselves: PostgreSQL shall read the text, and judge it. */
export const UNSURE = 1;
/** PostgreSQL would refuse it too; `problem` says why. */
export const BAD = 2;

/** Why a value is refused, in PostgreSQL's terms. */
export interface ValueProblem {
  sqlstate: string;
  /** Reads on from the column's name: `expected 3 dimensions, not 2`. */
  message: string;
  hint?: string;
}

/** Text fields in, a column of a batch out. One reader a column and lane, used again and again. */
export interface TextReader {
  /** Takes bytes[start, end), unquoted and unescaped UTF-8, as the next row's value. A row not TAKEN is not added. */
  read(bytes: Uint8Array, start: number, end: number): Verdict;
  readNull(): void;
  /** The rows read since the last call. Its arrays are the reader's own: valid until it reads again. */
  take(): Column;
  /** Why the last field was BAD. */
  readonly problem: ValueProblem | undefined;
}

/** A value for a message: quoted, at most 40 characters. */
export function excerpt(bytes: Uint8Array, start: number, end: number): string {
  const text = new TextDecoder().decode(bytes.subarray(start, Math.min(end, start + 160)));
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 39)}…` : text);
}
