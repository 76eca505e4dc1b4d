import type { Metric, VectorType } from '../../../src/vector/metrics.ts';

// Recall as anybody would compute it who has the vectors and nothing else.

export type Vectors = readonly (readonly number[])[];

/** Deterministic numbers in [0, 1), by mulberry32: neighbours have nothing to do with each other. */
export function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Values that every type holds exactly. */
export function randomVectors(type: VectorType, rows: number, dimensions: number, seed: number): number[][] {
  const random = noise(seed);
  const values: Record<VectorType, () => number> = {
    vector: () => Math.round(random() * 256 - 128) / 32,
    halfvec: () => Math.round(random() * 256 - 128) / 32,
    sparsevec: () => (random() < 0.4 ? 0 : Math.round(random() * 256 - 128) / 32),
    bit: () => Math.round(random()),
  };
  return Array.from({ length: rows }, () => Array.from({ length: dimensions }, values[type]));
}

export function asText(type: VectorType, vector: readonly number[]): string {
  if (type === 'bit') return vector.join('');
  if (type !== 'sparsevec') return `[${vector.join(',')}]`;
  const elements = vector.flatMap((value, i) => (value === 0 ? [] : [`${i + 1}:${value}`]));
  return `{${elements.join(',')}}/${vector.length}`;
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const dot = (a: readonly number[], b: readonly number[]) => sum(a.map((value, i) => value * b[i]!));

const distances: Record<Metric, (a: readonly number[], b: readonly number[]) => number> = {
  cosine: (a, b) => 1 - dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b)),
  l2: (a, b) => Math.sqrt(sum(a.map((value, i) => (value - b[i]!) ** 2))),
  ip: (a, b) => -dot(a, b),
  l1: (a, b) => sum(a.map((value, i) => Math.abs(value - b[i]!))),
  hamming: (a, b) => sum(a.map((value, i) => Math.abs(value - b[i]!))),
  jaccard: (a, b) => 1 - dot(a, b) / (sum(a) + sum(b) - dot(a, b) || 1),
};

/**
 * The mean share of the k nearest, or of rows as near, that the answers hold.
 * @param answers for each query the numbers of rows
 * @param may which rows may be an answer to a query
 */
export function plainRecall(
  rows: Vectors,
  queries: Vectors,
  answers: readonly (readonly number[])[],
  { metric, k }: { metric: Metric; k: number },
  may: (row: number, query: number) => boolean = () => true,
): number {
  const recalls = queries.map((query, q) => {
    const away = rows.map((row) => distances[metric](row, query));
    const nearest = [...away.keys()].filter((row) => may(row, q)).map((row) => away[row]!);
    nearest.sort((a, b) => a - b);
    const farthest = nearest[k - 1]!;
    return answers[q]!.filter((row) => away[row]! <= farthest + 1e-6).length / k;
  });
  return sum(recalls) / recalls.length;
}
