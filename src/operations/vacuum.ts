import type { Database } from '../database/database.ts';
import { DatabaseError, UsageError } from '../errors.ts';
import type { Reporter } from '../progress.ts';
import { tableCondition, type VacuumOptions, vacuum } from '../sql/maintenance.ts';
import { vacuumProgress } from '../sql/progress.ts';
import { lockTimeout, withSettings } from './session-settings.ts';
import { findTable, namesOfTablesWithVectors, type TableDescription } from './tables.ts';
import { watch } from './watch.ts';

/** A table with its partitions, as the server counts it. */
export interface Condition {
  rows: number;
  deadRows: number;
  /** With indexes and TOAST. */
  bytes: number;
}

export interface VacuumedTable {
  table: string;
  /** `skipped`: another session has it locked, and --skip-locked was given. */
  status: 'vacuumed' | 'skipped';
  seconds: number;
  before: Condition;
  after: Condition;
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
  const guarded = options.full && database.target.kind === 'server';
  return withSettings(database, guarded ? { lock_timeout: String(lockTimeout) } : {}, async () => {
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
  const before = await conditionOf(database, table);
  reporter.progress({ phase: `vacuuming ${table.name}` });
  const started = performance.now();
  await database.query(vacuum(table, options));
  const seconds = (performance.now() - started) / 1000;
  const after = await conditionOf(database, table);
  return {
    table: table.name,
    status: wasDone(before, after) ? 'vacuumed' : notDone(table, options),
    seconds,
    before: withoutCount(before),
    after: withoutCount(after),
  };
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

function notDone(table: TableDescription, { skipLocked }: VacuumOptions): 'skipped' {
  if (skipLocked) return 'skipped';
  throw new DatabaseError(`${table.name} was not vacuumed: the role may not`, {
    code: 'not-allowed',
    sqlstate: '42501',
    hint: `its owner may, or a role with GRANT MAINTAIN ON ${table.name} (PostgreSQL 17)`,
  });
}
