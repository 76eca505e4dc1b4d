import { UsageError } from '../../errors.ts';
import { silentReporter } from '../../progress.ts';
import { deleteLoads } from '../../sql/ledger.ts';
import type { RecordedLoad } from '../ledger/ledger.ts';
import { probeRows } from '../ledger/probe.ts';
import type { TableDescription } from '../tables.ts';
import { plainColumns } from './mapping/plan-columns.ts';
import type { LoadPlan } from './plan-loads.ts';
import { prepareTable } from './prepare.ts';
import { changedFile } from './refusals.ts';
import type { Run } from './run.ts';
import { Stored } from './stored-pieces.ts';

/** Asks the table and the file where the ledger alone does not tell. */
export async function settle(
  run: Run,
  plan: LoadPlan,
  table: TableDescription | undefined,
): Promise<LoadPlan> {
  const { decision } = plan;
  if (decision.kind !== 'loaded' && decision.kind !== 'resume') return plan;
  const { load, verify } = decision;
  if (plan.doubtful && !(await holdsRows(run, plan, load, table!))) {
    await run.database.query(deleteLoads([load.loadId]));
    return { ...plan, decision: { kind: 'new' } };
  }
  const file = verify ? await changedIn(run, plan, load) : undefined;
  if (file === undefined) return plan;
  if (decision.kind === 'resume') throw changedFile(plan, load);
  return { ...plan, decision: { kind: 'new' }, earlier: { load, file, changed: true, flags: [] } };
}

/** Whether the rows of a load are still in a table that was truncated or rewritten since. */
async function holdsRows(
  { database, inputs, options }: Run,
  plan: LoadPlan,
  load: RecordedLoad,
  table: TableDescription,
): Promise<boolean> {
  const { file, close } = await inputs[plan.inputs[0]!]!.open({ pieceLength: load.pieceLength });
  try {
    const asked = load.createdTable ? options : { ...options, types: undefined };
    const { plan: read, columns } = await prepareTable(database, file, asked, silentReporter, {
      existing: table,
      madeForIt: load.createdTable,
      onCreate: async () => {},
    });
    const found = await probeRows(database, table, file, plainColumns(read, columns));
    if (found === 'all') return true;
    // The rows that were looked for may never have been stored: lanes come to the file's beginning in their own time.
    if (found === 'none' && (await beganAtTheTop(database, load))) return false;
  } finally {
    await close();
  }
  throw new UsageError(
    `${table.name} was truncated or rewritten since ${plan.sources[0]!.name} was loaded into it, and it does not tell which`,
    {
      code: 'load-in-doubt',
      hint: `if the rows are gone, \`pgv loads forget ${load.loadId}\` lets the file be loaded again; if they are there, --if-loaded skip leaves it at that`,
    },
  );
}

async function beganAtTheTop(database: Run['database'], load: RecordedLoad): Promise<boolean> {
  if (load.finishedAt !== null) return true;
  const stored = await Stored.read(database, 'pieces', load.loadId);
  return stored.has(0, 0);
}

/** Index of the first file that is not what was loaded of it; undefined: all are. */
async function changedIn(run: Run, plan: LoadPlan, load: RecordedLoad): Promise<number | undefined> {
  const finished = load.finishedAt !== null;
  const pieces = finished || load.staging === null ? 'pieces' : 'staged_pieces';
  const stored = await Stored.read(run.database, pieces, load.loadId);
  if (stored.all.length === 0 && finished && load.inserted! > 0) throw pruned(plan, load);
  for (const [i, input] of plan.inputs.entries()) {
    run.reporter.note(`${run.inputs[input]!.name} was written to since: comparing it with what was loaded`);
    if (!(await stored.isIn(run.inputs[input]!, i, load.pieceLength))) return i;
  }
  return undefined;
}

/** The checksums of a finished load are gone (`pgv loads prune --older-than`). */
function pruned({ sources }: LoadPlan, { tableName, finishedAt }: RecordedLoad): UsageError {
  return new UsageError(
    `${sources[0]!.name} was written to since it was loaded into ${tableName} on ${finishedAt}, and the checksums of that load were pruned`,
    {
      code: 'load-in-doubt',
      hint: 'if it is another file, --if-loaded again loads it; if it is the same, there is nothing to do',
    },
  );
}
