import type { OpenedFile } from '../../formats/read/format.ts';
import { silentReporter } from '../../progress.ts';
import { cancellable } from '../cancellable.ts';
import { howToPrepare } from './begin-load.ts';
import { sameColumns } from './copy-files.ts';
import type { Prepared } from './fit-table.ts';
import { WouldSpool } from './open-input.ts';
import { type LoadPlan, resumedLoad } from './plan-loads.ts';
import { prepareTable } from './prepare.ts';
import type { Run } from './run.ts';

/**
 * Looks at the files that come after a load's first one before a row is stored, so that one whose fields do not fit is
 * told of while nothing is to be taken back. What can be opened once only, or not without reading it whole, is left to
 * its turn.
 * @param ahead loads of the run into the same table that come after
 * @throws what the loads would throw before their first row
 */
export async function checkAhead(
  run: Run,
  plan: LoadPlan,
  first: Prepared,
  ahead: readonly LoadPlan[],
): Promise<void> {
  for (const at of plan.inputs.keys()) {
    if (at > 0) await look(run, plan, at, (file) => sameColumns(run, file, first));
  }
  for (const next of ahead) {
    if (next.decision.kind === 'loaded') continue;
    await look(run, next, 0, (file) => {
      const { asked, madeForIt } = howToPrepare(run, next, first.table, file);
      const preparation = { existing: first.table, madeForIt, onCreate: async () => {} };
      return prepareTable(run.database, file, asked, silentReporter, preparation);
    });
  }
}

/** @param at index of the file among the load's */
async function look(
  { inputs, options, database, signal }: Run,
  plan: LoadPlan,
  at: number,
  check: (file: OpenedFile) => Promise<unknown>,
): Promise<void> {
  if (plan.sources[at]!.fingerprint === undefined) return;
  const pieceLength = resumedLoad(plan)?.pieceLength ?? options.pieceLength;
  const opened = await inputs[plan.inputs[at]!]!.open({ pieceLength, spools: false }).catch((error) => {
    if (error instanceof WouldSpool) return undefined;
    throw error;
  });
  try {
    if (opened !== undefined) await cancellable(database, signal, () => check(opened.file));
  } finally {
    await opened?.close();
  }
}
