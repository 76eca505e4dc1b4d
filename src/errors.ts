/** Where in the input, and with which SQLSTATE, something went wrong. */
export interface ErrorDetails {
  /** A stable name for scripts, such as `file-not-found`; defaults to the class's own. */
  code?: string;
  /** What to do next, in one sentence. */
  hint?: string | undefined;
  file?: string | undefined;
  /** Data row in the file, from 1; the header is not counted. */
  row?: number | undefined;
  column?: string | undefined;
  /** Five characters, as PostgreSQL defines them. */
  sqlstate?: string | undefined;
  cause?: unknown;
}

/**
 * Every failure that a person can do something about. Thrown once, where the cause is known;
 * the class decides the exit code (commands/exit-codes.ts), the fields make the message.
 */
export abstract class PgvError extends Error {
  readonly code: string;
  readonly hint: string | undefined;
  readonly file: string | undefined;
  readonly row: number | undefined;
  readonly column: string | undefined;
  readonly sqlstate: string | undefined;

  constructor(defaultCode: string, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.code = details.code ?? defaultCode;
    this.hint = details.hint;
    this.file = details.file;
    this.row = details.row;
    this.column = details.column;
    this.sqlstate = details.sqlstate;
  }

  /** The same error with another hint. */
  withHint(hint: string | undefined): PgvError {
    return this.with({ hint });
  }

  /** The same error, and where in the input it is; a row or a column that is undefined stays as it is known. */
  at({
    file,
    row = this.row,
    column = this.column,
  }: {
    file: string;
    row?: number | undefined;
    column?: string | undefined;
  }): PgvError {
    return this.with({ file, row, column });
  }

  /** The same error in other words. */
  withMessage(message: string): PgvError {
    return this.with({}, message);
  }

  private with(changes: ErrorDetails, message = this.message): PgvError {
    const Same = this.constructor as new (message: string, details: ErrorDetails) => PgvError;
    const { code, hint, file, row, column, sqlstate, cause } = this;
    return new Same(message, { code, hint, file, row, column, sqlstate, cause, ...changes });
  }
}

/** The command was typed wrong, or names something that is not there: exit 2. */
export class UsageError extends PgvError {
  constructor(message: string, details?: ErrorDetails) {
    super('usage', message, details);
  }
}

/** The input's bytes are not what they should be: exit 3. */
export class DataError extends PgvError {
  constructor(message: string, details?: ErrorDetails) {
    super('bad-data', message, details);
  }
}

/** The database, the network or the disk refused: exit 4. */
export class DatabaseError extends PgvError {
  constructor(message: string, details?: ErrorDetails) {
    super('database', message, details);
  }
}

/** The user, or a signal, stopped the work: exit 130 or 143. */
export class InterruptedError extends PgvError {
  constructor(message = 'interrupted', details?: ErrorDetails) {
    super('interrupted', message, details);
  }
}
