import type { VectorType } from '../../vector/metrics.ts';
import { type Parameters, parameterDefaults } from './request.ts';

/** What an index build works on. */
export interface BuildWork {
  type: string;
  vectorType: VectorType;
  /** Dimensions; of sparse vectors the elements that are not zero. */
  elements: number;
  parameters: Parameters;
  rows: number;
  /** Beside the process that leads. */
  workers: number;
  kind: 'server' | 'embedded';
}

/** Microseconds that a row of an HNSW index takes: for itself, and for each of its elements. */
const graphCosts: Record<VectorType, { row: number; element: number }> = {
  vector: { row: 180, element: 0.4 },
  halfvec: { row: 180, element: 0.36 },
  bit: { row: 180, element: 0.05 },
  sparsevec: { row: 180, element: 3 },
};

/** Microseconds that a row of an IVFFlat index takes: for itself, and for an element compared with each list's. */
const listCosts = { row: 25, element: 0.0003 };

/** WebAssembly's instructions are no wider than 16 bytes. */
const slowerEmbedded = 3;

/**
 * Seconds that a build will take where its memory suffices: a rough guess, good to a factor of two or so, from builds
 * by 0.8.0 on one core of a server of 2025, of 2,000 to 24,000 rows with 96 to 1,536 dimensions. How many rows an
 * HNSW build compares depends on how the vectors lie; it grows with m, slower with ef_construction, and with the
 * logarithm of the rows.
 */
export function guessSeconds(work: BuildWork): number {
  const microseconds = work.type === 'hnsw' ? graphRow(work) : listRow(work);
  const processes = 1 + work.workers / 2;
  const slower = work.kind === 'embedded' ? slowerEmbedded : 1;
  return (microseconds * 1e-6 * work.rows * slower) / processes;
}

function graphRow({ vectorType, elements, parameters, rows }: BuildWork): number {
  const { row, element } = graphCosts[vectorType];
  const m = parameters.m ?? parameterDefaults.m!;
  const candidates = parameters.ef_construction ?? parameterDefaults.ef_construction!;
  const growth = Math.max(0.3, 1 + 0.14 * Math.log2(Math.max(1, rows) / 8000));
  return (row + element * elements) * (m / 16) * (candidates / 64) ** 0.6 * growth;
}

function listRow({ elements, parameters }: BuildWork): number {
  return listCosts.row + listCosts.element * elements * (parameters.lists ?? parameterDefaults.lists!);
}
