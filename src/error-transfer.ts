import {
  DatabaseError,
  DataError,
  type ErrorDetails,
  InterruptedError,
  PgvError,
  UsageError,
} from './errors.ts';

/** An error on its way between threads: structured clones lose the class and our fields. */
export interface TransferredError {
  className: string;
  message: string;
  details: ErrorDetails;
  stack: string | undefined;
}

const classes = { DataError, DatabaseError, InterruptedError, UsageError };

export function packError(error: unknown): TransferredError {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  if (!(error instanceof PgvError)) return { className: name, message, details: {}, stack };
  const { code, hint, file, row, column, sqlstate } = error;
  return { className: name, message, details: { code, hint, file, row, column, sqlstate }, stack };
}

/** The same error again; what was none of ours becomes a plain Error with its old stack. */
export function unpackError({ className, message, details, stack }: TransferredError): Error {
  if (Object.hasOwn(classes, className))
    return new classes[className as keyof typeof classes](message, details);
  const error = new Error(message);
  if (stack !== undefined) error.stack = stack;
  return error;
}
