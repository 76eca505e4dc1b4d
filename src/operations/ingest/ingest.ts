import { connectLane } from '../../database/connect.ts';
import type { Database } from '../../database/database.ts';
import { defaultPieceLength } from '../../formats/read/piece-cutter.ts';
import type { Reporter } from '../../progress.ts';
import { cancellable } from '../cancellable.ts';
import { defaultLanes } from '../lanes.ts';
import { LastingConnection, tryingAgain } from '../lasting-connection.ts';
import { LoadGuard } from '../ledger/guard.ts';
import { describeTable, type TableDescription } from '../tables.ts';
import { afterLoads, checkAround } from './around/around-load.ts';
import { checkOptions } from './check-options.ts';
import { loadsToGuard, loadsTouched } from './guarded-loads.ts';
import type { Input } from './input.ts';
import { fullName, type LedgerOptions, prepareLedger, warnOfUnknown } from './known-loads.ts';
import { type LaneEvents, LanePool } from './lane-pool.ts';
import type { LaneThreads } from './lane-threads.ts';
import {
  type DescribedLoad,
  decideLoads,
  describeLoads,
  type LoadPlan,
  type PlanOptions,
  piecesOf,
  reportDecision,
} from './plan-loads.ts';
import { type RejectOptions, Rejects } from './rejects.ts';
import type { LoadOptions, LoadResult, Run } from './run.ts';
import { runLoad } from './run-load.ts';
import { shapeOf } from './shape-of.ts';
import { shapedInputs } from './shaped-inputs.ts';
import { storedBefore } from './stored-before.ts';
import { countsOf, type IngestSummary, summarize } from './summary.ts';
import { needsStaging } from './target.ts';

export interface IngestOptions extends Omit<LoadOptions, 'pieceLength'>, RejectOptions, LedgerOptions {
  /** Lanes at the most; default: as many as there are cores, and at most 4. */
  jobs?: number | undefined;
  /** Bytes a piece; default: what serves speed. */
  pieceLength?: number | undefined;
  /** For the lanes, where some are started already. */
  threads?: LaneThreads | undefined;
}

/**
 * Loads files into a table, which it creates where it is not there yet; each once, whatever is interrupted when.
 * @throws DataError with file, row and column where a file is at fault; what was stored before is said in the hint
 */
export async function ingest(
  database: Database,
  given: readonly Input[],
  options: IngestOptions,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<IngestSummary> {
  const started = performance.now();
  const inputs = shapedInputs(given, options);
  checkOptions(options, inputs.length);
  const ledger = await prepareLedger(database, options, reporter, signal);
  checkAround(options, ledger);
  const guard = ledger ? new LoadGuard(database) : undefined;
  try {
    const before = await cancellable(database, signal, () => describeTable(database, options.table));
    // A file that comes second does not empty the table of the first one's rows.
    const together = needsStaging(options, before) || options.truncate === true;
    const described = await describeLoads(inputs, together, planOptions(options));
    if (guard !== undefined) {
      warnOfUnknown(described, reporter);
      const name = await fullName(database, options.table, before);
      await guard.take(loadsToGuard(described, name), reporter, signal);
    }
    return await ingestGuarded(
      database,
      inputs,
      { started, described, before, guard },
      options,
      reporter,
      signal,
    );
  } finally {
    await guard?.release();
  }
}

/** What is known of a run before its loads are decided on. */
interface Beginning {
  /** By performance.now(). */
  started: number;
  described: DescribedLoad[];
  /** The table as it was before the loads were taken. */
  before: TableDescription | undefined;
  /** Holds the loads; undefined: there is no ledger. */
  guard: LoadGuard | undefined;
}

async function ingestGuarded(
  database: Database,
  inputs: readonly Input[],
  { started, described, before, guard }: Beginning,
  options: IngestOptions,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<IngestSummary> {
  const planning = planOptions(options);
  const connection = lasting(database);
  const counter = { done: 0, total: 0 };
  let rejects: Rejects | undefined;
  const events: LaneEvents = {
    onProgress: () => reportProgress(reporter, pool, counter.total),
    onBuffer: (buffer) => run.recycle(buffer),
    onRejects: (rows) => run.keep(rows),
    onRetry: (message, pause) => reporter.warn(tryingAgain(message, pause)),
  };
  const lanes = Math.min(options.jobs ?? defaultLanes(), database.maxLanes);
  const pool = new LanePool(database, lanes, events, options.threads);
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping = pool.stop();
  };
  signal.addEventListener('abort', stop, { once: true });
  const run: Run = {
    database,
    connection,
    inputs,
    options: { ...options, pieceLength: options.pieceLength ?? defaultPieceLength },
    ledger: guard !== undefined,
    mode: planning.mode,
    pool,
    reporter,
    signal,
    stopping: async () => stopping,
    keep: (rows) => rejects!.keep(rows),
    recycle: () => {},
    onFile: async ({ file, byteLength }) => {
      counter.total = byteLength ?? 0;
      run.recycle = file.recycle;
      await rejects?.open(file.rejectHead, resumedPieces);
    },
    made: new Set(),
  };
  let resumedPieces: ((input: number, piece: number) => boolean) | undefined;
  try {
    signal.throwIfAborted();
    // What another run has done while the guard waited for it counts.
    const table = guard === undefined ? before : await describeTable(database, options.table);
    const decided = () =>
      cancellable(database, signal, () => decide(database, table, described, planning, guard !== undefined));
    let plans = await decided();
    // Another run, or `pgv loads forget`, may have been faster.
    while (await guard?.take(loadsTouched(plans, options.table), reporter, signal)) plans = await decided();
    if (options.limit === undefined) await pool.start(piecesOf(plans, run.options.pieceLength));
    const earlier = await storedBefore(database, plans);
    resumedPieces = earlier.isStored;
    rejects = new Rejects(options, earlier.rejected, reporter);
    const results = await runLoads(run, plans, table);
    if (pool.zeroVectors > 0) reporter.note(stayedZero(pool.zeroVectors));
    if (pool.withoutText > 0) reporter.note(notEmbedded(pool.withoutText));
    pool.notices.report(reporter);
    await finishRun(run, results);
    return summarize(run, results, (performance.now() - started) / 1000);
  } finally {
    signal.removeEventListener('abort', stop);
    await pool.close();
    await rejects?.close();
    if ((await connection.get().catch(() => database)) !== database) await connection.close();
  }
}

export function planOptions(options: IngestOptions): PlanOptions {
  const { onConflict = 'error', key = [], atomic = false, truncate = false, deleteMissing = false } = options;
  return {
    loadId: options.loadId,
    shape: { ...options.dialect, ...shapeOf(options) },
    mode: { onConflict, key, atomic, truncate, deleteMissing },
    ifLoaded: options.ifLoaded ?? 'skip',
    restart: options.restart ?? false,
  };
}

function decide(
  database: Database,
  table: TableDescription | undefined,
  described: Parameters<typeof decideLoads>[2],
  planning: PlanOptions,
  ledger: boolean,
): Promise<LoadPlan[]> {
  return decideLoads(database, ledger ? table : undefined, described, planning);
}

/** @param table the target as the plans were made for it */
async function runLoads(
  run: Run,
  plans: readonly LoadPlan[],
  table: TableDescription | undefined,
): Promise<LoadResult[]> {
  const results: LoadResult[] = [];
  for (const [i, plan] of plans.entries()) {
    reportDecision(plan, run.reporter);
    // The load before may have made it.
    const found = i === 0 ? table : await describeTable(run.database, run.options.table);
    results.push(await runLoad(run, plan, found));
  }
  return results;
}

function stayedZero(count: number): string {
  const vectors = count === 1 ? '1 vector holds' : `${count.toLocaleString('en')} vectors hold`;
  return `${vectors} nothing but zeros, which no factor brings to length 1: stored as zeros`;
}

function notEmbedded(count: number): string {
  const texts = count === 1 ? '1 text is' : `${count.toLocaleString('en')} texts are`;
  return `${texts} NULL or blank, and so is the vector: NULL`;
}

/** A connection that replaces the first one where that is lost. */
function lasting(database: Database): LastingConnection {
  return new LastingConnection(async () => connectLane((await database.lane()).address), database);
}

async function finishRun(run: Run, results: readonly LoadResult[]): Promise<void> {
  const { connection, options, ledger, reporter, signal } = run;
  const { table } = results[0]!;
  const loaded = { table, columns: table.columns, created: run.made.has(options.table) };
  await afterLoads(await connection.get(), loaded, countsOf(results), options, ledger, reporter, signal);
}

function reportProgress(reporter: Reporter, pool: LanePool, byteLength: number): void {
  const lanes = pool.progress();
  const rows = lanes.reduce((sum, lane) => sum + lane.rows, 0);
  const bytes = lanes.reduce((sum, lane) => sum + lane.bytes, 0);
  const total = byteLength === 0 ? {} : { done: bytes, total: byteLength };
  reporter.progress({ phase: 'loading', rows, bytes, lanes, ...total });
}
