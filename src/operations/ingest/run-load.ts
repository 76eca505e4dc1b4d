import type { LoadCounts } from '../../sql/ledger.ts';
import { cancellable } from '../cancellable.ts';
import { restoreAfterFailure } from '../deferred-indexes/restore.ts';
import type { RecordedLoad } from '../ledger/ledger.ts';
import { isLockTimeout, withHolders } from '../lock-holders.ts';
import type { TableDescription } from '../tables.ts';
import { abandonLoad } from './abandon-load.ts';
import { beforeLoad } from './around/around-load.ts';
import { beginLoad, startOver } from './begin-load.ts';
import { checkAhead } from './check-ahead.ts';
import { copyFiles, type ReadFile } from './copy-files.ts';
import { finishLoad } from './finish-load.ts';
import type { OpenInput } from './input.ts';
import { LostPieces } from './lost-pieces.ts';
import { type LoadPlan, resumedLoad, tellEarlier } from './plan-loads.ts';
import type { Begun, LoadResult, Run } from './run.ts';
import { settle } from './settle.ts';
import { Stored } from './stored-pieces.ts';

/**
 * Loads what a plan says into its table, which it creates where it is not there yet, and marks the load as finished.
 * @param table the target, where it is there already
 * @param ahead the run's loads into it that come after, where they are not looked at yet
 * @throws DataError with file, row and column where the file is at fault; what was stored before stays, and is said
 */
export async function runLoad(
  run: Run,
  planned: LoadPlan,
  table: TableDescription | undefined,
  ahead: readonly LoadPlan[],
): Promise<LoadResult> {
  const plan = await settle(run, planned, table);
  if (plan.decision.kind === 'loaded') return alreadyLoaded(run, plan, plan.decision.load, table!);
  tellEarlier(plan, run.inputs, run.reporter);
  let existing = table;
  if (plan.decision.kind === 'restart') existing = await startOver(run, plan.decision.loads, table);
  const input = run.inputs[plan.inputs[0]!]!;
  const first = await input.open({
    pieceLength: resumedLoad(plan)?.pieceLength ?? run.options.pieceLength,
    sum: run.options.expectSha256 !== undefined,
  });
  try {
    const begun = await beginLoad(run, plan, existing, first.file);
    return await complete(run, plan, begun, first, ahead);
  } finally {
    await first.close();
  }
}

function alreadyLoaded(
  { inputs }: Run,
  plan: LoadPlan,
  load: RecordedLoad,
  table: TableDescription,
): LoadResult {
  const nothing = { inserted: 0, updated: 0, unchanged: 0, skipped: 0, deleted: 0, rejected: 0 };
  const files = plan.inputs.map((at) => ({ path: inputs[at]!.name, pieces: 0, records: 0, bytes: 0 }));
  return { ...nothing, loadId: load.loadId, status: 'already-loaded', table, files };
}

async function complete(
  run: Run,
  plan: LoadPlan,
  begun: Begun,
  first: OpenInput,
  ahead: readonly LoadPlan[],
): Promise<LoadResult> {
  const { pool, reporter, signal, ledger, options } = run;
  const { target, prepared, resumed } = begun;
  const before = { rows: pool.rows, rejected: pool.rejected };
  try {
    await checkAhead(run, plan, prepared, ahead);
    if (prepared.table.rowSecurity) {
      reporter.note(`row security applies to ${prepared.table.shown}: rows go through a staging table`);
    }
    const created = prepared.created || run.made.has(options.table);
    await beforeLoad(run.database, { ...prepared, created }, options, begun.loadId, reporter, signal);
    await run.connection.retrying((database) => target.prepare(database), {
      isStopped: () => signal.aborted,
    });
    if (ledger && resumed !== undefined && !target.immediate) {
      begun.stored = await cancellable(run.database, signal, () =>
        Stored.read(run.database, target.pieces, begun.loadId),
      );
    }
    const files = await copyFiles(run, plan, begun, begun.stored, first);
    const told = { rows: pool.rows - before.rows, rejected: pool.rejected - before.rejected };
    const { files: read, counts } = await finishWhole(run, plan, begun, files, told);
    const status = begun.stored.all.length > 0 ? 'resumed' : 'loaded';
    return { ...counts, loadId: ledger ? begun.loadId : null, status, table: prepared.table, files: read };
  } catch (error) {
    const told = await inUse(run, prepared.table, error);
    const reason = await abandonLoad(run, plan, begun, before.rows, told);
    if (options.deferIndexes) await restoreAfterFailure(run.database, prepared.table, reporter, signal);
    throw reason;
  }
}

/** What was to have the table alone, for --truncate or --defer-indexes, is told who had it. */
async function inUse({ connection }: Run, { name, oid }: TableDescription, error: unknown): Promise<unknown> {
  if (!isLockTimeout(error)) return error;
  return withHolders(await connection.get(), error, `${name} was not loaded`, [oid]);
}

/** How often pieces that a crash of the server took are loaded again. */
const longestStruggle = 20;

/** Finishes the load, and before that loads again what a crash of the server took meanwhile. */
async function finishWhole(
  run: Run,
  plan: LoadPlan,
  begun: Begun,
  files: ReadFile[],
  told: { rows: number; rejected: number },
): Promise<{ files: ReadFile[]; counts: LoadCounts }> {
  for (let attempt = 1; ; attempt++) {
    try {
      return { files, counts: await finishLoad(run, plan, begun, files, told) };
    } catch (error) {
      const rereadable = plan.sources.every(({ fingerprint }) => fingerprint !== undefined);
      if (!(error instanceof LostPieces)) throw error;
      if (!rereadable || attempt === longestStruggle) throw error.told(plan);
      run.reporter.warn(`a crash of the server took ${error.count} pieces, which are loaded again`);
      await run.connection.retrying((database) => begun.target.prepare(database));
      files = await copyFiles(run, plan, begun, error.stored);
    }
  }
}
