import type { Database } from '../../database/database.ts';
import { DataError, PgvError, UsageError } from '../../errors.ts';
import type { DecodedColumn, OpenedFile } from '../../formats/read/format.ts';
import type { Reporter } from '../../progress.ts';
import { dropTable } from '../../sql/create-table.ts';
import { quoteQualified } from '../../sql/identifiers.ts';
import { analyze } from '../../sql/maintenance.ts';
import type { OnConflict } from '../../sql/staging.ts';
import { textReader } from '../../values/types.ts';
import { ensureExtension } from '../extension.ts';
import { type ColumnDescription, describeTable, type TableDescription } from '../tables.ts';
import { LanePool } from './lane-pool.ts';
import type { Recipe } from './load-piece.ts';
import { checkColumns, type MappedField, type MappingOptions, mapFields } from './mapping.ts';
import { createDesigned, describeDesign, designTable } from './new-table.ts';
import { sessionFacts } from './session-facts.ts';
import { chooseTarget, type Outcome, type TargetStrategy } from './target.ts';
import { valueType } from './value-type.ts';

export interface IngestOptions extends MappingOptions {
  /** `[schema.]name` */
  table: string;
  /** Lanes at the most. */
  jobs: number;
  /** Whether a table that is not there is created. */
  create: boolean;
  /** Column → SQL type, for a table that is created. */
  types: ReadonlyMap<string, string>;
  onConflict: OnConflict;
  key?: readonly string[] | undefined;
  atomic: boolean;
  /** Bytes of the file, where known: for progress alone. */
  byteLength: number | undefined;
}

export interface IngestSummary extends Outcome {
  database: string;
  table: string;
  status: 'loaded';
  /** Committed by this run. */
  rows: number;
  /** Of the input. */
  bytes: number;
  seconds: number;
  rowsPerSecond: number;
  lanes: number;
  files: { path: string; rows: number; bytes: number }[];
}

/** A table that rows are about to be loaded into. */
interface Prepared {
  table: TableDescription;
  fields: MappedField[];
  columns: ColumnDescription[];
  /** Names of columns whose type this load decided by itself. */
  inferred: ReadonlySet<string>;
  created: boolean;
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
  const prepared = await prepareTable(database, file, options, reporter);
  const { table, columns, created } = prepared;
  let stored = 0;
  try {
    const target = chooseTarget(
      database,
      table,
      columns.map(({ name }) => name),
      options,
    );
    if (table.rowSecurity)
      reporter.note(`row security applies to ${table.name}: rows go through a staging table`);
    const recipe = await makeRecipe(database, file, prepared, target);
    const pool = new LanePool(database, recipe, Math.min(options.jobs, database.maxLanes), {
      onProgress: () => reportProgress(reporter, pool, options),
      onBuffer: file.recycle,
    });
    try {
      await copyAll(file, pool, target, signal);
    } finally {
      if (target.immediate) stored = pool.rows;
    }
    const outcome = await merge(target, pool.rows, reporter);
    stored = outcome.inserted + outcome.updated;
    await analyzeEmbedded(database, table, reporter);
    const seconds = (performance.now() - started) / 1000;
    return summarize(database, file, table, outcome, pool, seconds);
  } catch (error) {
    if (created && stored === 0) await removeTable(database, table);
    throw explain(error, prepared, stored);
  }
}

async function prepareTable(
  database: Database,
  file: OpenedFile,
  options: IngestOptions,
  reporter: Reporter,
): Promise<Prepared> {
  const existing = await describeTable(database, options.table);
  if (existing === undefined) return createTableFor(database, file, options, reporter);
  if (existing.kind !== 'table' && existing.kind !== 'partitioned table') {
    throw new UsageError(`${existing.name} is a ${existing.kind}, and rows are loaded into tables`, {
      code: 'not-a-table',
    });
  }
  if (options.types.size > 0) {
    throw new UsageError(
      `table ${existing.name} is there already, with types of its own: --types is for a new one`,
      {
        hint: 'leave --types out, or load into another table with -t',
      },
    );
  }
  const insertable = existing.columns.filter(({ generated }) => generated === null).map(({ name }) => name);
  const fields = mapFields(file, options, insertable);
  const columns = checkColumns(file, fields, existing);
  return { table: existing, fields, columns, inferred: new Set(), created: false };
}

async function createTableFor(
  database: Database,
  file: OpenedFile,
  options: IngestOptions,
  reporter: Reporter,
): Promise<Prepared> {
  if (!options.create) {
    throw new UsageError(`table ${options.table} does not exist, and --no-create forbids to make it`, {
      code: 'no-table',
      hint: 'name another table with -t, or leave --no-create out',
    });
  }
  const fields = mapFields(file, options, undefined);
  const extension = await ensureExtension(database);
  const design = designTable(options.table, file, fields, options.types, extension);
  await createDesigned(database, design);
  const table = await describeTable(database, options.table);
  if (table === undefined) throw new Error(`table ${options.table} is not there after its creation`);
  reporter.note(`created table ${table.name} (${describeDesign(design)})`);
  const columns = checkColumns(file, fields, table);
  const inferred = new Set(design.columns.filter((column) => column.inferred).map(({ name }) => name));
  return { table, fields, columns, inferred, created: true };
}

async function makeRecipe(
  database: Database,
  file: OpenedFile,
  { fields, columns, inferred }: Prepared,
  target: TargetStrategy,
): Promise<Recipe> {
  const session = await sessionFacts(database);
  const decoded = columns.map(
    (column, i): DecodedColumn => ({
      name: column.name,
      field: fields[i]!.field,
      type: valueType(column),
      inferred: inferred.has(column.name),
    }),
  );
  const known = decoded.every(({ type }) => textReader(type, { ...session, canonical: false }) !== undefined);
  return {
    layout: file.layout,
    columns: decoded,
    road: known ? 'binary' : 'text',
    session,
    copyInto: target.copyInto,
    numbered: target.numbered,
  };
}

/** Reads the file and has the lanes store its pieces; leaves no lane behind, and after a failure no staging. */
async function copyAll(
  file: OpenedFile,
  pool: LanePool,
  target: TargetStrategy,
  signal: AbortSignal,
): Promise<void> {
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping = pool.stop();
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    await target.prepare();
    for await (const piece of file.pieces()) {
      if (signal.aborted || !(await pool.give(piece))) break;
    }
    await pool.finish();
    signal.throwIfAborted();
  } catch (error) {
    await stopping;
    await target.cleanUp();
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener('abort', stop);
    await pool.close();
  }
}

async function merge(target: TargetStrategy, copied: number, reporter: Reporter): Promise<Outcome> {
  if (!target.immediate) reporter.progress({ phase: 'merging', rows: copied });
  try {
    return await target.finish(copied);
  } finally {
    await target.cleanUp();
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

async function removeTable(database: Database, table: TableDescription): Promise<void> {
  // The error that brought us here matters more than one on the way out.
  await database.query(dropTable(quoteQualified(table.schema, table.name))).catch(() => {});
}

/** Adds to an error what only the whole load knows: rows that are stored already, a type that was a guess. */
function explain(error: unknown, { table, inferred }: Prepared, stored: number): unknown {
  if (!(error instanceof PgvError)) return error;
  const hints = error.hint === undefined ? [] : [error.hint];
  if (error instanceof DataError && error.column !== undefined && inferred.has(error.column)) {
    hints.push(
      `${error.column} got its type from the first rows: --types ${error.column}=text gives it another`,
    );
  }
  if (stored > 0) {
    const rows = `${stored.toLocaleString('en')} row${stored === 1 ? ' is' : 's are'}`;
    hints.push(`${rows} stored in ${table.name} already (--atomic loads all or nothing)`);
  }
  return error.withHint(hints.join('; ') || undefined);
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
  return {
    database: database.target.description,
    table: table.name,
    status: 'loaded',
    rows,
    ...outcome,
    bytes: pool.bytes,
    seconds,
    rowsPerSecond: Math.round(rows / seconds),
    lanes: pool.started,
    files: [{ path: file.layout.file, rows, bytes: pool.bytes }],
  };
}
