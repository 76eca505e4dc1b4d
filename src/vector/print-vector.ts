import type { SparseVectorColumn } from '../batch.ts';
import { printInteger } from '../print-integer.ts';
import { longestFloat, printFloat, printFloats } from './print-floats.ts';

// As pgvector prints its types (src/vector.c, vector_out; src/halfvec.c, halfvec_out; src/sparsevec.c, sparsevec_out).

const [COMMA, COLON, SLASH] = [0x2c, 0x3a, 0x2f];
const [OPEN_LIST, CLOSE_LIST, OPEN_BRACE, CLOSE_BRACE] = [0x5b, 0x5d, 0x7b, 0x7d];

/** Bytes that `[…]` of so many numbers takes, at most. */
export function denseRoom(count: number): number {
  return 2 + count * (longestFloat + 1);
}

/**
 * Prints values [from, to) as `[1,-0.5,1e-05]`; returns where it ends.
 * @param values float32s, or IEEE 754 binary16 patterns
 */
export function printDense(
  values: Float32Array | Uint16Array,
  from: number,
  to: number,
  out: Uint8Array,
  at: number,
): number {
  out[at] = OPEN_LIST;
  const end = printFloats(values, from, to, out, at + 1);
  out[end] = CLOSE_LIST;
  return end + 1;
}

/** An index or a number of dimensions has ten digits at most. */
const longestIndex = 10;

/** Bytes that row `row` takes, at most. */
export function sparseRoom({ offsets }: SparseVectorColumn, row: number): number {
  return 3 + longestIndex + (offsets[row + 1]! - offsets[row]!) * (longestIndex + longestFloat + 2);
}

/** Prints row `row` as `{1:0.5,3:2}/768`, indices from 1; returns where it ends. */
export function printSparse(
  { dimensions, offsets, indices, values }: SparseVectorColumn,
  row: number,
  out: Uint8Array,
  at: number,
): number {
  const [from, to] = [offsets[row]!, offsets[row + 1]!];
  out[at++] = OPEN_BRACE;
  for (let i = from; i < to; i++) {
    if (i > from) out[at++] = COMMA;
    at = printInteger(indices[i]! + 1, out, at);
    out[at++] = COLON;
    at = printFloat(values[i]!, out, at);
  }
  out[at++] = CLOSE_BRACE;
  out[at++] = SLASH;
  return printInteger(dimensions[row]!, out, at);
}
