import type { Database } from '../../database/database.ts';
import type { Reporter } from '../../progress.ts';
import { cancellable } from '../cancellable.ts';
import { LoadGuard } from '../ledger/guard.ts';
import { describeTable, type TableDescription } from '../tables.ts';
import { afterLoads, checkAround } from './around/around-load.ts';
import { checkOptions } from './check-options.ts';
import { loadsToGuard, loadsTouched } from './guarded-loads.ts';
import { type IngestOptions, planOptions } from './ingest-options.ts';
import type { Input } from './input.ts';
import { fullName, prepareLedger, tellUnknown } from './known-loads.ts';
import { type DescribedLoad, decideLoads, describeLoads, piecesOf } from './plan-loads.ts';
import type { LoadResult, Run } from './run.ts';
import { runLoads } from './run-loads.ts';
import { shapedInputs } from './shaped-inputs.ts';
import { startRun } from './start-run.ts';
import { storedBefore } from './stored-before.ts';
import { countsOf, type IngestSummary, notesOf, summarize } from './summary.ts';
import { needsStaging } from './target.ts';

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
    const planning = planOptions(options);
    const described = await describeLoads(inputs, together, planning);
    if (guard !== undefined) {
      tellUnknown(described, planning, reporter);
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
  const kept = { mode: planning.mode, ledger: guard !== undefined };
  const { run, goOn, close } = startRun(database, inputs, options, kept, reporter, signal);
  try {
    signal.throwIfAborted();
    // What another run has done while the guard waited for it counts.
    const table = guard === undefined ? before : await describeTable(database, options.table);
    const known = guard === undefined ? undefined : table;
    const decided = () =>
      cancellable(database, signal, () => decideLoads(database, known, described, planning));
    let plans = await decided();
    // Another run, or `pgv loads forget`, may have been faster.
    while (await guard?.take(loadsTouched(plans, options.table), reporter, signal)) plans = await decided();
    if (options.limit === undefined) await run.pool.start(piecesOf(plans, run.options.pieceLength));
    goOn(await storedBefore(database, plans));
    const results = await runLoads(run, plans, table);
    for (const note of notesOf(run.pool)) reporter.note(note);
    run.pool.notices.report(reporter);
    await finishRun(run, results);
    return summarize(run, results, (performance.now() - started) / 1000);
  } finally {
    await close();
  }
}

async function finishRun(run: Run, results: readonly LoadResult[]): Promise<void> {
  const { connection, options, ledger, reporter, signal } = run;
  const { table } = results[0]!;
  const loaded = { table, columns: table.columns, created: run.made.has(options.table) };
  await afterLoads(await connection.get(), loaded, countsOf(results), options, ledger, reporter, signal);
}
