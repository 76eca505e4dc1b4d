/** The types that hold vectors: pgvector's, and PostgreSQL's own bit(n). */
export type VectorType = 'vector' | 'halfvec' | 'sparsevec' | 'bit';

export type Metric = 'cosine' | 'l2' | 'ip' | 'l1' | 'hamming' | 'jaccard';

export type IndexType = 'hnsw' | 'ivfflat';

interface MetricFacts {
  /** Distance, ascending: the nearest first. */
  operator: string;
  /** An index serves it through `<type>_<this>_ops`. */
  operatorClass: string;
  types: readonly VectorType[];
  /** What pgvector has an operator class for. */
  indexes: readonly IndexType[];
  /** Higher is better. `<#>` is the negative inner product: an index needs ascending order. */
  score: (distance: number) => number;
}

const numeric: readonly VectorType[] = ['vector', 'halfvec', 'sparsevec'];

/** https://github.com/pgvector/pgvector#querying and #indexing. */
const metrics = {
  cosine: {
    operator: '<=>',
    operatorClass: 'cosine',
    types: numeric,
    indexes: ['hnsw', 'ivfflat'],
    score: (distance) => 1 - distance,
  },
  l2: {
    operator: '<->',
    operatorClass: 'l2',
    types: numeric,
    indexes: ['hnsw', 'ivfflat'],
    score: (distance) => 1 / (1 + distance),
  },
  ip: {
    operator: '<#>',
    operatorClass: 'ip',
    types: numeric,
    indexes: ['hnsw', 'ivfflat'],
    score: (distance) => -distance,
  },
  l1: {
    operator: '<+>',
    operatorClass: 'l1',
    types: numeric,
    indexes: ['hnsw'],
    score: (distance) => 1 / (1 + distance),
  },
  hamming: {
    operator: '<~>',
    operatorClass: 'hamming',
    types: ['bit'],
    indexes: ['hnsw', 'ivfflat'],
    score: (distance) => 1 / (1 + distance),
  },
  jaccard: {
    operator: '<%>',
    operatorClass: 'jaccard',
    types: ['bit'],
    indexes: ['hnsw'],
    score: (distance) => 1 - distance,
  },
} satisfies Record<Metric, MetricFacts>;

const synonyms: Record<string, Metric> = { euclidean: 'l2', inner_product: 'ip' };

/**
 * The most dimensions that an index of this type takes; undefined: pgvector has no such index.
 * For sparsevec it is the non-zero elements that count (1,000), whatever the dimensions.
 */
const indexLimits: Record<IndexType, Record<VectorType, number | undefined>> = {
  hnsw: { vector: 2_000, halfvec: 4_000, bit: 64_000, sparsevec: Number.POSITIVE_INFINITY },
  ivfflat: { vector: 2_000, halfvec: 4_000, bit: 64_000, sparsevec: undefined },
};

export const metricNames = Object.keys(metrics) as Metric[];

export function isVectorType(name: string): name is VectorType {
  return name in indexLimits.hnsw;
}

/** The metric of this name or synonym (`euclidean`, `inner_product`), whatever the case; undefined: none. */
export function parseMetric(name: string): Metric | undefined {
  const lower = name.toLowerCase();
  return metricNames.find((metric) => metric === lower) ?? synonyms[lower];
}

/** The names that --metric takes for this type, the default first. */
export function metricsOf(type: VectorType): Metric[] {
  return metricNames.filter((metric) => facts(metric).types.includes(type));
}

export function defaultMetric(type: VectorType): Metric {
  return metricsOf(type)[0]!;
}

/** `<=>` for cosine. */
export function operatorOf(metric: Metric): string {
  return facts(metric).operator;
}

/** `vector_cosine_ops`: the operator class that an index needs to serve the metric. */
export function operatorClassOf(type: VectorType, metric: Metric): string {
  return `${type}_${facts(metric).operatorClass}_ops`;
}

/** The metric that an index with this operator class serves; undefined: not one of pgvector's. */
export function metricOfOperatorClass(operatorClass: string): Metric | undefined {
  const name = /_([a-z0-9]+)_ops$/.exec(operatorClass)?.[1];
  return metricNames.find((metric) => facts(metric).operatorClass === name);
}

export function scoreOf(metric: Metric, distance: number): number {
  return facts(metric).score(distance);
}

/** Whether pgvector can build such an index: the type, and the metric on it. */
export function indexServes(index: IndexType, type: VectorType, metric: Metric): boolean {
  return indexLimits[index][type] !== undefined && facts(metric).indexes.includes(index);
}

/** The most dimensions that such an index takes; undefined where there is no such index. */
export function indexDimensionLimit(index: IndexType, type: VectorType): number | undefined {
  return indexLimits[index][type];
}

function facts(metric: Metric): MetricFacts {
  return metrics[metric];
}
