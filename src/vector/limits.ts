/** pgvector's limits on a value (src/vector.h, halfvec.h, sparsevec.h). */
export const maxDimensions = { vector: 16_000, halfvec: 16_000, sparsevec: 1_000_000_000 } as const;
/** Non-zero elements of a sparsevec. */
export const maxNonZero = 16_000;
