import type { Column } from '../batch.ts';
import { grown, Offsets, Validity } from '../growing.ts';
import { BAD, TAKEN, type TextReader, UNSURE, type ValueProblem, type Verdict } from '../text-reader.ts';
import { exactFloat32 } from './float32.ts';
import { maxDimensions, maxNonZero } from './limits.ts';

const wellFormed = /^\s*\{\s*(.*?)\s*\}\s*\/\s*(\d+)\s*$/s;
const element = /^\s*(\d+)\s*:\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*$/;
const nonZeroDigit = /^[^eE]*[1-9]/;

/**
 * Reads `{1:0.5,3:2}/768` (indices from 1) into a sparsevec column. What is not of this plain form is left to
 * pgvector's own reading (src/sparsevec.c, sparsevec_in), which also words the error.
 * @param dimensions the column's, undefined where it has none
 */
export function sparseReader(dimensions: number | undefined): TextReader {
  return new SparseReader(dimensions);
}

class SparseReader implements TextReader {
  problem: ValueProblem | undefined;
  private dimensionsOf = new Int32Array(64);
  private readonly offsets = new Offsets();
  private indices = new Int32Array(1024);
  private values = new Float32Array(1024);
  private used = 0;
  private readonly validity = new Validity();

  private readonly dimensions: number | undefined;

  constructor(dimensions: number | undefined) {
    this.dimensions = dimensions;
  }

  read(bytes: Uint8Array, start: number, end: number): Verdict {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
    const parts = wellFormed.exec(text);
    if (parts === null) return UNSURE;
    const dimensions = Number(parts[2]);
    if (dimensions < 1 || dimensions > maxDimensions.sparsevec) return UNSURE;
    const elements = parseElements(parts[1]!, dimensions);
    if (elements === undefined) return UNSURE;
    if (this.dimensions !== undefined && dimensions !== this.dimensions) {
      this.problem = {
        sqlstate: '22000',
        message: `expected ${this.dimensions} dimensions, not ${dimensions}`,
      };
      return BAD;
    }
    this.append(elements);
    this.validity.addValue();
    this.endRow(dimensions);
    return TAKEN;
  }

  readNull(): void {
    this.validity.addNull();
    this.endRow(0);
  }

  take(): Column {
    const rows = this.validity.rows;
    const column: Column = {
      kind: 'sparsevec',
      dimensions: this.dimensionsOf.subarray(0, rows),
      offsets: this.offsets.take(),
      indices: this.indices.subarray(0, this.used),
      values: this.values.subarray(0, this.used),
      validity: this.validity.take(),
    };
    this.used = 0;
    return column;
  }

  private append(elements: readonly (readonly [index: number, value: number])[]): void {
    this.indices = grown(this.indices, this.used + elements.length);
    this.values = grown(this.values, this.used + elements.length);
    for (const [index, value] of elements) {
      this.indices[this.used] = index - 1;
      this.values[this.used++] = value;
    }
  }

  private endRow(dimensions: number): void {
    const rows = this.validity.rows;
    this.dimensionsOf = grown(this.dimensionsOf, rows);
    this.dimensionsOf[rows - 1] = dimensions;
    this.offsets.add(this.used);
  }
}

/** The non-zero elements by ascending index, or undefined where pgvector should see the text itself. */
function parseElements(text: string, dimensions: number): [number, number][] | undefined {
  if (text === '') return [];
  const parts = text.split(',');
  // Zeros count here, though they are dropped.
  if (parts.length > maxNonZero) return undefined;
  const elements: [number, number][] = [];
  for (const part of parts) {
    const match = element.exec(part);
    if (match === null) return undefined;
    const index = Number(match[1]);
    const value = exactFloat32(match[2]!);
    if (index < 1 || index > dimensions || !Number.isFinite(value)) return undefined;
    // What underflows is out of range here, though not for a vector.
    if (value === 0 && nonZeroDigit.test(match[2]!)) return undefined;
    if (value !== 0) elements.push([index, value]);
  }
  elements.sort((a, b) => a[0] - b[0]);
  const repeated = elements.some(([index], i) => i > 0 && elements[i - 1]![0] === index);
  return repeated ? undefined : elements;
}
