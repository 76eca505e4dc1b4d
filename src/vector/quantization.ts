import type { Metric, VectorType } from './metrics.ts';

/**
 * How an index holds the vectors of a column: as they are, as `halfvec`, or as one bit a dimension (its sign). The
 * last two index an expression, and give candidates whose exact distances are then compared.
 * https://github.com/pgvector/pgvector#half-precision-indexing and #binary-quantization
 */
export type Quantization = 'none' | 'half' | 'binary';

/** The type that an index on a column of `type` then holds. */
export function quantizedType(type: VectorType, quantization: Quantization): VectorType {
  return { none: type, half: 'halfvec', binary: 'bit' }[quantization] as VectorType;
}

/** Whether pgvector can quantise the type so: half takes vector, binary takes vector and halfvec. */
export function canQuantize(type: VectorType, quantization: Quantization): boolean {
  if (quantization === 'none') return true;
  return type === 'vector' || (type === 'halfvec' && quantization === 'binary');
}

/** The metric that the index itself orders by, so that its candidates are near by `metric`. */
export function quantizedMetric(metric: Metric, quantization: Quantization): Metric {
  return quantization === 'binary' ? 'hamming' : metric;
}

/**
 * The metrics for which an index that orders by `indexed` gives good candidates. Signs tell directions apart, which is
 * what cosine compares, and the inner product and l2 where lengths differ little.
 */
export function metricsServed(indexed: Metric, quantization: Quantization): Metric[] {
  if (quantization !== 'binary') return [indexed];
  return indexed === 'hamming' ? ['cosine', 'ip', 'l2'] : [];
}
