import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../../database/database.ts';
import { InterruptedError } from '../../errors.ts';
import { compressor } from '../../formats/write/compress.ts';
import { defaultLanes } from '../lanes.ts';
import { tryingAgain } from '../lasting-connection.ts';
import type { ManifestHead } from '../manifest/describe-export.ts';
import { ManifestOutput } from '../manifest/manifest-output.ts';
import { type DatasetHead, DatasetOutput } from './dataset-output.ts';
import type { ExportOptions, ExportSummary } from './export.ts';
import { FileSet } from './file-set.ts';
import { ReadPool } from './lane-pool.ts';
import type { Moment } from './moment.ts';
import type { Prepared } from './prepare.ts';

/** Milliseconds for what is under way to end, once the export has failed. */
const endPatience = 300;

/** What is written, and of when. */
export interface Work extends Prepared {
  moment: Moment;
  /** What the manifest says beside the files; undefined: there is none. */
  head: ManifestHead | undefined;
  /** What a dataset's own file says of it; undefined: the export is none. */
  dataset: DatasetHead | undefined;
  /** About how many rows there will be; undefined: not known. */
  total: number | undefined;
}

/** Has lanes read the ranges, and writes what they make of them, in its order, into the files. */
export async function writeParts(
  database: Database,
  { work, plan, moment, head, dataset, total, resume }: Work,
  options: ExportOptions,
): Promise<Pick<ExportSummary, 'rows' | 'bytes' | 'files' | 'manifest'>> {
  const { format, text, split, places, reporter, signal } = options;
  const compression = format.compression === 'around' ? options.compression : undefined;
  const around = compression === undefined ? (bytes: Uint8Array) => bytes : await compressor(compression);
  const files = new FileSet(
    format,
    plan,
    places,
    split,
    around,
    options.summed === true || head !== undefined,
  );
  let manifest: ManifestOutput | undefined;
  let meta: DatasetOutput | undefined;
  let rows = 0;
  const pool = new ReadPool({
    onRows: (count) => {
      rows += count;
      reporter.progress({ phase: 'exporting', rows, bytes: files.bytes, ...doneOf(rows, total) });
    },
    onRetry: (message, pause) => reporter.warn(tryingAgain(message, pause)),
  });
  let sending: Promise<unknown> = Promise.resolve();
  const send = async () => {
    await files.begin(resume?.file);
    manifest = head && (await ManifestOutput.open(places, head));
    meta = dataset && (await DatasetOutput.open(places, dataset));
    await pool.open(database, Math.min(lanes(database, options), work.length), {
      moment,
      format: format.name,
      plan,
      compression,
      split,
    });
    for await (const part of pool.parts(work, resume && ((done) => resume.note(done, files)))) {
      await files.add(part);
    }
    if (manifest === undefined) await places.clearManifest();
    const sideBySide = format.files(plan).length;
    const written = await files.finish(async (all) => [
      ...(meta === undefined ? [] : [await meta.finish(all, rows)]),
      ...(manifest === undefined ? [] : [await manifest.finish(all, rows, { format, text, sideBySide })]),
    ]);
    await resume?.end();
    return written;
  };
  try {
    const written = await unlessAborted(
      signal,
      () => pool.stop(),
      () => {
        const sent = send();
        sending = sent.catch(() => {});
        return sent;
      },
    );
    return {
      rows: rows + (resume?.file.rows ?? 0),
      bytes: files.bytes,
      files: written,
      manifest: manifest?.path ?? null,
    };
  } catch (error) {
    // A file that is being opened just now would stay behind; a reader that takes nothing is not waited for.
    await Promise.race([sending, sleep(endPatience, undefined, { ref: false })]);
    await files.abandon();
    // Where the first file was refused there is none yet.
    if (resume !== undefined && files.bytes > 0) {
      reporter.note('what is written is kept: the same command goes on from there');
    }
    await meta?.abandon().catch(() => {});
    await manifest?.abandon().catch(() => {});
    throw error;
  } finally {
    await pool.close();
  }
}

const lanes = (database: Database, { jobs }: ExportOptions): number =>
  Math.min(jobs ?? defaultLanes(), database.maxLanes);

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
