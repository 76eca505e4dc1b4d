import type { IndexType, Metric } from '../../vector/metrics.ts';
import type { Quantization } from '../../vector/quantization.ts';

/** An index as the user asks for it. */
export interface IndexRequest {
  type: IndexType;
  /** Default: cosine, hamming for bit. */
  metric?: Metric | undefined;
  /** HNSW: connections a node, 2 to 100. */
  m?: number | undefined;
  /** HNSW: candidates kept while building, 4 to 1,000 and at least 2·m. */
  efConstruction?: number | undefined;
  /** IVFFlat: 1 to 32,768; default by the number of rows. */
  lists?: number | undefined;
  /** Default: none. */
  quantize?: Quantization | undefined;
  name?: string | undefined;
  /** The user's own SQL. */
  where?: string | undefined;
}

export type Parameters = Readonly<Record<string, number>>;

/** pgvector's own. */
export const parameterDefaults: Parameters = { m: 16, ef_construction: 64, lists: 100 };

/** The parameters that the request names, as WITH takes them. */
export function askedParameters({ m, efConstruction, lists }: IndexRequest): Parameters {
  const given = Object.entries({ m, ef_construction: efConstruction, lists });
  return Object.fromEntries(given.filter((entry): entry is [string, number] => entry[1] !== undefined));
}
