import { UsageError } from '../../errors.ts';
import { type Searches, selected } from '../index-recall/measure.ts';
import type { Queries } from '../index-recall/queries.ts';
import { answerable } from '../index-recall/recall-of.ts';

/** Searches whose exact answers are known. */
export interface Trial {
  searches: Searches;
  /** Distances of the k nearest rows, a query. */
  nearest: readonly (readonly number[])[];
}

/** Queries that choose a setting, at most; the others confirm it. */
export const choosing = 200;

/** Fewer tell nothing. */
const fewest = 10;

/** The queries that have anything to find. @throws UsageError where they are too few to tell */
export function withAnswer({ searches, nearest }: Trial): Trial {
  const kept = answerable(nearest);
  if (kept.length >= fewest) {
    const queries = inOrder(searches.queries, kept);
    return { searches: { ...searches, queries }, nearest: kept.map((i) => nearest[i]!) };
  }
  throw new UsageError(`${kept.length} queries are too few to tune by, the least is ${fewest}`, {
    code: 'too-few-queries',
    hint: 'give more with --queries or --sample',
  });
}

/** The queries that choose, and those that confirm. */
export function inHalves({ searches, nearest }: Trial): [Trial, Trial] {
  const count = nearest.length;
  const cut = Math.min(choosing, Math.floor(count / 2));
  const part = (from: number, to: number): Trial => ({
    searches: selected(searches, from, to),
    nearest: nearest.slice(from, to),
  });
  return [part(0, cut), part(cut, count)];
}

/** In an order that has nothing to do with the file's, whose queries may be sorted by what they ask for. */
export function shuffled(queries: Queries): Queries {
  const order = [...queries.vectors.keys()];
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return inOrder(queries, order);
}

/** Some of the queries, or all, as they are named. */
export function inOrder({ vectors, own }: Queries, order: readonly number[]): Queries {
  return {
    vectors: order.map((i) => vectors[i]!),
    own: own.length === 0 ? [] : order.map((i) => own[i]!),
  };
}
