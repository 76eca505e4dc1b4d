import type { Session } from '../../database/database.ts';
import { DatabaseError } from '../../errors.ts';
import { whoAmI } from '../../sql/backends.ts';
import { finishedLoad, insertFinished, type LoadCounts } from '../../sql/ledger.ts';
import { cancellable } from '../cancellable.ts';
import { tryingAgain } from '../lasting-connection.ts';
import { checkNotEmpty } from './around/around-load.ts';
import type { FileRead } from './copy-pieces.ts';
import { endBackend } from './end-backend.ts';
import { unexpectedRows } from './expectations.ts';
import { LostPieces } from './lost-pieces.ts';
import type { RefuseRow } from './merge-around.ts';
import type { LoadPlan } from './plan-loads.ts';
import { type RefusedRow, refusedRecords } from './refused-records.ts';
import type { Begun, Run } from './run.ts';
import { Stored } from './stored-pieces.ts';

/** @throws DataError where the source had another number of rows than the user says */
function checkExpectedRows({ options }: Run, plan: LoadPlan, rows: number): void {
  const { expectRows } = options;
  if (expectRows === undefined) return;
  if (rows === expectRows) return;
  throw unexpectedRows(plan.sources[0]!.name, rows, expectRows);
}

/** What a load has stored. */
interface Tally {
  /** By this run. */
  rows: number;
  rejected: number;
  /** By it and those before. */
  allRows: number;
  allRejected: number;
  /** The pieces, as the ledger has them. */
  stored: Stored;
}

/**
 * Ends the load: in one transaction the merge, where there is one, and the word that it is done.
 * @param told rows that the lanes say they have stored
 * @throws LostPieces where not all of the files' pieces are there
 */
export async function finishLoad(
  run: Run,
  plan: LoadPlan,
  begun: Begun,
  files: readonly FileRead[],
  told: { rows: number; rejected: number },
): Promise<LoadCounts> {
  const { connection, signal, reporter, options } = run;
  let last: Backend | undefined;
  const counts = await connection.retrying(
    async (database) => {
      if (last !== undefined) await endBackend(database, last);
      const unlisten = database.onNotice((text) => run.pool.notices.add(text));
      return cancellable(database, signal, () =>
        database.transaction(async (session) => {
          const tally = () => tallyOf(session, run, begun, files, told);
          if (!run.ledger) return finishBegun(session, run, plan, begun, files, await tally());
          last = (await session.query<Backend>(whoAmI())).rows[0]!;
          return (
            (await finishedBefore(session, begun, tally)) ??
            (await finishBegun(session, run, plan, begun, files, await tally()))
          );
        }),
      ).finally(unlisten);
    },
    {
      isStopped: () => signal.aborted,
      onRetry: ({ message }, pause) => reporter.warn(tryingAgain(message, pause)),
      patience: options.patience,
    },
  );
  // Not in that transaction: who reads the staging table, a dump perhaps, would hold up everything.
  await begun.target.cleanUp().catch((error: Error) => {
    reporter.warn(`the staging table is left behind: ${error.message}; the next load will remove it`);
  });
  return counts;
}

interface Backend {
  pid: number;
  at: string;
}

/** What was counted where the load was finished and the word of it was lost. */
async function finishedBefore(
  session: Session,
  { loadId, target }: Begun,
  tally: () => Promise<Tally>,
): Promise<LoadCounts | undefined> {
  const { rows } = await session.query<LoadCounts>(finishedLoad(loadId));
  const [done] = rows;
  if (done === undefined || !target.immediate) return done;
  const { rows: inserted, rejected } = await tally();
  return { ...done, inserted, rejected };
}

async function finishBegun(
  session: Session,
  run: Run,
  plan: LoadPlan,
  begun: Begun,
  files: readonly FileRead[],
  tally: Tally,
): Promise<LoadCounts> {
  const { target, loadId, prepared } = begun;
  checkExpectedRows(run, plan, tally.allRows + tally.allRejected);
  if (run.options.truncate) checkNotEmpty(plan.sources[0]!.name, tally.allRows);
  if (!target.immediate) run.reporter.progress({ phase: 'merging', rows: tally.allRows });
  const refused: RefusedRow[] = [];
  const refuse: RefuseRow | undefined =
    run.options.onError === 'skip' ? (row, error) => refused.push({ row, error }) : undefined;
  const outcome = await target.finish(session, tally.rows, refuse);
  if (refused.length > 0) {
    await run.keep(await refusedRecords(session, run, plan, begun, files, tally.stored, refused));
  }
  const counts = { ...outcome, rejected: tally.rejected + refused.length };
  if (run.ledger) {
    const inserted = target.immediate ? tally.allRows : outcome.inserted;
    const rejected = tally.allRejected + refused.length;
    const { rowCount } = await session.query(
      insertFinished(loadId, prepared.table.oid, { ...counts, inserted, rejected }),
    );
    if (rowCount === 0 && !target.immediate) throw mergedMeanwhile();
  }
  await target.forget(session);
  return counts;
}

/** Taken back, and tried again: what another run of the load, whose guard was lost, has merged is found done then. */
function mergedMeanwhile(): DatabaseError {
  return new DatabaseError('another run of the load has merged its rows meanwhile', { sqlstate: '40001' });
}

/** As the ledger has it, where there is one: what was lost in a crash of the server is not in it. */
async function tallyOf(
  session: Session,
  { ledger }: Run,
  { target, loadId, stored: before }: Begun,
  files: readonly FileRead[],
  told: { rows: number; rejected: number },
): Promise<Tally> {
  if (!ledger) return { ...told, allRows: told.rows, allRejected: told.rejected, stored: before };
  const stored = await Stored.read(session, target.pieces, loadId);
  const pieces = files.reduce((sum, file) => sum + file.pieces, 0);
  if (stored.all.length < pieces) throw new LostPieces(stored, pieces - stored.all.length);
  const { rows, rejected } = new Stored(stored.all.filter(({ file, piece }) => !before.has(file, piece)));
  return { rows, rejected, allRows: stored.rows, allRejected: stored.rejected, stored };
}
