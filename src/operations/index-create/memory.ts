import type { Database } from '../../database/database.ts';
import { buildMemory } from '../../sql/indexes.ts';
import { hnswBuildBytes, isVectorType } from '../../vector/metrics.ts';
import { parameterDefaults } from './plan.ts';

/** An index, as far as the memory for its build goes. */
export interface BuildSubject {
  /** `hnsw`, `ivfflat`; others take what they are given. */
  method: string;
  /** Of the indexed column or expression. */
  type: string;
  /** −1: none. */
  dimensions: number;
  /** `m`, `lists`. */
  parameters: Readonly<Record<string, number>>;
}

/** WebAssembly has 2 GB for everything, of which PGlite takes 450 MB before it builds. */
const mostEmbedded = 256 * 1024 ** 2;

/**
 * The maintenance_work_mem that lets a build stay in memory, in bytes: what it needs and a tenth more, and at most
 * half of effective_cache_size, which is what the server's keeper says there is to cache with.
 * @param rows that the index will hold
 * @returns undefined where the server's own setting does
 */
export async function memoryForBuild(
  database: Database,
  subject: BuildSubject,
  rows: number,
): Promise<number | undefined> {
  const needed = Math.ceil(bytesOfBuild(subject, rows) * 1.1);
  const found = await database.query<{ set: number; cache: number }>(buildMemory());
  const { set, cache } = found.rows[0]!;
  const most = database.target.kind === 'embedded' ? mostEmbedded : cache / 2;
  const wanted = Math.min(needed, most);
  return wanted > set ? wanted : undefined;
}

/** Bytes that the build of a vector index works on. */
export function bytesOfBuild({ method, type, dimensions, parameters }: BuildSubject, rows: number): number {
  if (dimensions < 0 || !isVectorType(type)) return 0;
  if (method === 'hnsw') return hnswBuildBytes(type, dimensions, parameters.m ?? parameterDefaults.m!, rows);
  if (method !== 'ivfflat') return 0;
  return ivfflatBuildBytes(dimensions, parameters.lists ?? parameterDefaults.lists!, rows);
}

/**
 * Elkan's k-means on a sample of 50 rows a list, 10,000 at the least: the sample, three sets of centres, and the
 * distances between samples and centres and between centres; pgvector fails where they do not fit.
 * https://github.com/pgvector/pgvector/blob/master/src/ivfkmeans.c
 */
function ivfflatBuildBytes(dimensions: number, lists: number, rows: number): number {
  const samples = Math.min(Math.max(50 * lists, 10_000), rows);
  const vectors = samples + 3 * lists;
  return 4 * (vectors * (dimensions + 2) + samples * (lists + 2) + lists * lists);
}
