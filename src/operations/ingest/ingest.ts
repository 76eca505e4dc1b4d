import { availableParallelism } from 'node:os';
import type { Database } from '../../database/database.ts';
import { DataError, PgvError } from '../../errors.ts';
import type { OpenedFile } from '../../formats/read/format.ts';
import type { Reporter } from '../../progress.ts';
import { dropTable } from '../../sql/create-table.ts';
import { quoteQualified } from '../../sql/identifiers.ts';
import { analyze } from '../../sql/maintenance.ts';
import { cancellable, queryAnyway } from '../cancellable.ts';
import type { TableDescription } from '../tables.ts';
import { copyPieces } from './copy-pieces.ts';
import { LanePool } from './lane-pool.ts';
import { makeRecipe, type Prepared, prepareTable, type TableOptions } from './prepare.ts';
import { chooseTarget, type Outcome, type TargetOptions, type TargetStrategy } from './target.ts';

export interface IngestOptions extends TableOptions, TargetOptions {
  /** Lanes at the most; default: as many as there are cores, and at most 4. */
  jobs?: number | undefined;
  /** Bytes of the file, where known: for progress alone. */
  byteLength?: number | undefined;
}

export interface IngestSummary extends Outcome {
  database: string;
  table: string;
  status: 'loaded';
  /** Committed by this run. */
  rows: number;
  /** Rows that were there already, just as they are: an update counts each row that it touches, so 0. */
  unchanged: 0;
  /** Rows of the file that were refused: the first one ends the load, so 0. */
  rejected: 0;
  /** The load's name in the ledger; null, as none is kept. */
  loadId: null;
  /** Of the input. */
  bytes: number;
  seconds: number;
  rowsPerSecond: number;
  lanes: number;
  files: { path: string; rows: number; bytes: number }[];
}

const defaultLanes = () => Math.min(4, availableParallelism());

/** What a load has committed. */
interface Stored {
  rows: number;
  /** The server did not answer for some pieces. */
  atLeast: boolean;
}

/**
 * Loads a file into a table, which it creates where it is not there yet.
 * @throws DataError with file, row and column where the file is at fault; what was stored before is said in the hint
 */
export async function ingest(
  database: Database,
  file: OpenedFile,
  options: IngestOptions,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<IngestSummary> {
  const started = performance.now();
  const prepared = await cancellable(database, signal, () => prepareTable(database, file, options, reporter));
  const { table, columns, created } = prepared;
  const stored: Stored = { rows: 0, atLeast: false };
  try {
    const target = chooseTarget(
      database,
      table,
      columns.map(({ name }) => name),
      options,
      signal,
    );
    if (table.rowSecurity)
      reporter.note(`row security applies to ${table.name}: rows go through a staging table`);
    const recipe = await makeRecipe(database, file, prepared, target);
    const pool = new LanePool(database, recipe, Math.min(options.jobs ?? defaultLanes(), database.maxLanes), {
      onProgress: () => reportProgress(reporter, pool, options),
      onBuffer: file.recycle,
    });
    try {
      await copyPieces(file, pool, target, signal);
    } finally {
      if (target.immediate) stored.rows = pool.rows;
      stored.atLeast = target.immediate && pool.uncertain;
    }
    const outcome = await merge(target, pool.rows, reporter);
    stored.rows = outcome.inserted + outcome.updated;
    await analyzeEmbedded(database, table, reporter);
    const seconds = (performance.now() - started) / 1000;
    return summarize(database, file, table, outcome, pool, seconds);
  } catch (error) {
    if (created && stored.rows === 0 && !stored.atLeast) await removeTable(database, table, reporter);
    throw explain(error, prepared, stored);
  }
}

async function merge(target: TargetStrategy, copied: number, reporter: Reporter): Promise<Outcome> {
  if (!target.immediate) reporter.progress({ phase: 'merging', rows: copied });
  try {
    return await target.finish(copied);
  } finally {
    // The merge is done or undone by now, whatever becomes of the staging table.
    await target.cleanUp().catch((error: Error) => {
      reporter.warn(`the staging table is left behind: ${error.message}`);
    });
  }
}

/** The embedded database has no autovacuum, which does this on a server. */
async function analyzeEmbedded(
  database: Database,
  table: TableDescription,
  reporter: Reporter,
): Promise<void> {
  if (database.target.kind !== 'embedded') return;
  reporter.progress({ phase: 'analyzing' });
  await database.query(analyze(table));
}

function reportProgress(reporter: Reporter, pool: LanePool, { byteLength }: IngestOptions): void {
  const lanes = pool.progress();
  const rows = lanes.reduce((sum, lane) => sum + lane.rows, 0);
  const bytes = lanes.reduce((sum, lane) => sum + lane.bytes, 0);
  const total = byteLength === undefined ? {} : { done: bytes, total: byteLength };
  reporter.progress({ phase: 'loading', rows, bytes, lanes, ...total });
}

/** Nothing but an empty table of the load's own making is left: that goes too. */
async function removeTable(database: Database, table: TableDescription, reporter: Reporter): Promise<void> {
  try {
    await queryAnyway(database, dropTable(quoteQualified(table.schema, table.name)));
    reporter.note(`removed table ${table.name} again`);
  } catch {
    // The error that brought us here matters more than one on the way out.
  }
}

/** Adds to an error what only the whole load knows: rows that are stored already, a type that was a guess. */
function explain(error: unknown, { table, inferred }: Prepared, { rows, atLeast }: Stored): unknown {
  if (!(error instanceof PgvError)) return error;
  const hints = error.hint === undefined ? [] : [error.hint];
  if (error instanceof DataError && doubtsType(error, inferred)) {
    hints.push(
      `${error.column} got its type from the first rows: --types ${error.column}=text gives it another`,
    );
  }
  if (error.hint === undefined && error.sqlstate === '23505') {
    hints.push('--on-conflict skip leaves rows that are there already, --on-conflict update overwrites them');
  }
  if (rows > 0 || atLeast) {
    const count = `${atLeast ? 'at least ' : ''}${rows.toLocaleString('en')} row${rows === 1 ? ' is' : 's are'}`;
    hints.push(`${count} stored in ${table.name} already (--atomic loads all or nothing)`);
  }
  return error.withHint(hints.join('; ') || undefined);
}

/** A value of class 22 (but for its encoding) in a column whose type was a guess: the guess may be wrong. */
function doubtsType({ sqlstate, column }: DataError, inferred: ReadonlySet<string>): boolean {
  if (column === undefined || !inferred.has(column) || sqlstate === undefined) return false;
  return sqlstate.startsWith('22') && sqlstate !== '22021' && sqlstate !== '22P04';
}

function summarize(
  database: Database,
  file: OpenedFile,
  table: TableDescription,
  outcome: Outcome,
  pool: LanePool,
  seconds: number,
): IngestSummary {
  const rows = outcome.inserted + outcome.updated;
  const bytes = file.headLength + pool.bytes;
  return {
    database: database.target.description,
    table: table.name,
    status: 'loaded',
    rows,
    ...outcome,
    unchanged: 0,
    rejected: 0,
    loadId: null,
    bytes,
    seconds,
    rowsPerSecond: Math.round(rows / seconds),
    lanes: pool.started,
    files: [{ path: file.layout.file, rows, bytes }],
  };
}
