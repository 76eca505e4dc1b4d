import type { Session } from '../../database/database.ts';
import type { OpenedFile } from '../../formats/read/format.ts';
import { dropTable } from '../../sql/create-table.ts';
import { quoteQualified } from '../../sql/identifiers.ts';
import { deleteLoads, insertLoad } from '../../sql/ledger.ts';
import { dropStaging } from '../../sql/staging.ts';
import { cancellable } from '../cancellable.ts';
import type { RecordedLoad } from '../ledger/ledger.ts';
import type { TableDescription } from '../tables.ts';
import { type LoadPlan, resumedLoad } from './plan-loads.ts';
import { prepareTable } from './prepare.ts';
import type { Begun, Run } from './run.ts';
import { shapeOf } from './shape-of.ts';
import { Stored } from './stored-pieces.ts';
import { chooseTarget, needsStaging, stagingName } from './target.ts';

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

/** The table, made where it is not there yet, and the load's row in the ledger with it. */
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
  const record = async (session: Session, table: TableDescription, createdTable: boolean) => {
    if (!run.ledger || resumed !== undefined) return;
    const staging = staged ? stagingName(loadId) : null;
    await session.query(insertLoad({ ...newLoad(run, plan, table), loadId, createdTable, staging }));
  };
  const prepared = await cancellable(database, signal, async () => {
    const madeForIt = resumed?.createdTable ?? (existing !== undefined && run.made.has(options.table));
    const onCreate = (session: Session, table: TableDescription) => record(session, table, true);
    const made = await prepareTable(database, file, options, reporter, { existing, madeForIt, onCreate });
    if (!made.created) await record(database, made.table, false);
    return made;
  });
  if (prepared.created) run.made.add(options.table);
  const names = prepared.columns.map(({ name }) => name);
  const load = run.ledger ? { loadId, staging: resumed?.staging ?? stagingName(loadId) } : undefined;
  const target = chooseTarget(database, prepared.table, names, options, load, signal);
  return { loadId, resumed, prepared, target, stored: new Stored([]) };
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
