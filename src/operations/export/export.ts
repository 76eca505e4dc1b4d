import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { Database } from '../../database/database.ts';
import { InterruptedError, PgvError, UsageError } from '../../errors.ts';
import type { WriteFormat, WriteOptions } from '../../formats/write/format.ts';
import type { Reporter } from '../../progress.ts';
import { copyQueryOut } from '../../sql/export.ts';
import { type Destination, type Output, openOutput } from './output.ts';
import type { Source } from './source.ts';

export interface ExportOptions {
  format: WriteFormat;
  /** Ignored by binary formats. */
  text: WriteOptions;
  destination: Destination;
  reporter: Reporter;
  signal: AbortSignal;
}

/** What was exported. */
export interface ExportSummary {
  rows: number;
  bytes: number;
  seconds: number;
  rowsPerSecond: number;
  files: { path: string; rows: number; bytes: number; sha256: string }[];
}

/**
 * Writes a source's rows, as one snapshot has them, to a file or a stream: a COPY's bytes → the format → the output,
 * each pulled by the next, so that memory does not grow with the rows. A file is there whole or not at all.
 * @throws PgvError of the database or the disk; whatever the destination's `write` throws
 */
export async function exportRows(
  database: Database,
  source: Source,
  options: ExportOptions,
): Promise<ExportSummary> {
  const started = performance.now();
  const output = await openOutput(options.destination);
  let written: Written;
  try {
    written = await send(database, source, options, output);
    await output.finish();
  } catch (error) {
    await output.abandon();
    throw asUsage(error, source);
  }
  const seconds = (performance.now() - started) / 1000;
  const { rows, bytes, sha256 } = written;
  const { destination } = options;
  return {
    rows,
    bytes,
    seconds,
    rowsPerSecond: Math.round(rows / seconds),
    files: 'path' in destination ? [{ path: destination.path, rows, bytes, sha256 }] : [],
  };
}

/** What the database does not understand or allow of the user's own SQL is wrong usage. */
function asUsage(error: unknown, { flags }: Source): unknown {
  const isSql = error instanceof PgvError && /^(42(?!501)|0A|25006)/.test(error.sqlstate ?? '');
  if (!isSql || flags.length === 0) return error;
  const { message, sqlstate } = error;
  return new UsageError(message, {
    sqlstate,
    hint: error.hint ?? `check ${flags.join(' and ')}`,
    cause: error,
  });
}

interface Written {
  rows: number;
  bytes: number;
  sha256: string;
}

async function send(
  database: Database,
  source: Source,
  options: ExportOptions,
  output: Output,
): Promise<Written> {
  const { format, text, signal } = options;
  return database.transaction(async (session) => {
    // The user's own SQL shall change nothing.
    await session.query('SET TRANSACTION READ ONLY');
    const wire = await session.copyOut(copyQueryOut(source.query, format.wire(text)));
    return untilAborted(signal, wire, pass(wire, source, options, output));
  });
}

async function pass(
  wire: Readable,
  { expectedRows }: Source,
  { format, text, reporter }: ExportOptions,
  output: Output,
): Promise<Written> {
  const hash = createHash('sha256');
  let rows = 0;
  let bytes = 0;
  const file = format.encode(wire, text, (count) => {
    rows = count;
    reporter.progress({ phase: 'exporting', rows, bytes, ...expected(rows, expectedRows) });
  });
  // An error in here ends the generator too, which destroys the wire and so ends the COPY.
  for await (const chunk of file) {
    hash.update(chunk);
    bytes += chunk.byteLength;
    await output.write(chunk);
  }
  return { rows, bytes, sha256: hash.digest('hex') };
}

/** Done and total in rows. The planner's estimate may be wrong: once it is passed there is no total any more. */
function expected(rows: number, total: number | undefined): { done?: number; total?: number } {
  return total === undefined || rows > total ? {} : { done: rows, total };
}

/** Ends the COPY on the signal, and does not wait for a reader that takes nothing more. */
function untilAborted<T>(signal: AbortSignal, wire: Readable, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      const error = new InterruptedError();
      wire.destroy(error);
      reject(error);
    };
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
