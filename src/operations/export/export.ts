import type { Database, Session } from '../../database/database.ts';
import type { Compression, TextOptions, WriteFormat } from '../../formats/write/format.ts';
import type { Reporter } from '../../progress.ts';
import { defaultLanes } from '../lanes.ts';
import { manifestOf } from '../manifest/manifest-telling.ts';
import { requireColumns, takeColumns } from './columns.ts';
import { checkDataset, describeDataset } from './dataset.ts';
import type { ExportedFile, Split } from './file-set.ts';
import { ReadPool } from './lane-pool.ts';
import { inOneMoment, type Moment } from './moment.ts';
import type { Places } from './places.ts';
import { type Prepared, prepare } from './prepare.ts';
import { checkResume } from './resume/resume.ts';
import { asUsage, type Source } from './source.ts';
import type { Telling } from './telling.ts';
import { writeParts } from './write-parts.ts';

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
  /** The files' SHA-256 are wanted: with a manifest they always are. */
  summed?: boolean | undefined;
  /** What is interrupted is kept, and gone on with by the same export later. */
  resume?: boolean | undefined;
  /** Milliseconds without a byte after which a lane's connection is doubted; default 30 s. */
  stallAfter?: number | undefined;
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
  const { format, places, reporter, vectorColumn } = options;
  const pool = new ReadPool();
  try {
    if (options.resume) checkResume(source, options);
    checkDataset(format, options);
    const taken = takeColumns(source, format, vectorColumn, reporter);
    requireColumns(taken, source.table?.name ?? '--query');
    await pool.open(database, lanesFor(database, source, options));
    return await inOneMoment(database, source.table, async (session, moment) => {
      const prepared = await prepare(session, database.target.description, source, taken, options);
      const told = { ...source, columns: taken.map(({ column }) => column) };
      const tellings = await tellingsOf(database, session, told, { prepared, moment }, options);
      const total = prepared.plan.measured?.rows ?? source.expectedRows;
      const written = await writeParts(pool, { ...prepared, moment, tellings, total }, options);
      const { rows } = written;
      const seconds = (performance.now() - started) / 1000;
      return {
        ...written,
        seconds,
        rowsPerSecond: Math.round(rows / seconds),
        snapshot: moment.snapshot ?? null,
        manifest: options.manifest === undefined ? null : places.manifest().path,
      };
    });
  } catch (error) {
    await places.leave();
    throw asUsage(error, source.flags);
  } finally {
    await pool.close();
  }
}

/** A table of fewer rows is one range, unless they are enormous. */
const fewRows = 1000;

/** Lanes, as many as there may be ranges: they start before these are known. */
function lanesFor(
  database: Database,
  { table, rows, expectedRows }: Source,
  { jobs = defaultLanes() }: ExportOptions,
): number {
  const isOneRange = table === undefined || rows.orderBy !== undefined || rows.limit !== undefined;
  const isSmall = expectedRows !== undefined && expectedRows < fewRows;
  return Math.min(isOneRange || isSmall ? 1 : jobs, database.maxLanes);
}

/** The files that tell of the others. @param source its columns are those that the files hold */
async function tellingsOf(
  database: Database,
  session: Session,
  source: Source,
  { prepared: { plan }, moment: { snapshot } }: { prepared: Prepared; moment: Moment },
  { format, text, places, manifest }: ExportOptions,
): Promise<Telling[]> {
  const tellings: Telling[] = [];
  if (format.dataset !== undefined) {
    tellings.push(await describeDataset(session, source, plan.columns, format.dataset, places));
  }
  if (manifest !== undefined) {
    const written = { format, text, sideBySide: format.files(plan).length };
    const moment = { database, session, snapshot };
    tellings.push(await manifestOf(moment, source, written, places, manifest.pgvVersion));
  }
  return tellings;
}
