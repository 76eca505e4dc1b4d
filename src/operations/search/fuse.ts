/** How the two rankings of a hybrid search become one. */
export type Fusion = { rrfK: number } | { weights: readonly [vector: number, text: number] };

/** A row as both rankings have it. */
export interface Ranked {
  /** Place in the ranking by distance, from 1; undefined: not among its candidates. */
  byVector: number | undefined;
  byText: number | undefined;
  vectorScore: number;
  textScore: number;
}

/**
 * Reciprocal rank fusion, Σ 1 / (k + rank) (Cormack, Clarke and Büttcher, SIGIR 2009), or the weighted sum of the
 * scores; NaN, which a zero vector has under cosine, weighs nothing.
 */
export function fusedScore({ byVector, byText, vectorScore, textScore }: Ranked, fusion: Fusion): number {
  if ('rrfK' in fusion) {
    const share = (rank: number | undefined) => (rank === undefined ? 0 : 1 / (fusion.rrfK + rank));
    return share(byVector) + share(byText);
  }
  const [vector, text] = fusion.weights;
  return vector * (Number.isNaN(vectorScore) ? 0 : vectorScore) + text * textScore;
}
