import type { Database, Statement } from '../../database/database.ts';
import { UsageError } from '../../errors.ts';
import { dropIndex } from '../../sql/indexes.ts';
import { vacuum } from '../../sql/maintenance.ts';
import { resetSetting, setSetting } from '../../sql/settings.ts';
import type { BuildResources } from '../index-create/resources.ts';
import { readIndexes } from '../index-upkeep/catalogue.ts';
import { reindexStatements } from '../index-upkeep/reindex.ts';
import { resourcesToRebuild } from '../index-upkeep/resources.ts';
import { findTable, type TableDescription } from '../tables.ts';
import { type Counted, conditionOf, lockSettings } from './condition.ts';
import { type Due, vacuumDue } from './due.ts';
import type { VacuumRequest } from './options.ts';
import { type Advice, adviseReindex } from './reindex-first.ts';

/** What a vacuum of a table comes to; nothing is done yet. */
export interface PlannedVacuum {
  table: TableDescription;
  /** `[schema.]name`, as commands take it. */
  name: string;
  /** Undefined where it is locked, and is to be skipped then. */
  before: Counted | undefined;
  /** With --if-needed: whether it is. */
  due: Due | null;
  /** Of each vector index; none where VACUUM FULL builds them all anew, or there shall be no waiting. */
  advice: Advice[];
  /** Whether there is anything to do. */
  needed: boolean;
  /** For the session, while VACUUM runs. */
  settings: Readonly<Record<string, string>>;
}

/** @throws UsageError where there is no such table, or it has no rows of its own */
export async function planVacuum(
  database: Database,
  name: string,
  options: VacuumRequest,
): Promise<PlannedVacuum> {
  const table = await findTable(database, name);
  checkKind(table);
  const { full, ifNeeded, reindex, skipLocked = false } = options;
  const before = await conditionOf(database, { oid: table.oid, name }, skipLocked);
  const due = ifNeeded && before !== undefined ? await vacuumDue(database, table) : null;
  const advice =
    before === undefined || full || skipLocked ? [] : await adviseReindex(database, table, before.condition);
  const needed =
    due === null || due.due || (reindex === true && advice.some(({ rebuild, drop }) => rebuild || drop));
  const settings = before === undefined ? {} : await settingsFor(database, table, options);
  return { table, name, before, due, advice, needed, settings };
}

/** The statements of a plan, as they would run. */
export async function vacuumStatements(
  database: Database,
  { table, before, advice, needed, settings }: PlannedVacuum,
  options: VacuumRequest,
): Promise<Statement[]> {
  if (!needed || before === undefined) return [];
  const first: Statement[] = [];
  for (const { index, rebuild, drop } of options.reindex ? advice : []) {
    if (drop) first.push(dropIndex(index, true));
    if (rebuild) first.push(...(await reindexStatements(database, index, {})));
  }
  return [
    ...first,
    ...Object.entries(settings).map(([name, value]) => setSetting(name, value)),
    vacuum(table, options),
    ...Object.keys(settings).map(resetSetting),
  ];
}

async function settingsFor(
  database: Database,
  table: TableDescription,
  { full, skipLocked }: VacuumRequest,
): Promise<Record<string, string>> {
  if (!full) return skipLocked ? lockSettings(database, true) : {};
  let resources: BuildResources | undefined;
  for (const { leaves } of await readIndexes(database, table.oid)) {
    for (const leaf of leaves) {
      const needs = await resourcesToRebuild(database, leaf, {});
      if (resources === undefined || needs.given > resources.given) resources = needs;
    }
  }
  return { ...resources?.settings, ...lockSettings(database, skipLocked === true) };
}

function checkKind(table: TableDescription): void {
  if (table.kind !== 'view' && table.kind !== 'foreign table') return;
  throw new UsageError(`${table.shown} is a ${table.kind}, which has no rows of its own to vacuum`, {
    hint: table.kind === 'view' ? 'name the table below it' : 'vacuum it where its rows are',
  });
}
