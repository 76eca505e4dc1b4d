import type { IndexType, Metric } from '../../vector/metrics.ts';
import type { Quantization } from '../../vector/quantization.ts';
import type { IterativeScan } from '../search/settings.ts';

/** One setting of a search, and what it was measured to give. */
export interface SweepPoint {
  /** hnsw.ef_search. */
  efSearch?: number;
  /** ivfflat.probes. */
  probes?: number;
  /** Where searches are filtered. */
  iterativeScan?: IterativeScan;
  /** Candidates that are ordered by their exact distance, where the index is quantised. */
  rerank?: number;
  /** Mean recall@k over the queries, 0 to 1, and its 95 % confidence interval. */
  recall: number;
  recallLow: number;
  recallHigh: number;
  /** Latency of one query, round trip included, in milliseconds. */
  p50Ms: number;
  p95Ms: number;
  /** How many queries it was measured on. */
  queries: number;
}

/** An index that was built on a sample of the table, to compare it with others. */
export interface BuildComparison {
  type: IndexType;
  quantization: Quantization;
  /** m, ef_construction; lists. */
  parameters: Readonly<Record<string, number>>;
  /** Rows of the sample. */
  rows: number;
  buildSeconds: number;
  bytes: number;
  /** What the whole table would need, reckoned from the sample. */
  whole: { buildSeconds: number; bytes: number; memory: number };
  sweep: SweepPoint[];
  /** The cheapest point that reaches the target; null: none does. */
  best: SweepPoint | null;
}

/** An index that the table's vectors do not go into. */
export interface FailedBuild extends Pick<BuildComparison, 'type' | 'quantization' | 'parameters'> {
  /** What the database says. */
  reason: string;
}

/** The index that was measured: the head of every result. */
export interface MeasuredIndex {
  database: string;
  /** `[schema.]name`, as commands take it; the index's alike. */
  table: string;
  column: string;
  index: string;
  type: IndexType;
  metric: Metric;
}

/** What `index tune` found; with --json this is the document. */
export interface TuneResult extends MeasuredIndex {
  k: number;
  targetRecall: number;
  /** Rows with a vector. */
  rows: number;
  /** The user's own SQL that every query was filtered by. */
  where: string | null;
  /** Whether the index holds some of the rows alone; without a filter of the user's own, `where` is its condition. */
  partial: boolean;
  /** What searches use now, measured like the others. */
  current: SweepPoint;
  /** False: so set, the planner answers by other ways than the index, and these were made dear to measure it. */
  currentPlanned: boolean;
  /** False: the planner answers otherwise, and the index was measured with other ways made dear. */
  planned: boolean;
  /** Whether queries are rows of the table, each left out of its own answer, or came from a file. */
  queriesFrom: 'rows' | 'file';
  /** Measured on queries that did not choose it. Null: no setting reaches the target. */
  recommendation: SweepPoint | null;
  /** What new vectors find less by the recommended setting than rows of the table, as a sample shows: it makes up for it. */
  newVectorsLose?: number;
  sweep: SweepPoint[];
  /** With --builds. */
  builds?: BuildComparison[];
  /** Where there are any. */
  failedBuilds?: FailedBuild[];
  seconds: number;
}
