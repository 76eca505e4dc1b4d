import type { Database } from '../../database/database.ts';
import { DatabaseError } from '../../errors.ts';
import type { Reporter } from '../../progress.ts';
import { indexSize } from '../../sql/indexes.ts';
import { cachedBlocks, type PrewarmMeans, prewarm, prewarmMeans, tableAndToast } from '../../sql/prewarm.ts';
import type { CatalogueIndex } from './catalogue.ts';
import { readIndexThrough } from './read-through.ts';

/** Of the rows counted: estimates are no surer. */
const surelyMet = 0.9;

export interface Prewarmed {
  /** `[schema.]name`, as commands take it. */
  index: string;
  table: string;
  /** `scan`: without pg_prewarm, by a search that goes on to the index's end. */
  method: 'pg_prewarm' | 'scan';
  /** Into the buffer cache, or, where that is too small for it, into the operating system's alone. */
  into: 'buffers' | 'system';
  /** Of the index, and of its table where that was read too. */
  blocks: number;
  bytes: number;
  /** That a scan has met; null with pg_prewarm, which reads pages whatever is on them. */
  rows: number | null;
  /** Of these blocks in the buffer cache afterwards; null where pg_buffercache is not there to tell. */
  cachedBlocks: number | null;
  sharedBuffers: number;
  seconds: number;
}

/**
 * Reads an index, so that the first searches need not.
 * @param withTable its table and what is stored out of line too, which pg_prewarm alone can
 * @throws DatabaseError where that takes pg_prewarm, or the role may not
 */
export async function prewarmIndex(
  database: Database,
  index: CatalogueIndex,
  withTable: boolean,
  reporter: Reporter,
): Promise<Prewarmed> {
  const found = await database.query<PrewarmMeans>(prewarmMeans());
  const means = found.rows[0]!;
  if (withTable && means.prewarm === null) throw noPrewarm(means, 'its table is not read without pg_prewarm');
  const relations = await relationsOf(database, index, withTable);
  const bytes = relations.reduce((sum, relation) => sum + relation.bytes, 0);
  const fits = bytes <= means.sharedBuffers;
  reporter.progress({ phase: `reading ${index.shown}` });
  const started = performance.now();
  const rows = means.prewarm === null ? await scan(database, index, means, reporter) : null;
  if (means.prewarm !== null) {
    for (const { oid } of relations)
      await database.query(prewarm(means.prewarm, oid, fits ? 'buffer' : 'read'));
  }
  const seconds = (performance.now() - started) / 1000;
  return {
    index: index.shown,
    table: index.shownTable,
    method: means.prewarm === null ? 'scan' : 'pg_prewarm',
    into: means.prewarm !== null && !fits ? 'system' : 'buffers',
    blocks: bytes / means.blockSize,
    bytes,
    rows,
    cachedBlocks: await cached(database, relations, means),
    sharedBuffers: means.sharedBuffers,
    seconds,
  };
}

interface Relation {
  oid: number;
  bytes: number;
}

/** What has pages: an index's parts, and with the table its own and those beside it. */
async function relationsOf(
  database: Database,
  { leaves }: CatalogueIndex,
  withTable: boolean,
): Promise<Relation[]> {
  const relations: Relation[] = [];
  for (const { oid, tableOid, schema, name } of leaves) {
    const { rows } = await database.query<{ bytes: number }>(indexSize({ schema, name }));
    relations.push({ oid, bytes: rows[0]!.bytes });
    if (withTable) relations.push(...(await database.query<Relation>(tableAndToast(tableOid))).rows);
  }
  return relations;
}

async function scan(
  database: Database,
  index: CatalogueIndex,
  means: PrewarmMeans,
  reporter: Reporter,
): Promise<number> {
  const remedy = means.available ? ': `CREATE EXTENSION pg_prewarm`, which a superuser may, is faster' : '';
  reporter.note(`the database has no pg_prewarm, so a search goes through the index${remedy}`);
  let rows = 0;
  for (const leaf of index.leaves) rows += await readIndexThrough(database, leaf);
  const all = index.leaves.reduce((sum, leaf) => sum + (leaf.rows ?? 0), 0);
  if (rows < all * surelyMet) {
    reporter.warn(`the search met ${rows} of about ${all} rows: the pages of the others may not be read`);
  }
  return rows;
}

async function cached(
  database: Database,
  relations: readonly Relation[],
  { bufferCache }: PrewarmMeans,
): Promise<number | null> {
  if (bufferCache === null) return null;
  const oids = relations.map(({ oid }) => oid);
  const { rows } = await database.query<{ blocks: number }>(cachedBlocks(bufferCache, oids));
  return rows[0]!.blocks;
}

function noPrewarm({ available }: PrewarmMeans, message: string): DatabaseError {
  return new DatabaseError(message, {
    code: 'no-pg_prewarm',
    hint: available
      ? 'a superuser may `CREATE EXTENSION pg_prewarm`; leave --with-table out to read the index alone'
      : 'leave --with-table out to read the index alone',
  });
}
