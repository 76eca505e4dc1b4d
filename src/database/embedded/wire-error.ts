import { DatabaseError, PgvError } from '../../errors.ts';
import { toPgvError } from '../sqlstate.ts';
import type { WireError } from './protocol.ts';

/** Packs what failed in the host, so that the client can throw it. */
export function packError(error: unknown): WireError {
  if (isServerReport(error)) return { kind: 'server', fields: { ...error, message: error.message } };
  if (error instanceof PgvError) {
    return { kind: 'pgv', message: error.message, details: { code: error.code, hint: error.hint } };
  }
  return { kind: 'pgv', message: `the embedded database failed: ${String(error)}`, details: {} };
}

/** The error that the host packed, as a PgvError with the server's fields as its cause (`copyContext`). */
export function unpackError(error: WireError): PgvError {
  if (error.kind === 'pgv') return new DatabaseError(error.message, error.details);
  return toPgvError(Object.assign(new Error(error.fields.message), error.fields));
}

function isServerReport(
  error: unknown,
): error is { message: string; code: string; severity: string } & Record<string, unknown> {
  if (error instanceof PgvError || !(error instanceof Error)) return false;
  return 'severity' in error && 'code' in error && typeof error.code === 'string';
}
