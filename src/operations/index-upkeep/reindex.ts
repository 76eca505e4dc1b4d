import type { Database, Statement } from '../../database/database.ts';
import { PgvError } from '../../errors.ts';
import type { Reporter } from '../../progress.ts';
import { indexSize, reindex } from '../../sql/indexes.ts';
import { indexProgress } from '../../sql/progress.ts';
import { resetSetting, setSetting } from '../../sql/settings.ts';
import { isShortOfSharedMemory } from '../index-create/build.ts';
import { tellExpectation } from '../index-create/expectation.ts';
import type { BuildOptions } from '../index-create/resources.ts';
import { withSettings } from '../session-settings.ts';
import { type Watch, watch } from '../watch.ts';
import type { CatalogueIndex } from './catalogue.ts';
import { checkNotBuilding } from './drop.ts';
import { dropLeftovers, findLeftovers } from './leftovers.ts';
import { resourcesToRebuild } from './resources.ts';

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
 * Builds an index anew, of a partitioned one each part. On a server the table stays in use; a build that fails or is
 * interrupted leaves the index as it was, and nothing beside it.
 * @throws DatabaseError where somebody builds it already, or the role may not
 */
export async function rebuild(
  database: Database,
  index: CatalogueIndex,
  options: BuildOptions,
  reporter: Reporter,
): Promise<Reindexed> {
  checkNotBuilding(index);
  const before = await sizeOf(database, index);
  const started = performance.now();
  for (const leaf of index.leaves) await rebuildLeaf(database, leaf, options, reporter);
  const seconds = (performance.now() - started) / 1000;
  const after = await sizeOf(database, index);
  return { index: index.shown, table: index.shownTable, seconds, before, after };
}

function isConcurrent({ target }: Database): boolean {
  return target.kind === 'server';
}

async function rebuildLeaf(
  database: Database,
  leaf: CatalogueIndex,
  options: BuildOptions,
  reporter: Reporter,
): Promise<void> {
  if (isConcurrent(database)) await removeLeftovers(database, leaf, reporter);
  const resources = await resourcesToRebuild(database, leaf, options);
  tellExpectation({ name: leaf.shown, table: { name: leaf.shownTable } }, resources, options, reporter);
  reporter.progress({ phase: `building ${leaf.shown} anew` });
  const run = (settings: Record<string, string>) =>
    withSettings(database, settings, () => buildAnew(database, leaf, reporter));
  try {
    await run(resources.settings);
  } catch (error) {
    if (!isShortOfSharedMemory(error) || options.workers !== undefined) throw error;
    reporter.note(`${error.message}: building ${leaf.shown} without workers, which share memory`);
    await run({ ...resources.settings, max_parallel_maintenance_workers: '0' });
  }
}

async function removeLeftovers(database: Database, leaf: CatalogueIndex, reporter: Reporter): Promise<void> {
  const leftovers = (await findLeftovers(database, leaf)).filter(({ building }) => !building);
  if (leftovers.length === 0) return;
  const names = leftovers.map(({ shown }) => shown).join(', ');
  reporter.note(`dropping ${names}: what a failed REINDEX has left`);
  await dropLeftovers(database, leftovers);
}

async function buildAnew(database: Database, leaf: CatalogueIndex, reporter: Reporter): Promise<void> {
  const watching = await watch(database, indexProgress, reporter);
  try {
    await database.query(reindex(leaf, isConcurrent(database)));
  } catch (error) {
    await watching.stop();
    throw isConcurrent(database) ? await afterFailure(error, watching, leaf) : error;
  } finally {
    await watching.close();
  }
}

/** Drops what is left, over the connection that is still whole. */
async function afterFailure(error: unknown, { connection }: Watch, leaf: CatalogueIndex): Promise<unknown> {
  if (!(error instanceof PgvError)) return error;
  try {
    if (connection === undefined) throw error;
    await dropLeftovers(connection, await findLeftovers(connection, leaf));
    return error;
  } catch {
    return error.withHint(
      `an INVALID index ${leaf.name}_ccnew may be left: \`pgv index reindex ${leaf.shown}\` removes it, and begins again`,
    );
  }
}

async function sizeOf(database: Database, index: CatalogueIndex): Promise<number> {
  const { rows } = await database.query<{ bytes: number }>(indexSize(index));
  return rows[0]!.bytes;
}
