import type { Database, Statement } from '../../database/database.ts';
import { DatabaseError, PgvError, UsageError } from '../../errors.ts';
import type { Reporter } from '../../progress.ts';
import { dropIndex } from '../../sql/indexes.ts';
import { lockWait } from '../../sql/lock-holders.ts';
import { withHolders } from '../lock-holders.ts';
import { lockTimeout, withSettings } from '../session-settings.ts';
import { watch } from '../watch.ts';
import { type CatalogueIndex, readIndexes } from './catalogue.ts';
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
 * Drops it. Concurrently it waits for as long as others use the table, in nobody's way; otherwise it gives up after
 * `lockTimeout`.
 * @throws DatabaseError that names who uses the table
 */
export async function dropPlanned(
  database: Database,
  { index, statement, concurrently }: PlannedDrop,
  reporter: Reporter,
): Promise<void> {
  reporter.progress({ phase: `dropping ${index.shown}` });
  if (concurrently) return dropConcurrently(database, index, statement, reporter);
  const settings = database.target.kind === 'embedded' ? {} : { lock_timeout: String(lockTimeout) };
  try {
    await withSettings(database, settings, () => database.query(statement));
  } catch (error) {
    throw await withHolders(database, error, `${index.shown} was not dropped`, [index.tableOid]);
  }
}

/** @throws DatabaseError where a session builds it right now */
export function checkNotBuilding({ shown, leaves }: CatalogueIndex): void {
  if (!leaves.some(({ building }) => building)) return;
  throw new DatabaseError(`index ${shown} is being built right now by another session`, {
    code: 'index-building',
    hint: 'wait for it: `pgv index list` says how far it is',
  });
}

async function dropConcurrently(
  database: Database,
  index: CatalogueIndex,
  statement: Statement,
  reporter: Reporter,
): Promise<void> {
  const watching = await watch(database, lockWait, reporter);
  try {
    await database.query(statement);
  } catch (error) {
    await watching.stop();
    throw await withRemains(error, watching.connection, index);
  } finally {
    await watching.close();
  }
}

/** The first thing that DROP INDEX CONCURRENTLY does is to make the index invalid; then it waits. */
async function withRemains(
  error: unknown,
  connection: Database | undefined,
  { oid, tableOid, shown }: CatalogueIndex,
): Promise<unknown> {
  if (connection === undefined || !(error instanceof PgvError)) return error;
  const left = (await readIndexes(connection, tableOid)).find((each) => each.oid === oid);
  if (left === undefined || left.valid) return error;
  return error.withHint(
    `${shown} is INVALID now, and serves nobody: \`pgv index drop ${shown}\` again drops it`,
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
        parent === undefined ? undefined : `\`pgv index drop ${parent.shown}\` drops it on all partitions`,
    },
  );
}
