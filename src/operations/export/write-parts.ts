import { setTimeout as sleep } from 'node:timers/promises';
import { InterruptedError } from '../../errors.ts';
import { compressor } from '../../formats/write/compress.ts';
import type { Compression } from '../../formats/write/format.ts';
import { tryingAgain } from '../lasting-connection.ts';
import type { ExportOptions, ExportSummary } from './export.ts';
import { FileSet, type FileSetOptions } from './file-set.ts';
import type { Reading } from './lane-messages.ts';
import type { ReadPool } from './lane-pool.ts';
import type { Moment } from './moment.ts';
import type { Prepared } from './prepare.ts';
import { type Telling, TellingOutput } from './telling.ts';

/** Milliseconds for what is under way to end, once the export has failed. */
const endPatience = 300;

/** What is written, and of when. */
export interface Work extends Prepared {
  moment: Moment;
  /** Files that tell of the others. */
  tellings: readonly Telling[];
  /** About how many rows there will be; undefined: not known. */
  total: number | undefined;
}

/** What was written. */
export type WrittenParts = Pick<ExportSummary, 'rows' | 'bytes' | 'files'>;

/** Has lanes read the ranges, and writes what they make of them, in its order, into the files; then they end. */
export async function writeParts(pool: ReadPool, work: Work, options: ExportOptions): Promise<WrittenParts> {
  const { reporter, signal } = options;
  const { resume, total } = work;
  const files = new FileSet(await fileSetOptions(work, options));
  const told: TellingOutput[] = [];
  let rows = 0;
  const events = {
    onRows: (count: number) => {
      rows += count;
      reporter.progress({ phase: 'exporting', rows, bytes: files.bytes, ...doneOf(rows, total) });
    },
    onRetry: (message: string, pause: number) => reporter.warn(tryingAgain(message, pause)),
  };
  const send = async () => {
    await files.begin(resume?.file);
    for (const telling of work.tellings) told.push(await TellingOutput.open(telling));
    pool.begin(readingOf(work, options), events);
    for await (const part of pool.parts(work.work, resume && ((done) => resume.note(done, files)))) {
      await files.add(part);
    }
    // The lanes end meanwhile, as they have nothing more to do; below it is waited for.
    void pool.close();
    const written = await files.finish((all) => Promise.all(told.map((each) => each.finish(all, rows))));
    await resume?.end();
    return written;
  };
  let sending: Promise<unknown> = Promise.resolve();
  const begin = () => {
    const sent = send();
    sending = sent.catch(() => {});
    return sent;
  };
  try {
    const written = await unlessAborted(signal, () => pool.stop(), begin);
    return { rows: rows + (resume?.file.rows ?? 0), bytes: files.bytes, files: written };
  } catch (error) {
    // A file that is being opened just now would stay behind; a reader that takes nothing is not waited for.
    await Promise.race([sending, sleep(endPatience, undefined, { ref: false })]);
    await files.abandon();
    for (const each of told) await each.abandon().catch(() => {});
    // Where the first file was refused there is none yet.
    if (resume !== undefined && files.bytes > 0) {
      reporter.note('what is written is kept: the same command goes on from there');
    }
    throw error;
  } finally {
    await pool.close();
  }
}

/** The compression that the parts go through, in the lanes, and what stands around them here. */
const compressionAround = ({ format, compression }: ExportOptions): Compression | undefined =>
  format.compression === 'around' ? compression : undefined;

async function fileSetOptions({ plan }: Work, options: ExportOptions): Promise<FileSetOptions> {
  const { format, places, split, summed = false, manifest } = options;
  const compression = compressionAround(options);
  const around = compression === undefined ? (bytes: Uint8Array) => bytes : await compressor(compression);
  return { format, plan, places, split, around, summed: summed || manifest !== undefined };
}

function readingOf({ plan, moment }: Work, options: ExportOptions): Reading {
  const { format, split, stallAfter } = options;
  return { moment, format: format.name, plan, compression: compressionAround(options), split, stallAfter };
}

/** Done and total in rows. The planner's estimate may be wrong: once it is passed there is no total any more. */
function doneOf(rows: number, total: number | undefined): { done?: number; total?: number } {
  return total === undefined || rows > total ? {} : { done: rows, total };
}

/** Does not wait, once it is aborted, for a reader that takes nothing more. */
function unlessAborted<T>(signal: AbortSignal, stop: () => void, work: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      stop();
      reject(new InterruptedError());
    };
    if (signal.aborted) {
      abort();
      return;
    }
    signal.addEventListener('abort', abort, { once: true });
    work()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', abort));
  });
}
