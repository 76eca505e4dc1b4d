import type { VectorType } from './metrics.ts';

/** sizeof(HnswElementData), where pointers have 8 bytes. */
const element = 128;
/** A pointer to the neighbours on each level, and the header of their array. */
const level = { pointer: 8, header: 8 };
/** sizeof(HnswCandidate). */
const neighbour = 16;
/** What PostgreSQL's allocator puts before each of the pieces; in shared memory, there is none. */
const chunk = 8;
const megabyte = 1024 ** 2;
/** What a parallel build leaves for other things: 3 MB of its segment, and a margin of 1 MB in the graph. */
const parallelReserve = 4 * megabyte;
/** Below it PostgreSQL builds without workers, and takes memory by the megabyte. */
const leastParallel = 64 * megabyte;

/** Bytes that a value takes besides its elements, and with each of them. */
const values: Record<VectorType, { header: number; each: number }> = {
  vector: { header: 8, each: 4 },
  halfvec: { header: 8, each: 2 },
  bit: { header: 8, each: 1 / 8 },
  sparsevec: { header: 16, each: 8 },
};

/**
 * maintenance_work_mem that holds the graph of an HNSW index while it is built, in bytes, as pgvector lays it out: an
 * element, its value, 2·m neighbours on the lowest level and m on each above, which one element in m reaches, one of
 * those in m the next. On 64 bits; on the 32 of WebAssembly it is less.
 * https://github.com/pgvector/pgvector/blob/v0.8.0/src/hnsw.h (HnswElementData, HnswNeighborArray) and hnswbuild.c
 * @param elements dimensions; of sparse vectors those that are not zero
 * @param m connections a node
 */
export function hnswBuildBytes(type: VectorType, elements: number, m: number, rows: number): number {
  const { header, each } = values[type];
  const value = 8 * Math.ceil((header + each * elements) / 8);
  const lowest = level.pointer + level.header + 2 * m * neighbour;
  const upper = level.pointer + level.header + m * neighbour + chunk;
  const levelsAbove = 1 / (m - 1);
  const graph = Math.ceil(rows * (element + value + lowest + levelsAbove * upper + 4 * chunk));
  return graph + (graph + parallelReserve < leastParallel ? megabyte : parallelReserve);
}
