import type { PgvError } from '../../src/errors.ts';
import { redact } from './redact.ts';
import type { Style } from './style.ts';

/** An error as a person reads it: what, where, and what to do next; no stack but with PGV_DEBUG=1. */
export function renderError(error: PgvError, style: Style, debug: boolean): string {
  const sqlstate = error.sqlstate === undefined ? '' : ` (SQLSTATE ${error.sqlstate})`;
  const where = place(error);
  const lines = [`pgv: ${where}${style.red(error.message)}${sqlstate}`];
  if (error.hint !== undefined) lines.push(`${style.dim('hint:')} ${error.hint}`);
  if (debug) lines.push(style.dim(stacks(error)));
  return redact(`${lines.join('\n')}\n`);
}

/** An error as scripts read it; every key is always there. */
export function errorDocument(error: PgvError): { error: Record<string, string | number | null> } {
  return {
    error: {
      code: error.code,
      message: redact(error.message),
      hint: error.hint === undefined ? null : redact(error.hint),
      file: error.file ?? null,
      row: error.row ?? null,
      column: error.column ?? null,
      sqlstate: error.sqlstate ?? null,
    },
  };
}

/** `data.csv, row 3, column embedding: `, as much of it as is known and the message does not begin with. */
function place({ file, row, column, message }: PgvError): string {
  const parts = [
    ...(file === undefined ? [] : [file]),
    ...(row === undefined ? [] : [`row ${row}`]),
    ...(column === undefined ? [] : [`column ${column}`]),
  ].filter((part) => !message.startsWith(part));
  return parts.length === 0 ? '' : `${parts.join(', ')}: `;
}

function stacks(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.stack ?? String(error);
  return error.cause === undefined ? own : `${own}\ncaused by ${stacks(error.cause)}`;
}
