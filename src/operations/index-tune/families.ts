import type { IndexSetting } from '../index-recall/setting.ts';
import type { IndexSubject } from '../index-recall/subject.ts';
import { mostCandidates } from '../search/settings.ts';
import { ladder } from './ladder.ts';

/** Settings that differ in how much is searched alone. */
export interface Family {
  /** Efforts: hnsw.ef_search, or ivfflat.probes; the least first. */
  rungs: readonly number[];
  settingOf(effort: number): IndexSetting;
}

/** Lists of an IVFFlat index that was made without saying how many. */
const usualLists = 100;

/** Candidates a row of the answer that a binary IVFFlat index is tried with. */
const rerankedPerRow = [4, 16, 64];

/**
 * What is worth trying: for filtered searches with and without iterative scans, where pgvector has them; a binary index
 * has the candidates that it keeps ordered by their exact distance, all of them, since that costs little beside.
 */
export function familiesOf(
  { index, quantized }: IndexSubject,
  k: number,
  { filtered, iterative }: { filtered: boolean; iterative: boolean },
): Family[] {
  const binary = quantized?.quantization === 'binary';
  const hnsw = index.type === 'hnsw';
  const rungs = hnsw
    ? ladder(Math.min(k, mostCandidates), mostCandidates)
    : ladder(1, index.options.lists ?? usualLists);
  const scans = hnsw
    ? (['off', 'strict_order', 'relaxed_order'] as const)
    : (['off', 'relaxed_order'] as const);
  const ways: IndexSetting[] =
    filtered && iterative ? scans.map((iterativeScan) => ({ iterativeScan })) : [{}];
  if (hnsw) {
    return ways.map((way) => ({
      rungs,
      settingOf: (efSearch) => ({ efSearch, ...way, ...(binary && { rerank: efSearch }) }),
    }));
  }
  const reranks: IndexSetting[] = binary ? rerankedPerRow.map((each) => ({ rerank: each * k })) : [{}];
  return ways.flatMap((way) =>
    reranks.map((rerank) => ({ rungs, settingOf: (probes) => ({ probes, ...way, ...rerank }) })),
  );
}

/** A setting that finds most without taking long, whose answers bound how far away the nearest can be. */
export function generous({ index }: IndexSubject, k: number, inForce: IndexSetting): IndexSetting {
  const { iterativeScan } = inForce;
  const scan: IndexSetting = iterativeScan === undefined ? {} : { iterativeScan: 'relaxed_order' };
  if (index.type === 'ivfflat') {
    return { ...scan, probes: Math.ceil(Math.sqrt(index.options.lists ?? usualLists)) };
  }
  return { ...scan, efSearch: Math.min(mostCandidates, Math.max(40, 4 * k)) };
}
