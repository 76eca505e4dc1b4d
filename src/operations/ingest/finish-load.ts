import { DataError } from '../../errors.ts';
import { finishedLoad, insertFinished, type LoadCounts, whoAmI } from '../../sql/ledger.ts';
import { cancellable } from '../cancellable.ts';
import { endBackend } from './end-backend.ts';
import type { LoadPlan } from './plan-loads.ts';
import type { Begun, Run } from './run.ts';

/** @throws DataError where the source had another number of rows than the user says */
export function checkExpectedRows({ options }: Run, plan: LoadPlan, { stored }: Begun, now: number): void {
  const { expectRows } = options;
  if (expectRows === undefined) return;
  const rows = now + stored.rows + stored.rejected;
  if (rows === expectRows) return;
  const file = plan.sources[0]!.name;
  throw new DataError(
    `${file} has ${rows.toLocaleString('en')} rows, --expect-rows says ${expectRows.toLocaleString('en')}`,
    { code: 'unexpected-rows', file, hint: 'the load is not finished: was the file written to its end?' },
  );
}

/** Ends the load: in one transaction the merge, where there is one, and the word that it is done. */
export async function finishLoad(
  run: Run,
  begun: Begun,
  copied: number,
  rejectedNow: number,
): Promise<LoadCounts> {
  const counts = await commit(run, begun, copied, rejectedNow);
  // Not in that transaction: who reads the staging table, a dump perhaps, would hold up everything.
  await begun.target.cleanUp().catch((error: Error) => {
    run.reporter.warn(`the staging table is left behind: ${error.message}; the next load will remove it`);
  });
  return counts;
}

async function commit(run: Run, begun: Begun, copied: number, rejectedNow: number): Promise<LoadCounts> {
  const { connection, signal, ledger, reporter, options } = run;
  const { target, loadId, stored, prepared } = begun;
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
          const outcome = await target.finish(session, copied);
          const counts = { ...outcome, rejected: rejectedNow };
          if (ledger) {
            const total = target.immediate ? { inserted: outcome.inserted + stored.rows } : {};
            const all = { ...counts, ...total, rejected: rejectedNow + stored.rejected };
            await session.query(insertFinished(loadId, prepared.table.oid, all));
          }
          return counts;
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
