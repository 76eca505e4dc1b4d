import type { Session } from '../database/database.ts';
import { type VectorIndexRow, vectorIndexesOf } from '../sql/indexes.ts';
import { quantizedColumn } from '../sql/quantized.ts';
import type { Quantization } from '../vector/quantization.ts';

/** An hnsw or ivfflat index. */
export interface VectorIndex extends Omit<VectorIndexRow, 'expression'> {
  /** The column whose vectors it holds, quantised or not; null where it indexes some other expression. */
  column: string | null;
  quantization: Quantization;
  /** That the expression of a quantised one names; null where there is none. */
  dimensions: number | null;
}

/** A table's hnsw and ivfflat indexes, by name; those of a partitioned table's partitions are not among them. */
export async function findVectorIndexes(session: Session, table: { oid: number }): Promise<VectorIndex[]> {
  const { rows } = await session.query<VectorIndexRow>(vectorIndexesOf(table.oid));
  return rows.map(({ expression, ...index }) => ({
    ...index,
    quantization: 'none',
    dimensions: null,
    ...(expression !== null && quantizedColumn(expression)),
  }));
}
