import { DataError } from '../../errors.ts';
import type { OpenedFile } from '../../formats/read/format.ts';
import { silentReporter } from '../../progress.ts';
import type { LoadCounts } from '../../sql/ledger.ts';
import { cancellable } from '../cancellable.ts';
import { restoreAfterFailure } from '../deferred-indexes/restore.ts';
import type { RecordedLoad } from '../ledger/ledger.ts';
import type { TableDescription } from '../tables.ts';
import { abandonLoad } from './abandon-load.ts';
import { beforeLoad } from './around/around-load.ts';
import { beginLoad, startOver } from './begin-load.ts';
import { copyPieces, type FileRead } from './copy-pieces.ts';
import { checkWhole } from './expectations.ts';
import { finishLoad } from './finish-load.ts';
import type { OpenInput } from './input.ts';
import { LostPieces } from './lost-pieces.ts';
import { type LoadPlan, resumedLoad } from './plan-loads.ts';
import { hasRowNumberAsId, makeRecipe, type Prepared, prepareTable } from './prepare.ts';
import { changedFile } from './refusals.ts';
import type { Begun, LoadResult, Run } from './run.ts';
import { settle } from './settle.ts';
import { Stored } from './stored-pieces.ts';

/**
 * Loads what a plan says into its table, which it creates where it is not there yet, and marks the load as finished.
 * @param table the target, where it is there already
 * @throws DataError with file, row and column where the file is at fault; what was stored before stays, and is said
 */
export async function runLoad(
  run: Run,
  planned: LoadPlan,
  table: TableDescription | undefined,
): Promise<LoadResult> {
  const plan = await settle(run, planned, table);
  if (plan.decision.kind === 'loaded') return alreadyLoaded(run, plan, plan.decision.load, table!);
  let existing = table;
  if (plan.decision.kind === 'restart') existing = await startOver(run, plan.decision.loads, table);
  const input = run.inputs[plan.inputs[0]!]!;
  const first = await input.open({
    pieceLength: resumedLoad(plan)?.pieceLength ?? run.options.pieceLength,
    sum: run.options.expectSha256 !== undefined,
  });
  try {
    const begun = await beginLoad(run, plan, existing, first.file);
    return await complete(run, plan, begun, first);
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

async function complete(run: Run, plan: LoadPlan, begun: Begun, first: OpenInput): Promise<LoadResult> {
  const { pool, reporter, signal, ledger, options } = run;
  const { target, prepared, resumed } = begun;
  const before = { rows: pool.rows, rejected: pool.rejected };
  try {
    if (prepared.table.rowSecurity) {
      reporter.note(`row security applies to ${prepared.table.name}: rows go through a staging table`);
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
    const reason = await abandonLoad(run, plan, begun, before.rows, error);
    if (options.deferIndexes) await restoreAfterFailure(run.database, prepared.table, reporter, signal);
    throw reason;
  }
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

type ReadFile = FileRead & { path: string };

/**
 * Has the files' pieces stored, but for those that are.
 * @param first the first file, where it is open
 */
async function copyFiles(
  run: Run,
  plan: LoadPlan,
  begun: Begun,
  stored: Stored,
  first?: OpenInput,
): Promise<ReadFile[]> {
  // What was read before a file turned out to be broken is stored, or tells what is wrong further ahead.
  return readFiles(run, plan, begun, stored, first).finally(() => run.pool.finish());
}

async function readFiles(
  run: Run,
  plan: LoadPlan,
  begun: Begun,
  stored: Stored,
  first: OpenInput | undefined,
): Promise<ReadFile[]> {
  const { pool, options, signal, ledger, inputs } = run;
  const { target, prepared, loadId } = begun;
  const { onError = 'stop', patience, stallAfter } = options;
  const files: ReadFile[] = [];
  let rowBase = 0;
  for (const [index, at] of plan.inputs.entries()) {
    const pieceLength = begun.resumed?.pieceLength ?? options.pieceLength;
    const sum = options.expectSha256 !== undefined;
    const opened = index === 0 && first !== undefined ? first : await inputs[at]!.open({ pieceLength, sum });
    try {
      await run.onFile(opened);
      const { file } = opened;
      const columns = index === 0 ? prepared : await sameColumns(run, file, prepared);
      const database = await run.connection.get();
      // With the first piece there is: a file before may have none.
      const beforeFirst = files.some(({ pieces }) => pieces > 0) ? undefined : target.beforeFirst;
      const recipe = await cancellable(database, signal, () =>
        makeRecipe(database, file, columns, {
          input: at,
          copyInto: target.copyInto,
          numbered: target.numbered,
          ledger: ledger ? { loadId, table: target.pieces, tableOid: prepared.table.oid } : undefined,
          beforeFirst,
          onError,
          patience,
          stallAfter,
        }),
      );
      pool.use(recipe);
      const source = plan.sources[index]!;
      const reread = stored.all.length > 0 && source.fingerprint === undefined;
      const expects = options.expectRows !== undefined || options.expectSha256 !== undefined;
      const beforeLast = expects ? (records: number) => checkWhole(options, opened, records) : undefined;
      const toCopy = {
        file,
        index,
        rowBase,
        stored,
        reread,
        firstAlone: beforeFirst !== undefined,
        beforeLast,
      };
      const read = await copyPieces(pool, toCopy, signal, () => changedFile(plan, begun.resumed!));
      rowBase += read.records;
      files.push({ ...read, path: file.layout.file });
    } finally {
      // Pieces at work need nothing of the file any more.
      if (opened !== first) await opened.close();
    }
    if (signal.aborted || pool.failed) break;
  }
  signal.throwIfAborted();
  return files;
}

/** The fields of another file of the load: they must fill the columns that the first one's fill. */
async function sameColumns({ database, options }: Run, file: OpenedFile, first: Prepared): Promise<Prepared> {
  const types = first.created ? options.types : undefined;
  const prepared = await prepareTable(database, file, { ...options, types }, silentReporter, {
    existing: first.table,
    madeForIt: first.created,
    onCreate: async () => {},
  });
  if (first.created && hasRowNumberAsId(file, prepared.fields)) throw numberedAgain(file);
  const names = (of: Prepared) =>
    of.columns
      .map(({ name }) => name)
      .sort()
      .join(', ');
  if (names(prepared) === names(first)) return { ...prepared, inferred: first.inferred };
  throw new DataError(
    `the fields of ${file.layout.file} fill ${names(prepared)}, those of the files before ${names(first)}`,
    {
      code: 'other-fields',
      file: file.layout.file,
      hint: 'files that are merged together must have the same fields: name those to take with --columns',
    },
  );
}

function numberedAgain({ layout }: OpenedFile): DataError {
  return new DataError(
    `${layout.file} has no ids, and its rows' numbers, which would be it, are those of the files before`,
    {
      code: 'no-ids',
      file: layout.file,
      hint: 'make the table first, with ids of its own: `pgv init <table> --dimensions <n>`; or load the files without --atomic, --truncate and --on-conflict',
    },
  );
}
