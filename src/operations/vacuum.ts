import type { Database } from '../database/database.ts';
import { DatabaseError, PgvError, UsageError } from '../errors.ts';
import type { Reporter } from '../progress.ts';
import { tableCondition, type VacuumOptions, vacuum } from '../sql/maintenance.ts';
import { vacuumProgress } from '../sql/progress.ts';
import { warnOfMissingIndexes } from './deferred-indexes/pending.ts';
import { lockTimeout, withSettings } from './session-settings.ts';
import { findTable, namesOfTablesWithVectors, type TableDescription } from './tables.ts';
import { watch } from './watch.ts';

/** A table with its partitions, as the server counts it. */
export interface Condition {
  /** Null, as the dead ones: nobody has counted since the counters began. */
  rows: number | null;
  deadRows: number | null;
  /** With indexes and TOAST. */
  bytes: number;
}

export interface VacuumedTable {
  table: string;
  /** `skipped`: another session has it locked, and --skip-locked was given. */
  status: 'vacuumed' | 'skipped';
  seconds: number;
  /** Null where it was skipped. */
  before: Condition | null;
  after: Condition | null;
}

/**
 * VACUUM and ANALYZE of a table, or of all tables with vectors, one after the other.
 * @param name undefined: all tables with vectors
 * @throws DatabaseError where the role may not
 */
export async function vacuumTables(
  database: Database,
  name: string | undefined,
  options: VacuumOptions,
  reporter: Reporter,
): Promise<VacuumedTable[]> {
  if (options.full && options.parallel !== undefined) {
    throw new UsageError('--full and --parallel exclude each other', { hint: 'VACUUM FULL has no workers' });
  }
  const names = name === undefined ? await namesOfTablesWithVectors(database) : [name];
  if (names.length === 0) {
    throw new UsageError('the database has no table with a vector column', {
      code: 'no-table',
      hint: 'name the table that is meant',
    });
  }
  return withSettings(database, settingsFor(database, options), async () => {
    const watching = await watch(database, vacuumProgress, reporter);
    try {
      const done: VacuumedTable[] = [];
      for (const each of names) done.push(await vacuumTable(database, each, options, reporter));
      return done;
    } finally {
      await watching.close();
    }
  });
}

async function vacuumTable(
  database: Database,
  name: string,
  options: VacuumOptions,
  reporter: Reporter,
): Promise<VacuumedTable> {
  const table = await findTable(database, name);
  checkKind(table);
  await warnOfMissingIndexes(database, table, reporter);
  reporter.progress({ phase: `vacuuming ${table.name}` });
  const started = performance.now();
  const done = await run(database, table, options);
  const seconds = (performance.now() - started) / 1000;
  if (done === undefined) return { table: table.name, status: 'skipped', seconds, before: null, after: null };
  return { table: table.name, status: 'vacuumed', seconds, ...done };
}

/** The table's condition before and after; undefined where it was locked, and is to be skipped then. */
async function run(
  database: Database,
  table: TableDescription,
  options: VacuumOptions,
): Promise<{ before: Condition; after: Condition } | undefined> {
  try {
    const before = await conditionOf(database, table);
    await database.query(vacuum(table, options));
    const after = await conditionOf(database, table);
    if (wasDone(before, after)) return { before: withoutCount(before), after: withoutCount(after) };
  } catch (error) {
    // A table's size cannot be told while somebody has it all alone.
    if (options.skipLocked && error instanceof PgvError && error.sqlstate === '55P03') return undefined;
    throw error;
  }
  if (options.skipLocked) return undefined;
  throw new DatabaseError(`${table.name} was not vacuumed: the role may not`, {
    code: 'not-allowed',
    sqlstate: '42501',
    hint: `its owner may, or a role with GRANT MAINTAIN ON ${table.name} (PostgreSQL 17)`,
  });
}

function settingsFor(database: Database, { full, skipLocked }: VacuumOptions): Record<string, string> {
  if (database.target.kind === 'embedded') return {};
  if (skipLocked) return { lock_timeout: '100' };
  return full ? { lock_timeout: String(lockTimeout) } : {};
}

interface Counted extends Condition {
  /** How often it has been analysed; null where the server does not count. */
  analyzed: number | null;
}

async function conditionOf(database: Database, table: TableDescription): Promise<Counted> {
  const { rows } = await database.query<Counted>(tableCondition(table.oid));
  return rows[0]!;
}

function withoutCount({ analyzed, ...condition }: Counted): Condition {
  return condition;
}

function checkKind(table: TableDescription): void {
  if (table.kind !== 'view' && table.kind !== 'foreign table') return;
  throw new UsageError(`${table.name} is a ${table.kind}, which has no rows of its own to vacuum`, {
    hint: table.kind === 'view' ? 'name the table below it' : 'vacuum it where its rows are',
  });
}

/** A VACUUM of a table that is locked, or that the role may not vacuum, is a warning to PostgreSQL, no error. */
function wasDone(before: Counted, after: Counted): boolean {
  return before.analyzed === null || after.analyzed === null || after.analyzed > before.analyzed;
}
