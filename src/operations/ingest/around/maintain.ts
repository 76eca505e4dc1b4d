import type { Database } from '../../../database/database.ts';
import { InterruptedError, PgvError } from '../../../errors.ts';
import type { Reporter } from '../../../progress.ts';
import { shellWord } from '../../../shell-word.ts';
import { analyze, analyzeIsDue, tableCondition, vacuum } from '../../../sql/maintenance.ts';
import { vacuumProgress } from '../../../sql/progress.ts';
import { setLocal } from '../../../sql/search.ts';
import { cancellable } from '../../cancellable.ts';
import { findConcurrentWorkers } from '../../concurrent-work.ts';
import { withSettings } from '../../session-settings.ts';
import type { TableDescription } from '../../tables.ts';
import { watch } from '../../watch.ts';

export type VacuumMode = 'auto' | 'always' | 'never';

/** Rows that a load has changed. */
export interface ChangedRows {
  inserted: number;
  updated: number;
  deleted: number;
}

/**
 * Dead rows, of all, above which VACUUM pays by itself: a search by an HNSW index meets them and gives that many fewer
 * rows. Autovacuum would wait for twice as many.
 */
const deadShare = 0.1;

/**
 * ANALYZE, and VACUUM when it pays, after a load. With `auto`, statistics are made anew where the load has changed
 * enough to make autovacuum do so, which then need not; always on the embedded database, which has none. The dead rows
 * among them decide on VACUUM; what insertion alone leaves to do is autovacuum's, as it is in no hurry.
 * A load that is done does not fail for this: what goes wrong is a warning.
 * @throws InterruptedError alone
 */
export async function maintainAfterLoad(
  database: Database,
  table: TableDescription,
  changed: ChangedRows,
  mode: VacuumMode,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<void> {
  const rows = changed.inserted + changed.updated + changed.deleted;
  if (mode === 'never' || (mode === 'auto' && rows === 0)) return;
  const { target, isPooled, limits } = database;
  const settings = target.kind === 'embedded' || isPooled ? {} : { lock_timeout: String(limits.lock) };
  try {
    await cancellable(database, signal, () =>
      withSettings(database, settings, async () => {
        if (mode === 'always' && !isPooled) await run(database, table, 'vacuuming', reporter);
        else if (mode === 'always' || (await isAnalyzeDue(database, table, rows))) {
          const [worker] = await findConcurrentWorkers(database, table);
          if (worker !== undefined) {
            reporter.note(leftAlone(table, worker));
            return;
          }
          const { rows: live, deadRows } = await run(database, table, 'analyzing', reporter);
          // The session's own dead rows may not be counted yet.
          const dead = Math.max(deadRows ?? 0, changed.updated + changed.deleted);
          if (live === null || dead <= deadShare * (live + dead)) return;
          if (isPooled) reporter.note(leftDead(table, dead));
          else await run(database, table, 'vacuuming', reporter);
        }
      }),
    );
  } catch (error) {
    if (!(error instanceof PgvError)) throw error;
    if (error instanceof InterruptedError) {
      throw error.withHint(
        `every row is stored; \`pgv vacuum ${shellWord(table.shown)}\` does what was left`,
      );
    }
    reporter.warn(`every row is stored, but ${table.shown} is not analysed: ${error.message}`);
  }
}

async function isAnalyzeDue(database: Database, table: TableDescription, rows: number): Promise<boolean> {
  if (database.target.kind === 'embedded') return true;
  const found = await database.query<{ due: boolean }>(analyzeIsDue(table.oid, rows));
  return found.rows[0]!.due;
}

/** Waiting for a build of an index would end it: ANALYZE has a snapshot while it waits. */
function leftAlone({ shown }: TableDescription, worker: string): string {
  return `${shown} is not analysed, as ${worker} is at its indexes: \`pgv vacuum ${shellWord(shown)}\` does it when that is done`;
}

/** VACUUM is no part of a transaction, and without one its wait for a lock has no limit behind a pooler. */
function leftDead({ shown }: TableDescription, dead: number): string {
  return `${shown} has ${dead.toLocaleString('en')} dead rows, and is not vacuumed through a pooler: \`pgv vacuum ${shellWord(shown)} --direct-url …\` does it`;
}

interface Counted {
  rows: number | null;
  deadRows: number | null;
  /** How often the table has been analysed; null where the server does not count. */
  analyzed: number | null;
}

/** @returns what the table's counters say afterwards; null: nothing, as it was not done */
async function run(
  database: Database,
  table: TableDescription,
  what: 'analyzing' | 'vacuuming',
  reporter: Reporter,
): Promise<Pick<Counted, 'rows' | 'deadRows'>> {
  reporter.progress({ phase: what });
  const before = await condition(database, table);
  const watching = await watch(database, vacuumProgress, reporter);
  try {
    if (database.isPooled) await analyzeAsTransaction(database, table);
    else await database.query(what === 'analyzing' ? analyze(table) : vacuum(table, {}));
  } finally {
    await watching.close();
  }
  const after = await condition(database, table);
  if (after.analyzed === null || after.analyzed !== before.analyzed) return after;
  // To PostgreSQL, a table that the role may not analyse is no error.
  reporter.warn(
    `every row is stored, but ${table.shown} is not analysed, as the role may not: its owner may, with \`pgv vacuum ${shellWord(table.shown)}\``,
  );
  return { rows: null, deadRows: null };
}

async function analyzeAsTransaction(database: Database, table: TableDescription): Promise<void> {
  await database.transaction(async (session) => {
    await session.query(setLocal({ lock_timeout: String(session.limits.lock) }));
    await session.query(analyze(table));
  });
}

async function condition(database: Database, table: TableDescription): Promise<Counted> {
  const { rows } = await database.query<Counted>(tableCondition(table.oid));
  return rows[0]!;
}
