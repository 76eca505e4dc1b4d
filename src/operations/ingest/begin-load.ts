import type { Session } from '../../database/database.ts';
import { UsageError } from '../../errors.ts';
import type { OpenedFile } from '../../formats/read/format.ts';
import { dropTable } from '../../sql/create-table.ts';
import { quoteQualified } from '../../sql/identifiers.ts';
import { deleteLoads, insertLoad } from '../../sql/ledger.ts';
import { dropStaging } from '../../sql/staging.ts';
import { cancellable } from '../cancellable.ts';
import type { RecordedLoad } from '../ledger/ledger.ts';
import type { TableDescription } from '../tables.ts';
import type { Prepared } from './fit-table.ts';
import { type LoadPlan, resumedLoad } from './plan-loads.ts';
import { prepareTable } from './prepare.ts';
import type { Begun, LoadOptions, Run } from './run.ts';
import { shapeOf } from './shape-of.ts';
import { Stored } from './stored-pieces.ts';
import { chooseTarget, needsStaging, stagingName, type TargetStrategy } from './target.ts';

/** Forgets unfinished loads and removes what of theirs can be told from other rows. */
export async function startOver(
  { database, options }: Run,
  loads: readonly RecordedLoad[],
  table: TableDescription | undefined,
): Promise<TableDescription | undefined> {
  const drops = loads.map(({ staging }) => staging).filter((staging) => staging !== null);
  const made =
    table !== undefined &&
    loads.some((load) => load.createdTable && load.pieces > 0 && load.staging === null);
  const replaced = made && options.truncate !== true && (options.onConflict ?? 'error') === 'error';
  await database.transaction(async (session) => {
    for (const staging of drops) await session.query(dropStaging(staging));
    if (replaced) await session.query(dropTable(quoteQualified(table.schema, table.name)));
    await session.query(deleteLoads(loads.map(({ loadId }) => loadId)));
  });
  return replaced ? undefined : table;
}

/**
 * The table, made where it is not there yet, and the load's row in the ledger with it.
 * @throws UsageError, DataError for what cannot be loaded so; then neither is made
 */
export async function beginLoad(
  run: Run,
  plan: LoadPlan,
  existing: TableDescription | undefined,
  file: OpenedFile,
): Promise<Begun> {
  const { database, options, reporter, signal } = run;
  const resumed = resumedLoad(plan);
  const loadId = resumed?.loadId ?? plan.loadId;
  const staged = needsStaging(options, existing);
  if (resumed !== undefined && staged !== (resumed.staging !== null)) throw otherWay(plan, resumed);
  const load = run.ledger ? { loadId, staging: resumed?.staging ?? stagingName(loadId) } : undefined;
  const begin = async (session: Session, { table, columns, created }: Prepared) => {
    const names = columns.map(({ name }) => name);
    // Before anything is written down: it refuses what cannot be.
    const target = chooseTarget(database, table, names, options, load, signal);
    if (run.ledger && resumed === undefined) {
      const staging = staged ? stagingName(loadId) : null;
      await session.query(
        insertLoad({ ...newLoad(run, plan, table), loadId, createdTable: created, staging }),
      );
    }
    return target;
  };
  const { prepared, target } = await cancellable(database, signal, async () => {
    let target: TargetStrategy | undefined;
    const { asked, madeForIt } = howToPrepare(run, plan, existing, file);
    const prepared = await prepareTable(database, file, asked, reporter, {
      existing,
      madeForIt,
      onCreate: async (session, made) => {
        target = await begin(session, made);
      },
    });
    return { prepared, target: target ?? (await begin(database, prepared)) };
  });
  if (prepared.created) run.made.add(options.table);
  // What is staged is known once it is seen to be there still.
  const stored =
    resumed !== undefined && target.immediate
      ? await Stored.read(database, target.pieces, loadId)
      : new Stored([]);
  return { loadId, resumed, prepared, target, stored };
}

/** What a load asks of its table, and whether that was made for it. */
export function howToPrepare(
  { options, made }: Run,
  plan: LoadPlan,
  existing: TableDescription | undefined,
  { implied }: OpenedFile,
): { asked: LoadOptions; madeForIt: boolean } {
  const madeByRun = existing !== undefined && made.has(options.table);
  // Row numbers that are ids would begin again with each file.
  const madeForIt = resumedLoad(plan)?.createdTable ?? (madeByRun && implied === undefined);
  const hasItsTypes = !madeForIt && (madeByRun || plan.madeAlike);
  return { asked: hasItsTypes ? { ...options, types: undefined } : options, madeForIt };
}

/** Row security applies to the role now, or does no more: what is stored cannot be told from what is staged. */
function otherWay({ sources }: LoadPlan, { loadId, tableName, staging }: RecordedLoad): UsageError {
  const now = staging === null ? 'row security applies to it' : 'row security does not apply to it any more';
  return new UsageError(`the load of ${sources[0]!.name} into ${tableName} is not finished, and ${now}`, {
    code: 'other-options',
    hint: `go on as the role that began it; or \`pgv loads forget ${loadId}\` leaves what is stored and forgets the rest`,
  });
}

function newLoad({ mode, options }: Run, plan: LoadPlan, table: TableDescription) {
  return {
    tableOid: table.oid,
    tableName: `${table.schema}.${table.name}`,
    sources: plan.sources,
    sourceKey: plan.sourceKey ?? null,
    shape: { ...options.dialect, ...shapeOf(options) },
    shapeKey: plan.shapeKey,
    mode,
    pieceLength: options.pieceLength,
  };
}
