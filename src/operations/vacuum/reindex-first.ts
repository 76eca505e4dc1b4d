import type { Database } from '../../database/database.ts';
import { builtIndexBytes } from '../../vector/index-size.ts';
import { type CatalogueIndex, readIndexes } from '../index-upkeep/catalogue.ts';
import { isLeftoverAmong } from '../index-upkeep/leftovers.ts';
import type { Condition } from './condition.ts';

/**
 * Of all rows, the dead ones from which on building an hnsw index anew is quicker than its vacuum, which looks for
 * new neighbours for every element next to a dead one, by itself, one after the other. On 20,000 × 128 with 1 % dead:
 * 36 s against 15 s; with 5 %, 108 s against 12 s; with 20 %, 93 s against 12 s. With half a percent VACUUM itself
 * passed the index over. https://github.com/pgvector/pgvector#vacuuming
 */
const deadShare = 0.01;

/** How often the room that it would take when built anew an index takes before that pays: half of it is air. */
const bloated = 2;
/** Bytes; below, nobody notices. */
const smallest = 1024 ** 2;

/** An index, and whether it should be built anew before a vacuum, or dropped. */
export interface Advice {
  index: CatalogueIndex;
  rebuild: boolean;
  /** What a REINDEX that failed has left is of no use. */
  drop: boolean;
  /** `1,200 of 20,000 rows are dead`. */
  reason: string;
}

/** Of each vector index of a table, parts of partitioned ones by themselves; first of what is to be dropped. */
export async function adviseReindex(
  database: Database,
  table: { oid: number },
  condition: Condition,
): Promise<Advice[]> {
  const indexes = await readIndexes(database, table.oid);
  const advice = indexes
    .filter(({ partitioned }) => !partitioned)
    .map((index) => ({ index, ...advise(index, indexes, condition) }));
  return [...advice.filter(({ drop }) => drop), ...advice.filter(({ drop }) => !drop)];
}

function advise(
  index: CatalogueIndex,
  all: readonly CatalogueIndex[],
  { rows, deadRows }: Condition,
): Omit<Advice, 'index'> {
  const drop = false;
  if (index.building) return { rebuild: false, drop, reason: 'another session builds it' };
  if (isLeftoverAmong(index, all)) {
    return { rebuild: false, drop: true, reason: 'it is what a failed REINDEX has left' };
  }
  if (!index.valid) return { rebuild: true, drop, reason: 'it is INVALID' };
  const air = airOf(index);
  if (air !== undefined) return { rebuild: true, drop, reason: air };
  if (deadRows === null || rows === null) {
    return { rebuild: false, drop, reason: 'nobody has counted dead rows since the counters began' };
  }
  const counted = rows + deadRows;
  const reason = `${number(deadRows)} of ${number(counted)} rows are dead`;
  return { rebuild: index.type === 'hnsw' && deadRows > deadShare * counted, drop, reason };
}

/**
 * Says by how much an index is larger than it need be; undefined where it is not, or that is not known: what a partial
 * one holds nobody counts between vacuums.
 */
function airOf(index: CatalogueIndex): string | undefined {
  const { type, vectorType, dimensions, options, bytes, predicate } = index;
  if (bytes === null || index.rows === null || predicate !== null) return undefined;
  if (dimensions < 1) return undefined;
  const rows = Math.max(index.rows, index.liveRows);
  const needed = builtIndexBytes({ type, vectorType, dimensions, options, rows });
  if (needed === undefined || bytes < smallest || bytes < bloated * needed) return undefined;
  return `it takes ${(bytes / needed).toFixed(1)} times the room that it would take anew`;
}

function number(value: number): string {
  return value.toLocaleString('en');
}
