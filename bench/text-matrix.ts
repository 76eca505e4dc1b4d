/** A matrix whose rows are mostly zeros. */
export interface SparseRows {
  rows: readonly { indices: Int32Array; values: Float32Array }[];
  columns: number;
}

/** The matrix times a vector. */
export function times({ rows }: SparseRows, vector: Float64Array): Float64Array {
  return Float64Array.from(rows, ({ indices, values }) => {
    let sum = 0;
    for (let i = 0; i < indices.length; i++) sum += values[i]! * vector[indices[i]!]!;
    return sum;
  });
}

/** The transposed matrix times a vector. */
export function timesTransposed({ rows, columns }: SparseRows, vector: Float64Array): Float64Array {
  const result = new Float64Array(columns);
  for (let row = 0; row < rows.length; row++) {
    const { indices, values } = rows[row]!;
    const factor = vector[row]!;
    for (let i = 0; i < indices.length; i++) result[indices[i]!]! += values[i]! * factor;
  }
  return result;
}

/** The same space by vectors of length 1 that are at right angles, by Gram and Schmidt; in place. */
export function orthonormal(vectors: Float64Array[]): Float64Array[] {
  for (const [i, vector] of vectors.entries()) {
    for (let j = 0; j < i; j++) {
      const other = vectors[j]!;
      const share = dot(vector, other);
      for (let n = 0; n < vector.length; n++) vector[n]! -= share * other[n]!;
    }
    normalised(vector);
  }
  return vectors;
}

/** At length 1, in place; zeros stay. */
export function normalised<Vector extends Float32Array | Float64Array>(vector: Vector): Vector {
  const length = Math.sqrt(dot(vector, vector));
  if (length > 0) for (let n = 0; n < vector.length; n++) vector[n]! /= length;
  return vector;
}

function dot(a: Float32Array | Float64Array, b: Float32Array | Float64Array): number {
  let sum = 0;
  for (let n = 0; n < a.length; n++) sum += a[n]! * b[n]!;
  return sum;
}
