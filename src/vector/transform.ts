import { isValid, type RaggedVectorColumn, type SparseVectorColumn, type VectorColumn } from '../batch.ts';
import { grown } from '../growing.ts';
import type { ValueProblem } from '../text-reader.ts';

/** Float32 vectors, of one length or of many. */
export type FloatColumn = VectorColumn | RaggedVectorColumn;

export interface VectorTransform {
  /** Keeps the first so many elements, and brings what is left to length 1: for embeddings learnt so (Matryoshka). */
  cut?: number | undefined;
  /** Brings every vector to length 1. */
  normalize?: boolean | undefined;
  /** Elements that a vector must have in the end; undefined: any number. */
  length?: number | undefined;
}

/** A row whose vector cannot be transformed; it gets zeros. */
export type OnBadVector = (row: number, problem: ValueProblem) => void;

/**
 * Transforms the vectors of a column. The norm is √Σv² in float64, each element v / norm in float64, rounded once to
 * float32, as pgvector's l2_normalize does it; a vector of zeros stays as it is. A vector that has `cut` elements
 * already is not cut, and so keeps its length.
 */
export class Transformer {
  /** Vectors of zeros so far that were to be brought to length 1. */
  zeros = 0;
  private readonly transform: VectorTransform;
  private values = new Float32Array(0);
  private offsets = new Int32Array(0);
  private indices = new Int32Array(0);
  private dimensions = new Int32Array(0);

  constructor(transform: VectorTransform) {
    this.transform = transform;
  }

  /** The column returned is the argument itself, or valid until the next call. */
  dense(column: FloatColumn, rows: number, onBad: OnBadVector): FloatColumn {
    const { cut, normalize, length } = this.transform;
    const shared = column.kind === 'vector' ? column.dimensions : undefined;
    if (cut === undefined && !normalize && (length === undefined || length === shared)) return column;
    const source = column.values as Float32Array;
    const fixed = cut ?? length ?? shared;
    const room = fixed === undefined ? source.length : rows * fixed;
    this.values = grown(this.values, room);
    const out = this.values.subarray(0, room);
    this.offsets = grown(this.offsets, rows + 1);
    let end = 0;
    for (let row = 0; row < rows; row++) {
      const from = column.kind === 'vector' ? row * column.dimensions : column.offsets[row]!;
      const to = column.kind === 'vector' ? from + column.dimensions : column.offsets[row + 1]!;
      const at = end;
      end += fixed ?? to - from;
      this.offsets[row + 1] = end;
      const problem = isValid(column.validity, row) ? problemOf(to - from, this.transform) : noVector;
      if (problem !== undefined) {
        out.fill(0, at, end);
        if (problem !== noVector) onBad(row, problem);
        continue;
      }
      out.set(source.subarray(from, from + end - at), at);
      if (normalize || end - at < to - from) this.normalize(out, at, end);
    }
    const { validity } = column;
    return fixed === undefined
      ? { kind: 'ragged-vector', offsets: this.offsets.subarray(0, rows + 1), values: out, validity }
      : { kind: 'vector', dimensions: fixed, values: out, validity };
  }

  /** The same for sparse vectors, whose dimensions may be many. */
  sparse(column: SparseVectorColumn, rows: number, onBad: OnBadVector): SparseVectorColumn {
    const { cut, normalize, length } = this.transform;
    if (cut === undefined && !normalize && length === undefined) return column;
    const { validity } = column;
    this.offsets = grown(this.offsets, rows + 1);
    this.dimensions = grown(this.dimensions, rows);
    this.values = grown(this.values, column.values.length);
    this.indices = grown(this.indices, column.values.length);
    let end = 0;
    for (let row = 0; row < rows; row++) {
      const dimensions = column.dimensions[row]!;
      const at = end;
      const problem = isValid(validity, row) ? problemOf(dimensions, this.transform) : noVector;
      if (problem !== undefined && problem !== noVector) onBad(row, problem);
      this.dimensions[row] = cut ?? dimensions;
      const stop = problem === undefined ? column.offsets[row + 1]! : column.offsets[row]!;
      for (let i = column.offsets[row]!; i < stop; i++) {
        if (column.indices[i]! >= this.dimensions[row]!) break;
        this.indices[end] = column.indices[i]!;
        this.values[end++] = column.values[i]!;
      }
      if (problem === undefined && (normalize || (cut ?? dimensions) < dimensions)) {
        this.normalize(this.values, at, end);
        end = this.dropZeros(at, end);
      }
      this.offsets[row + 1] = end;
    }
    return {
      kind: 'sparsevec',
      dimensions: this.dimensions.subarray(0, rows),
      offsets: this.offsets.subarray(0, rows + 1),
      indices: this.indices.subarray(0, end),
      values: this.values.subarray(0, end),
      validity,
    };
  }

  private normalize(values: Float32Array, from: number, to: number): void {
    let sum = 0;
    for (let i = from; i < to; i++) sum += values[i]! * values[i]!;
    if (sum === 0) {
      this.zeros++;
      return;
    }
    const norm = Math.sqrt(sum);
    for (let i = from; i < to; i++) values[i] = values[i]! / norm;
  }

  /** What a huge vector's smallest elements have become, which a sparse vector does not hold. */
  private dropZeros(from: number, to: number): number {
    let end = from;
    for (let i = from; i < to; i++) {
      if (this.values[i] === 0) continue;
      this.indices[end] = this.indices[i]!;
      this.values[end++] = this.values[i]!;
    }
    return end;
  }
}

/** NULL: nothing to transform, and no problem. */
const noVector: ValueProblem = { sqlstate: '', message: '' };

function problemOf(dimensions: number, { cut, length }: VectorTransform): ValueProblem | undefined {
  if (cut !== undefined && dimensions < cut) {
    return {
      sqlstate: '22000',
      message: `expected at least ${cut} dimensions, not ${dimensions}`,
      hint: '--dimensions cuts vectors, and makes none longer',
    };
  }
  if (length === undefined || (cut ?? dimensions) === length) return undefined;
  return { sqlstate: '22000', message: `expected ${length} dimensions, not ${dimensions}` };
}
