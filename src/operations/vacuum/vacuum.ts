import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../../database/database.ts';
import type { Reporter } from '../../progress.ts';
import { vacuum } from '../../sql/maintenance.ts';
import { vacuumProgress } from '../../sql/progress.ts';
import { warnOfMissingIndexes } from '../deferred-indexes/pending.ts';
import { dropPlanned, planDrop } from '../index-upkeep/drop.ts';
import { type Reindexed, rebuild } from '../index-upkeep/reindex.ts';
import { isLockTimeout, withHolders } from '../lock-holders.ts';
import { withSettings } from '../session-settings.ts';
import { watch } from '../watch.ts';
import { type Condition, type Counted, conditionOf, wasDone } from './condition.ts';
import type { Due } from './due.ts';
import { checkOptions, type VacuumRequest } from './options.ts';
import { type PlannedVacuum, planVacuum } from './plan.ts';
import type { Advice } from './reindex-first.ts';
import { notAllowed } from './rights.ts';
import { type FailedTurn, takeTurns } from './turns.ts';

export interface VacuumedTable {
  table: string;
  /**
   * `skipped`: another session has it locked, and --skip-locked was given; `not-needed`: --if-needed was. Only where no
   * table was named: `not-allowed`, the role may not; `failed`, for another reason.
   */
  status: 'vacuumed' | 'skipped' | 'not-needed' | FailedTurn['status'];
  /** Why it was not allowed, or failed. */
  error: FailedTurn['error'] | null;
  seconds: number;
  /** With --if-needed: whether it is, and why. */
  due: Due | null;
  /** Vector indexes that were built anew before. */
  reindexed: Reindexed[];
  /** Null where nothing was done. */
  before: Condition | null;
  after: Condition | null;
}

/** Milliseconds, and some, after which counters that are late have come. */
const countersAge = 600;

/**
 * VACUUM and ANALYZE of a table, or of all tables with vectors, one after the other; vector indexes that are better
 * built anew are so before.
 * @param name undefined: all tables with vectors; then what is wrong with one of them does not end the others' turn
 * @throws UsageError for flags that do not go together; DatabaseError where the role may not, or may vacuum none
 */
export async function vacuumTables(
  database: Database,
  name: string | undefined,
  options: VacuumRequest,
  reporter: Reporter,
): Promise<VacuumedTable[]> {
  checkOptions(options);
  const turns = await takeTurns(
    database,
    name,
    async (each) => vacuumTable(database, await planVacuum(database, each, options), options, reporter),
    reporter,
  );
  return turns.map((turn) =>
    'done' in turn ? turn.done : { ...nothingDone(turn.table, turn.failed.status), error: turn.failed.error },
  );
}

function nothingDone(table: string, status: VacuumedTable['status']): VacuumedTable {
  return { table, status, error: null, seconds: 0, due: null, reindexed: [], before: null, after: null };
}

async function vacuumTable(
  database: Database,
  planned: PlannedVacuum,
  options: VacuumRequest,
  reporter: Reporter,
): Promise<VacuumedTable> {
  const { table, name, before, due, advice, needed, settings } = planned;
  const without = (status: VacuumedTable['status']) => ({ ...nothingDone(name, status), due });
  if (before === undefined) return without('skipped');
  if (!needed) return without('not-needed');
  await warnOfMissingIndexes(database, table, reporter);
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  const reindexed = options.reindex ? await reindexFirst(database, advice, reporter) : [];
  if (!options.reindex) noteSlowIndexes(advice, reporter);
  if (options.full) reporter.note(roomFor(name, before.condition));
  const after = await withSettings(database, settings, () =>
    run(database, planned, options, before, reporter),
  );
  if (after === undefined) return { ...without('skipped'), seconds: seconds() };
  return { ...without('vacuumed'), seconds: seconds(), reindexed, before: before.condition, after };
}

async function reindexFirst(
  database: Database,
  advice: readonly Advice[],
  reporter: Reporter,
): Promise<Reindexed[]> {
  const done: Reindexed[] = [];
  for (const { index, rebuild: isBetter, drop, reason } of advice) {
    if (drop) {
      reporter.note(`dropping ${index.shown}: ${reason}`);
      await dropPlanned(database, await planDrop(database, index.shown, undefined), reporter);
    } else if (isBetter) {
      reporter.note(`building ${index.shown} anew first: ${reason}`);
      done.push(await rebuild(database, index, {}, reporter));
    } else reporter.note(`${index.shown} is not built anew: ${reason}`);
  }
  return done;
}

function noteSlowIndexes(advice: readonly Advice[], reporter: Reporter): void {
  for (const { index, rebuild: isBetter, drop, reason } of advice) {
    if (drop) reporter.note(`${index.shown} is better dropped, with --reindex: ${reason}`);
    if (isBetter) reporter.note(`${index.shown} is better built anew first, with --reindex: ${reason}`);
  }
}

/** The condition after it; undefined where the table was locked, and is to be skipped then. */
async function run(
  database: Database,
  { table, name }: PlannedVacuum,
  options: VacuumRequest,
  before: Counted,
  reporter: Reporter,
): Promise<Condition | undefined> {
  reporter.progress({ phase: `vacuuming ${name}` });
  const watching = await watch(database, vacuumProgress, reporter);
  try {
    await database.query(vacuum(table, options));
  } catch (error) {
    if (options.skipLocked && isLockTimeout(error)) return undefined;
    throw await withHolders(database, error, `${name} was not vacuumed`, [table.oid]);
  } finally {
    await watching.close();
  }
  const conditionNow = () => conditionOf(database, { oid: table.oid, name }, options.skipLocked === true);
  let after = await conditionNow();
  if (after?.late && !wasDone(before, after)) {
    await sleep(countersAge);
    after = await conditionNow();
  }
  if (after !== undefined && wasDone(before, after)) return after.condition;
  if (options.skipLocked) return undefined;
  throw notAllowed(name);
}

/** Its copy takes no more than the table as it is. */
function roomFor(name: string, { bytes }: Condition): string {
  const megabytes = Math.ceil(bytes / 1024 ** 2).toLocaleString('en');
  return `${name} is written anew: until that is done it takes up to ${megabytes} MB more on the server's disk, and nobody can use it`;
}
