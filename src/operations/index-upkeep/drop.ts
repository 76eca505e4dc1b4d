import type { Database, Statement } from '../../database/database.ts';
import { DatabaseError, PgvError, UsageError } from '../../errors.ts';
import type { Reporter } from '../../progress.ts';
import { shellWord } from '../../shell-word.ts';
import { dropIndex } from '../../sql/indexes.ts';
import { lockWait } from '../../sql/lock-holders.ts';
import { dropConcurrently, findConcurrentWorkers } from '../concurrent-work.ts';
import { withTurn } from '../index-create/turn.ts';
import { withHolders } from '../lock-holders.ts';
import { withSettings } from '../session-settings.ts';
import { type Beside, watchFrom } from '../watch.ts';
import { type CatalogueIndex, findAgain, readIndexes } from './catalogue.ts';
import { findIndex } from './find.ts';

/** An index that is about to be dropped. */
export interface PlannedDrop {
  index: CatalogueIndex;
  statement: Statement;
  /** Whether the table can be used meanwhile. */
  concurrently: boolean;
  /** Null while somebody has it all alone. */
  bytes: number | null;
}

/**
 * What dropping the vector index of this name comes to; nothing is done.
 * @param table that it must be on; undefined: any
 * @throws UsageError where there is none, or it is but a part of one; DatabaseError where it is being built
 */
export async function planDrop(
  database: Database,
  name: string,
  table: string | undefined,
): Promise<PlannedDrop> {
  const index = await findIndex(database, name, table);
  if (index.parentOid !== null) throw await partOf(database, index);
  checkNotBuilding(index);
  // PostgreSQL drops a partitioned index in one go or not at all.
  const concurrently = database.target.kind === 'server' && !index.partitioned;
  const sizes = index.leaves.map(({ bytes }) => bytes);
  const bytes = sizes.includes(null) ? null : sizes.reduce<number>((sum, each) => sum + each!, 0);
  return { index, statement: dropIndex(index, concurrently), concurrently, bytes };
}

/**
 * Drops it, in turn with what else is done CONCURRENTLY with the table's indexes. Concurrently it waits for as long as
 * others use the table; otherwise it gives up when the limit for locks is over.
 * @throws DatabaseError that names who uses the table
 */
export async function dropPlanned(
  database: Database,
  planned: PlannedDrop,
  reporter: Reporter,
): Promise<void> {
  const { index } = planned;
  const table = { oid: index.tableOid, shown: index.shownTable };
  const gone = async () => ((await findAgain(database, index)) === undefined ? true : undefined);
  await withTurn(database, table, reporter, gone, async (beside) => {
    reporter.progress({ phase: `dropping ${index.shown}` });
    await (planned.concurrently
      ? dropWatched(database, beside, index, reporter)
      : dropAtOnce(database, planned));
    return true;
  });
}

async function dropAtOnce(database: Database, { index, statement }: PlannedDrop): Promise<void> {
  const notDropped = `${index.shown} was not dropped`;
  if (database.target.kind === 'embedded') {
    await database.query(statement);
    return;
  }
  const [worker] = await findConcurrentWorkers(database, { oid: index.tableOid });
  if (worker !== undefined) {
    throw new DatabaseError(`${notDropped}: the indexes of ${index.shownTable} are being worked on`, {
      code: 'in-use',
      hint: `${worker}: try again when that is done`,
    });
  }
  try {
    await withSettings(database, { lock_timeout: String(database.limits.lock) }, () =>
      database.query(statement),
    );
  } catch (error) {
    throw await withHolders(database, error, notDropped, [index.tableOid]);
  }
}

/** @throws DatabaseError where a session builds it right now for the first time, or anew and it is not valid */
export function checkNotBuilding({ shown, leaves }: CatalogueIndex): void {
  if (!leaves.some(({ building }) => building)) return;
  throw new DatabaseError(`index ${shown} is being built right now by another session`, {
    code: 'index-building',
    hint: 'wait for it: `pgv index list` says how far it is',
  });
}

async function dropWatched(
  database: Database,
  beside: Beside | undefined,
  index: CatalogueIndex,
  reporter: Reporter,
): Promise<void> {
  const table = { oid: index.tableOid, shown: index.shownTable };
  const stop = beside === undefined ? async () => {} : watchFrom(beside, lockWait, reporter);
  try {
    await dropConcurrently(database, table, index, reporter);
  } catch (error) {
    await stop();
    throw await withRemains(error, beside?.connection, index);
  } finally {
    await stop();
  }
}

/** The first thing that DROP INDEX CONCURRENTLY does is to make the index invalid; then it waits. */
async function withRemains(
  error: unknown,
  connection: Database | undefined,
  index: CatalogueIndex,
): Promise<unknown> {
  if (connection === undefined || !(error instanceof PgvError)) return error;
  const left = await findAgain(connection, index);
  if (left === undefined || left.valid) return error;
  return error.withHint(
    `${index.shown} is INVALID now, and serves nobody: \`pgv index drop ${shellWord(index.shown)}\` again drops it`,
  );
}

async function partOf(
  database: Database,
  { shown, parentOid, shownTable }: CatalogueIndex,
): Promise<UsageError> {
  const parent = (await readIndexes(database, undefined)).find(({ oid }) => oid === parentOid);
  return new UsageError(
    `${shown} is the part on ${shownTable} of a partitioned index, and goes with it alone`,
    {
      code: 'part-of-index',
      hint:
        parent === undefined
          ? undefined
          : `\`pgv index drop ${shellWord(parent.shown)}\` drops it on all partitions`,
    },
  );
}
