import type { IndexType, VectorType } from './metrics.ts';

/** What a page of 8 kB holds beside its header (24 bytes) and pgvector's own words at its end (8). */
const page = 8192;
const room = page - 24 - 8;
/** A line pointer, which each item takes. */
const pointer = 4;
/** The headers of hnsw's elements and of their lists of neighbours, and an index tuple's of ivfflat. */
const headers = { element: 72, neighbours: 4, tuple: 8 };
/** An ItemPointerData in a list of neighbours. */
const tid = 6;

/** What the size of an index depends on. */
export interface IndexContent {
  type: IndexType;
  /** Of what is indexed. */
  vectorType: VectorType;
  dimensions: number;
  /** `m`, `lists`; pgvector's defaults where they are not given. */
  options: Readonly<Record<string, number>>;
  rows: number;
}

/**
 * Bytes that an index takes when it has just been built, as pgvector lays it out; rows that are the same vector share
 * an element, so it may be less.
 * https://github.com/pgvector/pgvector/blob/v0.8.0/src/hnsw.h and ivfflat.h
 * @returns undefined for sparse vectors, which are as long as they are
 */
export function builtIndexBytes({
  type,
  vectorType,
  dimensions,
  options,
  rows,
}: IndexContent): number | undefined {
  const value = valueBytes(vectorType, dimensions);
  if (value === undefined) return undefined;
  return (
    page *
    (type === 'hnsw'
      ? hnswPages(value, options.m ?? 16, rows)
      : ivfflatPages(value, options.lists ?? 100, rows))
  );
}

/** With its header; of the four types. */
function valueBytes(type: VectorType, dimensions: number): number | undefined {
  return {
    vector: 8 + 4 * dimensions,
    halfvec: 8 + 2 * dimensions,
    bit: 8 + Math.ceil(dimensions / 8),
    sparsevec: undefined,
  }[type];
}

/** An element and its neighbours, 2·m at the bottom and m on each level above, lie on one page where they can. */
function hnswPages(value: number, m: number, rows: number): number {
  const element = aligned(headers.element + value) + pointer;
  const neighbours = aligned(headers.neighbours + 2 * m * tid) + pointer;
  const upper = (m * tid) / (m - 1);
  const perPage = Math.floor(room / (element + neighbours + upper));
  return 1 + (perPage === 0 ? 2 * rows : Math.ceil(rows / perPage));
}

/** Each list has pages of its own, the last half full as a rule; the centres stand apart. */
function ivfflatPages(value: number, lists: number, rows: number): number {
  const perPage = Math.floor(room / (aligned(headers.tuple + value) + pointer));
  return 1 + Math.ceil(lists / perPage) + Math.max(lists, Math.ceil(rows / perPage + lists / 2));
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}
