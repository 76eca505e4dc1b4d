/** What the thrower knows besides the driver's error; all of it may be shown to people. */
export interface ErrorContext {
  file?: string | undefined;
  /** Data row in the file, from 1. */
  row?: number | undefined;
  column?: string | undefined;
  /** Where the server was looked for: `localhost:5432`, a socket's path. */
  address?: string | undefined;
  /** Where the password came from (`PGPASSWORD`, `~/.pgpass`), or undefined where there was none. Not the password. */
  passwordSource?: string | undefined;
  /** The server's version as it tells it: `17.5 (Debian 17.5-1)`. */
  serverVersion?: string | undefined;
  /** Milliseconds that the user gives a statement; 0 or none: no limit. */
  statementLimit?: number | undefined;
  /** A pooler gives each transaction another session. */
  isPooled?: boolean | undefined;
}

/** The fields of an ErrorResponse, as pg and PGlite both give them. */
export interface ServerError extends Error {
  /** The SQLSTATE. */
  code: string;
  detail?: string | undefined;
  hint?: string | undefined;
  /** The server's CONTEXT lines. */
  where?: string | undefined;
  column?: string | undefined;
  severity?: string | undefined;
}

/** True for an ErrorResponse of the server, from whichever driver: told by its SQLSTATE and severity. */
export function isServerError(error: unknown): error is ServerError {
  if (!(error instanceof Error) || !('code' in error) || !('severity' in error)) return false;
  return typeof error.code === 'string' && /^[0-9A-Z]{5}$/.test(error.code);
}
