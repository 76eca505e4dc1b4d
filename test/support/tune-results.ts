import type { BuildComparison, SweepPoint, TuneResult } from '../../src/operations/index-tune/result.ts';

/** Recall and p50 in milliseconds by hnsw.ef_search, as measured on 63,000 × 384 (cosine, m 16). */
const measured: readonly [efSearch: number, recall: number, p50Ms: number][] = [
  [10, 0.724, 0.412],
  [20, 0.832, 0.551],
  [40, 0.9131, 0.803],
  [60, 0.9422, 1.021],
  [80, 0.9624, 1.253],
  [120, 0.978, 1.702],
  [200, 0.9908, 2.611],
  [400, 0.9977, 4.934],
];

export function sweepPoint(efSearch: number, recall: number, p50Ms: number): SweepPoint {
  const half = 1.6 * Math.sqrt((recall * (1 - recall) + 0.0005) / 400);
  return {
    efSearch,
    recall,
    recallLow: Math.max(0, recall - 1.2 * half),
    recallHigh: Math.min(1, recall + half),
    p50Ms,
    p95Ms: p50Ms * 1.62,
    queries: 500,
  };
}

/** What tuning an hnsw index finds, with a recommendation. */
export function tuneResult(changes: Partial<TuneResult> = {}): TuneResult {
  const sweep = measured.map((values) => sweepPoint(...values));
  return {
    database: 'localhost:5432/shop as app',
    table: 'public.items',
    column: 'embedding',
    index: 'items_embedding_hnsw_cosine',
    type: 'hnsw',
    metric: 'cosine',
    k: 10,
    targetRecall: 0.95,
    rows: 63_000,
    where: null,
    partial: false,
    planned: true,
    currentPlanned: true,
    queriesFrom: 'rows',
    current: sweep[2]!,
    recommendation: sweep[4]!,
    sweep,
    seconds: 41.7,
    ...changes,
  };
}

/** Six indexes on a sample of 20,000 rows, one of which misses the target. */
export function builds(): BuildComparison[] {
  return [
    build({ type: 'hnsw', parameters: { m: 16, ef_construction: 64 } }, 1, 1, 21),
    build({ type: 'hnsw', parameters: { m: 16, ef_construction: 64 }, quantization: 'half' }, 1.04, 0.83, 14),
    build({ type: 'hnsw', parameters: { m: 16, ef_construction: 64 }, quantization: 'binary' }, 2.9, 0.62, 6),
    build({ type: 'hnsw', parameters: { m: 32, ef_construction: 128 } }, 0.45, 1.5, 44),
    build({ type: 'hnsw', parameters: { m: 8, ef_construction: 64 } }, 2.1, 0.8, 15),
    build({ type: 'ivfflat', parameters: { lists: 63 } }, 1.1, 3.4, 4),
  ];
}

function build(
  index: Pick<BuildComparison, 'type' | 'parameters'> & Partial<BuildComparison>,
  misses: number,
  slower: number,
  buildSeconds: number,
): BuildComparison {
  const sweep = measured.map(([efSearch, recall, p50Ms]) => {
    const point = sweepPoint(efSearch, Math.max(0, 1 - (1 - recall) * misses), p50Ms * slower * 0.7);
    if (index.type === 'hnsw')
      return index.quantization === 'binary' ? { ...point, rerank: efSearch } : point;
    const { efSearch: _, ...others } = point;
    return { ...others, probes: Math.round(efSearch / 8) + 1 };
  });
  const bytes = { none: 31e6, half: 19e6, binary: 6e6 }[index.quantization ?? 'none'];
  return {
    quantization: 'none',
    rows: 20_000,
    buildSeconds,
    bytes,
    whole: { buildSeconds: buildSeconds * 3.6, bytes: bytes * 3.15, memory: bytes * 3.4 },
    sweep,
    best: sweep.find((point) => point.recallLow >= 0.95) ?? null,
    ...index,
  };
}
