import { DatabaseError, DataError, type ErrorDetails, PgvError } from '../errors.ts';
import { describeNetworkError } from './network-error.ts';
import { type ErrorContext, isServerError, type ServerError } from './server-error.ts';
import { hintFor } from './sqlstate-hint.ts';

/** Which line of the data COPY was reading when it failed, and which column where it knows. */
export interface CopyContext {
  /** From 1, within this COPY; a text or CSV header counts as a line. */
  line: number;
  column: string | undefined;
}

/**
 * Turns what a driver throws into an error for people: SQLSTATE 22… and 23… are the data's fault (DataError),
 * the rest the database's, the network's or the disk's (DatabaseError). The driver's error stays as `cause`;
 * a PgvError is given back as it is.
 */
export function toPgvError(error: unknown, context: ErrorContext = {}): PgvError {
  if (error instanceof PgvError) return error;
  if (isServerError(error)) return fromServerError(error, context);
  const { message, code, hint } = describeNetworkError(error, context.address);
  return new DatabaseError(message, { code, hint, file: context.file, cause: error });
}

function fromServerError(error: ServerError, context: ErrorContext): PgvError {
  const { code, hint } = hintFor(error, context);
  const details: ErrorDetails = {
    hint: hint ?? error.hint,
    file: context.file,
    row: context.row,
    column: context.column ?? copyContext(error)?.column ?? (error.column || undefined),
    sqlstate: error.code,
    cause: error,
  };
  if (code !== undefined) details.code = code;
  const message = withoutStop(firstLine(error)) + (error.detail ? `: ${withoutStop(error.detail)}` : '');
  return /^2[23]/.test(error.code) ? new DataError(message, details) : new DatabaseError(message, details);
}

/** A syntax error quotes the statement to its end from where it goes wrong, our own part of it too. */
function firstLine({ code, message }: ServerError): string {
  return code === '42601' ? message.replace(/\n.*/s, ' …') : message;
}

function withoutStop(text: string): string {
  return text.replace(/\.$/, '');
}

/**
 * Where a COPY failed, from the server's CONTEXT (`COPY docs, line 3, column embedding: "[1,2"`), given the
 * driver's error or the PgvError made of it. Undefined where the server names no line.
 */
export function copyContext(error: unknown): CopyContext | undefined {
  const source = error instanceof PgvError ? error.cause : error;
  if (!isServerError(source) || !source.where) return undefined;
  const match = /^COPY .*?, line (\d+)(?:, column (.+?)(?=: "|: null input|$))?/m.exec(source.where);
  return match === null ? undefined : { line: Number(match[1]), column: match[2] };
}
