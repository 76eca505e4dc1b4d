import { setTimeout as sleep } from 'node:timers/promises';
import type { Database, Statement } from '../../database/database.ts';
import { DatabaseError, PgvError, UsageError } from '../../errors.ts';
import type { Reporter } from '../../progress.ts';
import { shellWord } from '../../shell-word.ts';
import { indexSize, reindex } from '../../sql/indexes.ts';
import { indexProgress } from '../../sql/progress.ts';
import { resetSetting, setSetting } from '../../sql/settings.ts';
import { waitForConcurrentWork } from '../concurrent-work.ts';
import { isShortOfSharedMemory } from '../index-create/build.ts';
import { tellExpectation } from '../index-create/expectation.ts';
import type { BuildOptions } from '../index-create/resources.ts';
import { withTurn } from '../index-create/turn.ts';
import { withSettings } from '../session-settings.ts';
import { type Beside, watchFrom } from '../watch.ts';
import { type CatalogueIndex, findAgain } from './catalogue.ts';
import { checkNotBuilding } from './drop.ts';
import { dropLeftovers, findLeftovers, removeLeftovers } from './leftovers.ts';
import { resourcesToRebuild } from './resources.ts';

/** Milliseconds until what a failed build has left is taken for what others make. */
const patience = 5000;

export interface Reindexed {
  /** `[schema.]name`, as commands take it. */
  index: string;
  table: string;
  seconds: number;
  /** Bytes; of a partitioned index those of its parts. */
  before: number;
  after: number;
}

/** The statements that would build it anew, as they would run; they are not run. */
export async function reindexStatements(
  database: Database,
  index: CatalogueIndex,
  options: BuildOptions,
): Promise<Statement[]> {
  const statements: Statement[] = [];
  for (const leaf of index.leaves) {
    const { settings } = await resourcesToRebuild(database, leaf, options);
    statements.push(
      ...Object.entries(settings).map(([name, value]) => setSetting(name, value)),
      reindex(leaf, isConcurrent(database)),
      ...Object.keys(settings).map(resetSetting),
    );
  }
  return statements;
}

/**
 * Builds an index anew, of a partitioned one each part. On a server the table stays in use, and it is done in turn with
 * what else is done CONCURRENTLY with its indexes; a build that fails or is interrupted leaves the index as it was, and
 * nothing beside it.
 * @throws UsageError where that does not make it valid; DatabaseError where somebody builds it for the first time, or
 * the role may not
 */
export async function rebuild(
  database: Database,
  index: CatalogueIndex,
  options: BuildOptions,
  reporter: Reporter,
): Promise<Reindexed> {
  checkComplete(index);
  checkNotBuilding(index);
  const table = { oid: index.tableOid, shown: index.shownTable };
  return withTurn(
    database,
    table,
    reporter,
    () => checkThere(database, index),
    async (beside) => {
      const before = await sizeOf(database, index);
      const started = performance.now();
      for (const leaf of index.leaves) await rebuildLeaf(database, beside, leaf, options, reporter);
      const seconds = (performance.now() - started) / 1000;
      const after = await sizeOf(database, index);
      return { index: index.shown, table: index.shownTable, seconds, before, after };
    },
  );
}

/**
 * REINDEX builds only the parts that there are.
 * @throws UsageError where a partitioned index lacks some, as one made ON ONLY does
 */
export function checkComplete({ partitioned, valid, shown, shownTable }: CatalogueIndex): void {
  if (!partitioned || valid) return;
  throw new UsageError(`index ${shown} is INVALID, as it is not on every partition of ${shownTable}`, {
    code: 'invalid-index',
    hint: `\`pgv index drop ${shellWord(shown)}\`, then \`pgv index create -t ${shellWord(shownTable)}\` makes one on all of them`,
  });
}

/** @throws DatabaseError where it was dropped meanwhile */
async function checkThere(database: Database, index: CatalogueIndex): Promise<undefined> {
  if ((await findAgain(database, index)) !== undefined) return;
  throw new DatabaseError(`index ${index.shown} was dropped meanwhile`, { code: 'no-index' });
}

function isConcurrent({ target }: Database): boolean {
  return target.kind === 'server';
}

async function rebuildLeaf(
  database: Database,
  beside: Beside | undefined,
  leaf: CatalogueIndex,
  options: BuildOptions,
  reporter: Reporter,
): Promise<void> {
  if (isConcurrent(database)) {
    await waitForConcurrentWork(database, { oid: leaf.tableOid, shown: leaf.shownTable }, reporter);
    await removeLeftovers(database, await findLeftovers(database, leaf), reporter);
  }
  const resources = await resourcesToRebuild(database, leaf, options);
  tellExpectation({ name: leaf.shown, table: { shown: leaf.shownTable } }, resources, options, reporter);
  reporter.progress({ phase: `building ${leaf.shown} anew` });
  const run = (settings: Record<string, string>) =>
    withSettings(database, settings, () => buildAnew(database, beside, leaf, reporter));
  try {
    await run(resources.settings);
  } catch (error) {
    if (!isShortOfSharedMemory(error) || options.workers !== undefined) throw error;
    reporter.note(`${error.message}: building ${leaf.shown} without workers, which share memory`);
    await run({ ...resources.settings, max_parallel_maintenance_workers: '0' });
  }
}

async function buildAnew(
  database: Database,
  beside: Beside | undefined,
  leaf: CatalogueIndex,
  reporter: Reporter,
): Promise<void> {
  const stop = beside === undefined ? async () => {} : watchFrom(beside, indexProgress, reporter);
  try {
    await database.query(reindex(leaf, isConcurrent(database)));
  } catch (error) {
    await stop();
    throw isConcurrent(database) ? await afterFailure(error, beside, leaf) : error;
  } finally {
    await stop();
  }
}

/** Drops what is left, over the connection that is still whole. */
async function afterFailure(
  error: unknown,
  beside: Beside | undefined,
  leaf: CatalogueIndex,
): Promise<unknown> {
  if (!(error instanceof PgvError)) return error;
  try {
    if (beside === undefined) throw error;
    await dropLeftovers(beside.connection, await abandonedLeftovers(beside.connection, leaf));
    return error;
  } catch {
    return error.withHint(
      `an INVALID index ${leaf.name}_ccnew may be left: \`pgv index reindex ${shellWord(leaf.shown)}\` removes it, and begins again`,
    );
  }
}

/** What was made here is left a moment after the error is told; what others make is theirs. */
async function abandonedLeftovers(connection: Database, leaf: CatalogueIndex): Promise<CatalogueIndex[]> {
  const until = performance.now() + patience;
  for (;;) {
    const leftovers = await findLeftovers(connection, leaf);
    if (!leftovers.some(({ building }) => building)) return leftovers;
    if (performance.now() > until) return leftovers.filter(({ building }) => !building);
    await sleep(100);
  }
}

async function sizeOf(database: Database, index: CatalogueIndex): Promise<number> {
  const { rows } = await database.query<{ bytes: number }>(indexSize(index));
  return rows[0]!.bytes;
}
