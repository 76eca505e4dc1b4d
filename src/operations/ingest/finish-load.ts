import type { Session } from '../../database/database.ts';
import { finishedLoad, insertFinished, type LoadCounts, whoAmI } from '../../sql/ledger.ts';
import { cancellable } from '../cancellable.ts';
import { checkNotEmpty } from './around/around-load.ts';
import type { FileRead } from './copy-pieces.ts';
import { endBackend } from './end-backend.ts';
import { unexpectedRows } from './expectations.ts';
import { LostPieces } from './lost-pieces.ts';
import type { LoadPlan } from './plan-loads.ts';
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
  const counts = await commit(run, begun, async (session) => {
    const tally = run.ledger
      ? await tallyOf(session, begun, files)
      : { ...told, allRows: told.rows, allRejected: told.rejected };
    checkExpectedRows(run, plan, tally.allRows + tally.allRejected);
    if (run.options.truncate) checkNotEmpty(plan.sources[0]!.name, tally.allRows);
    if (!begun.target.immediate) run.reporter.progress({ phase: 'merging', rows: tally.allRows });
    return tally;
  });
  // Not in that transaction: who reads the staging table, a dump perhaps, would hold up everything.
  await begun.target.cleanUp().catch((error: Error) => {
    run.reporter.warn(`the staging table is left behind: ${error.message}; the next load will remove it`);
  });
  return counts;
}

/** As the ledger has it: what was lost in a crash of the server is not in it. */
async function tallyOf(session: Session, begun: Begun, files: readonly FileRead[]): Promise<Tally> {
  const { target, loadId, stored: before } = begun;
  const stored = await Stored.read(session, target.pieces, loadId);
  const pieces = files.reduce((sum, file) => sum + file.pieces, 0);
  if (stored.all.length < pieces) throw new LostPieces(stored, pieces - stored.all.length);
  const now = new Stored(stored.all.filter(({ file, piece }) => !before.has(file, piece)));
  return { rows: now.rows, rejected: now.rejected, allRows: stored.rows, allRejected: stored.rejected };
}

async function commit(
  run: Run,
  begun: Begun,
  count: (session: Session) => Promise<Tally>,
): Promise<LoadCounts> {
  const { connection, signal, ledger, reporter, options } = run;
  const { target, loadId, prepared } = begun;
  let last: { pid: number; at: string } | undefined;
  return connection.retrying(
    async (database) => {
      if (last !== undefined) await endBackend(database, last);
      return cancellable(database, signal, () =>
        database.transaction(async (session) => {
          if (ledger) {
            last = (await session.query<{ pid: number; at: string }>(whoAmI())).rows[0]!;
            const done = await session.query<LoadCounts>(finishedLoad(loadId));
            if (done.rows[0] !== undefined) return done.rows[0];
          }
          const tally = await count(session);
          const outcome = await target.finish(session, tally.rows);
          if (ledger) {
            const total = target.immediate ? { inserted: tally.allRows } : {};
            const all = { ...outcome, ...total, rejected: tally.allRejected };
            await session.query(insertFinished(loadId, prepared.table.oid, all));
          }
          return { ...outcome, rejected: tally.rejected };
        }),
      );
    },
    {
      isStopped: () => signal.aborted,
      onRetry: ({ message }, pause) =>
        reporter.warn(`${message}; trying again in ${(pause / 1000).toFixed(1)} s`),
      patience: options.patience,
    },
  );
}
