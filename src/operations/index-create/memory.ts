import type { Database } from '../../database/database.ts';
import { buildMemory } from '../../sql/indexes.ts';
import { hnswBuildBytes } from '../../vector/graph-memory.ts';
import { isVectorType, type VectorType } from '../../vector/metrics.ts';
import { parameterDefaults } from './request.ts';

/** An index, as far as the memory for its build goes. */
export interface BuildSubject {
  /** `hnsw`, `ivfflat`; others take what they are given. */
  method: string;
  /** Of the indexed column or expression. */
  type: string;
  /** −1: none. */
  dimensions: number;
  /** Of sparse vectors: elements that are not zero, on average; default 200. */
  elements?: number | undefined;
  /** `m`, `lists`. */
  parameters: Readonly<Record<string, number>>;
}

/** WebAssembly has 2 GB for everything, of which PGlite takes 450 MB before it builds. */
const mostEmbedded = 256 * 1024 ** 2;
/** Of a sparse vector whose elements nobody has counted. */
const usualElements = 200;

/** The memory of a build, in bytes. */
export interface BuildMemory {
  /** What it takes to stay in memory. */
  needed: number;
  /** maintenance_work_mem as it is set. */
  set: number;
  /** maintenance_work_mem as it is to be set; undefined: the server's setting does. */
  raised: number | undefined;
}

/**
 * The maintenance_work_mem that lets a build stay in memory: what it needs and a tenth more, and at most half of
 * effective_cache_size, which is what the server's keeper says there is to cache with.
 * @param rows that the index will hold
 */
export async function planMemory(
  database: Database,
  subject: BuildSubject,
  rows: number,
): Promise<BuildMemory> {
  const needed = bytesOfBuild(subject, rows);
  const found = await database.query<{ set: number; cache: number }>(buildMemory());
  const { set, cache } = found.rows[0]!;
  const most = database.target.kind === 'embedded' ? mostEmbedded : cache / 2;
  const wanted = Math.min(Math.ceil(needed * 1.1), most);
  return { needed, set, raised: wanted > set ? wanted : undefined };
}

/** The same, its setting alone: maintenance_work_mem in bytes; undefined where the server's own setting does. */
export async function memoryForBuild(
  database: Database,
  subject: BuildSubject,
  rows: number,
): Promise<number | undefined> {
  return (await planMemory(database, subject, rows)).raised;
}

/** Bytes that the build of a vector index works on. */
export function bytesOfBuild(subject: BuildSubject, rows: number): number {
  const { method, type, dimensions, parameters } = subject;
  if (dimensions < 0 || !isVectorType(type)) return 0;
  if (method === 'hnsw')
    return hnswBuildBytes(type, elementsOf(subject, type), parameters.m ?? parameterDefaults.m!, rows);
  if (method !== 'ivfflat') return 0;
  return ivfflatBuildBytes(type, dimensions, parameters.lists ?? parameterDefaults.lists!, rows);
}

function elementsOf({ dimensions, elements }: BuildSubject, type: VectorType): number {
  return type === 'sparsevec' ? (elements ?? Math.min(dimensions, usualElements)) : dimensions;
}

/** Bytes of an element, as ivfflat stores its samples and its centres. */
const bytesOf: Record<VectorType, number> = { vector: 4, halfvec: 2, bit: 1 / 8, sparsevec: 0 };

/**
 * Elkan's k-means on a sample of 50 rows a list, 10,000 at the least: the sample, two sets of centres and their sums,
 * and the distances between samples and centres and between centres; pgvector fails where they do not fit.
 * https://github.com/pgvector/pgvector/blob/v0.8.0/src/ivfkmeans.c
 */
function ivfflatBuildBytes(type: VectorType, dimensions: number, lists: number, rows: number): number {
  const room = Math.max(50 * lists, 10_000);
  const samples = Math.min(room, rows);
  const vector = 8 * Math.ceil((8 + bytesOf[type] * dimensions) / 8);
  const distances = 4 * (samples * (lists + 2) + lists * (lists + 4));
  return vector * (room + 2 * lists) + 4 * lists * dimensions + distances;
}
