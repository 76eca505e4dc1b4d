import type { Database, Session } from '../../database/database.ts';
import { InterruptedError, UsageError } from '../../errors.ts';
import { compressor } from '../../formats/write/compress.ts';
import type { Compression, TextOptions, WriteFormat, WritePlan } from '../../formats/write/format.ts';
import type { Reporter } from '../../progress.ts';
import { copyQueryOut, selectRows } from '../../sql/export.ts';
import { defaultLanes } from '../lanes.ts';
import { tryingAgain } from '../lasting-connection.ts';
import type { ManifestHead } from '../manifest/describe-export.ts';
import { describeMoment, ManifestOutput } from '../manifest/manifest-output.ts';
import { expressionOf, requireColumns, type TakenColumn, takeColumns } from './columns.ts';
import { type ExportedFile, FileSet, type Split } from './file-set.ts';
import type { RangeWork } from './lane-messages.ts';
import { ReadPool } from './lane-pool.ts';
import { countRanges, measure } from './measure.ts';
import { inOneMoment, type Moment } from './moment.ts';
import type { Places } from './places.ts';
import { planRanges, type Range } from './ranges.ts';
import { asUsage, type Source } from './source.ts';

export interface ExportOptions {
  format: WriteFormat;
  text: TextOptions;
  compression?: Compression | undefined;
  split?: Split | undefined;
  places: Places;
  /** Lanes at the most; default: as many as there are cores, and at most 4. */
  jobs?: number | undefined;
  /** Which of several, for a format that holds one; default: the only one, else `embedding`. */
  vectorColumn?: string | undefined;
  /** A manifest is written beside the files; it tells the version of pgv. */
  manifest?: { pgvVersion: string } | undefined;
  reporter: Reporter;
  signal: AbortSignal;
}

/** What was exported. */
export interface ExportSummary {
  rows: number;
  bytes: number;
  seconds: number;
  rowsPerSecond: number;
  files: ExportedFile[];
  /** The moment's name on the server; null on the embedded database. */
  snapshot: string | null;
  /** The manifest's path; null: none was asked for. */
  manifest: string | null;
}

/**
 * Writes a source's rows, as they are at one moment, to files or a stream: lanes read ranges of the table side by side
 * and encode them, and what they make is put in order here. Memory does not grow with the rows. Files are there whole
 * or not at all.
 * @throws PgvError of the database or the disk; whatever the output's `write` throws
 */
export async function exportRows(
  database: Database,
  source: Source,
  options: ExportOptions,
): Promise<ExportSummary> {
  const started = performance.now();
  const { format, manifest, reporter, vectorColumn } = options;
  const taken = takeColumns(source, format, vectorColumn, reporter);
  requireColumns(taken, source.table?.name ?? '--query');
  try {
    return await inOneMoment(database, source.table, async (session, moment) => {
      const { work, plan } = await prepare(session, source, taken, options);
      const told = { ...source, columns: taken.map(({ column }) => column) };
      const head =
        manifest && (await describeMoment(database, session, told, moment.snapshot, manifest.pgvVersion));
      const { rows, ...written } = await write(database, source, { work, plan, moment, head }, options);
      const seconds = (performance.now() - started) / 1000;
      const snapshot = moment.snapshot ?? null;
      return { rows, seconds, rowsPerSecond: Math.round(rows / seconds), snapshot, ...written };
    });
  } catch (error) {
    throw asUsage(error, source.flags);
  }
}

/** All that is known before the first row is read. */
interface Prepared {
  work: RangeWork[];
  plan: WritePlan;
}

async function prepare(
  session: Session,
  source: Source,
  taken: readonly TakenColumn[],
  { format, text, compression, split, reporter }: ExportOptions,
): Promise<Prepared> {
  const columns = taken.map(({ written }) => written);
  const ranges = await planRanges(session, source, reporter);
  const measures = format.measures?.(columns);
  if (measures !== undefined && split !== undefined && 'bytes' in split) throw sizeOfMeasured(format);
  const measured = measures && (await measure(session, source, taken, measures));
  const counted =
    split !== undefined && 'rows' in split && ranges.length > 1
      ? await countRanges(session, ranges)
      : undefined;
  const within = format.compression === 'around' ? undefined : compression;
  return {
    work: rangeWork(ranges, taken, counted),
    plan: { columns, text, compression: within, measured },
  };
}

function rangeWork(
  ranges: readonly Range[],
  taken: readonly TakenColumn[],
  counts: readonly number[] | undefined,
): RangeWork[] {
  const expressions = taken.map(expressionOf);
  let firstRow = 0;
  return ranges.map((range, sequence) => {
    const work = {
      sequence,
      copy: copyQueryOut(selectRows(expressions, range)),
      firstRow,
      repeatable: ranges.length > 1,
    };
    firstRow += counts?.[sequence] ?? 0;
    return work;
  });
}

async function write(
  database: Database,
  source: Source,
  { work, plan, moment, head }: Prepared & { moment: Moment; head: ManifestHead | undefined },
  options: ExportOptions,
): Promise<Pick<ExportSummary, 'rows' | 'bytes' | 'files' | 'manifest'>> {
  const { format, text, split, places, reporter, signal } = options;
  const compression = format.compression === 'around' ? options.compression : undefined;
  const around = compression === undefined ? (bytes: Uint8Array) => bytes : await compressor(compression);
  const files = new FileSet(format, plan, places, split, around);
  const total = plan.measured?.rows ?? source.expectedRows;
  let manifest: ManifestOutput | undefined;
  let rows = 0;
  const pool = new ReadPool({
    onRows: (count) => {
      rows += count;
      reporter.progress({ phase: 'exporting', rows, bytes: files.bytes, ...doneOf(rows, total) });
    },
    onRetry: (message, pause) => reporter.warn(tryingAgain(message, pause)),
  });
  const send = async () => {
    await files.begin();
    manifest = head && (await ManifestOutput.open(places, head));
    await pool.open(database, Math.min(lanes(database, options), work.length), {
      moment,
      format: format.name,
      plan,
      compression,
      rowsPerFile: split !== undefined && 'rows' in split ? split.rows : undefined,
    });
    for await (const part of pool.parts(work)) await files.add(part);
    const sideBySide = format.files(plan).length;
    return files.finish(manifest && ((all) => manifest!.finish(all, rows, { format, text, sideBySide })));
  };
  try {
    const written = await unlessAborted(signal, () => pool.stop(), send);
    return { rows, bytes: files.bytes, files: written, manifest: manifest?.path ?? null };
  } catch (error) {
    await files.abandon();
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

function sizeOfMeasured({ name }: WriteFormat): UsageError {
  return new UsageError(`--split takes a number of rows with --format ${name}, no size`, {
    hint: 'for example --split 1000000',
  });
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
