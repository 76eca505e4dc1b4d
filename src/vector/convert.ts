import {
  type BitsColumn,
  type Column,
  type HalfVectorColumn,
  isValid,
  type RaggedVectorColumn,
  type SparseVectorColumn,
} from '../batch.ts';
import { grown } from '../growing.ts';
import { floatToHalf } from './half.ts';
import { maxDimensions } from './limits.ts';
import type { VectorType } from './metrics.ts';
import type { FloatColumn, OnBadVector } from './transform.ts';

/** Makes the column that COPY takes for a vector type of float32 vectors. Its arrays are valid until the next call. */
export type Convert = (column: FloatColumn, rows: number, onBad: OnBadVector) => Column;

/**
 * How float32 vectors become the values of a type: as pgvector's own casts do it, bits as its binary_quantize does
 * (1 where the element is above 0).
 */
export function converter(type: VectorType): Convert {
  switch (type) {
    case 'vector':
      return (column) => column;
    case 'halfvec':
      return halfConverter();
    case 'sparsevec':
      return sparseConverter();
    case 'bit':
      return bitConverter();
  }
}

/** Where the elements of a row begin. */
function startOf(column: FloatColumn, row: number): number {
  return column.kind === 'vector' ? row * column.dimensions : column.offsets[row]!;
}

function halfConverter(): Convert {
  let halves = new Uint16Array(0);
  return (column, rows, onBad) => {
    const floats = column.values;
    const length = startOf(column, rows);
    halves = grown(halves, length);
    for (let row = 0; row < rows; row++) {
      const start = startOf(column, row);
      const end = startOf(column, row + 1);
      for (let i = start; i < end; i++) {
        const half = floatToHalf(floats[i]!);
        halves[i] = half;
        if ((half & 0x7fff) === 0x7c00) {
          const message = `element ${i - start + 1} (${floats[i]}) is out of range for type halfvec`;
          onBad(row, { sqlstate: '22003', message });
          break;
        }
      }
    }
    const values = halves.subarray(0, length);
    const { validity } = column;
    return column.kind === 'vector'
      ? ({ kind: 'halfvec', dimensions: column.dimensions, values, validity } satisfies HalfVectorColumn)
      : ({ kind: 'ragged-vector', offsets: column.offsets, values, validity } satisfies RaggedVectorColumn);
  };
}

function sparseConverter(): Convert {
  let dimensions = new Int32Array(0);
  let offsets = new Int32Array(0);
  let indices = new Int32Array(0);
  let values = new Float32Array(0);
  return (column, rows) => {
    const { values: floats, validity } = column;
    dimensions = grown(dimensions, rows);
    offsets = grown(offsets, rows + 1);
    indices = grown(indices, floats.length);
    values = grown(values, floats.length);
    let used = 0;
    for (let row = 0; row < rows; row++) {
      const start = startOf(column, row);
      const end = startOf(column, row + 1);
      dimensions[row] = end - start;
      for (let i = start; i < end; i++) {
        if (floats[i] === 0) continue;
        indices[used] = i - start;
        values[used++] = floats[i]!;
      }
      offsets[row + 1] = used;
    }
    return {
      kind: 'sparsevec',
      dimensions: dimensions.subarray(0, rows),
      offsets: offsets.subarray(0, rows + 1),
      indices: indices.subarray(0, used),
      values: values.subarray(0, used),
      validity,
    } satisfies SparseVectorColumn;
  };
}

function bitConverter(): Convert {
  let lengths = new Int32Array(0);
  let offsets = new Int32Array(0);
  let bytes = new Uint8Array(0);
  return (column, rows) => {
    const { values, validity } = column;
    lengths = grown(lengths, rows);
    offsets = grown(offsets, rows + 1);
    let used = 0;
    for (let row = 0; row < rows; row++) {
      const start = startOf(column, row);
      const bits = startOf(column, row + 1) - start;
      lengths[row] = bits;
      const next = used + ((bits + 7) >> 3);
      bytes = grown(bytes, next);
      bytes.fill(0, used, next);
      for (let i = 0; i < bits; i++) {
        if (values[start + i]! > 0) bytes[used + (i >> 3)]! |= 0x80 >> (i & 7);
      }
      used = next;
      offsets[row + 1] = used;
    }
    return {
      kind: 'bits',
      lengths: lengths.subarray(0, rows),
      offsets: offsets.subarray(0, rows + 1),
      bytes: bytes.subarray(0, used),
      validity,
    } satisfies BitsColumn;
  };
}

/** Sparse vectors written out, zeros included; what has more dimensions than a vector can is bad. */
export function densify(column: SparseVectorColumn, rows: number, onBad: OnBadVector): FloatColumn {
  const offsets = new Int32Array(rows + 1);
  for (let row = 0; row < rows; row++) {
    const dimensions = isValid(column.validity, row) ? column.dimensions[row]! : 0;
    const fits = dimensions <= maxDimensions.vector;
    offsets[row + 1] = offsets[row]! + (fits ? dimensions : 0);
    if (!fits) {
      const message = `${dimensions} dimensions; a vector cannot have more than ${maxDimensions.vector}`;
      onBad(row, { sqlstate: '54000', message });
    }
  }
  const values = new Float32Array(offsets[rows]!);
  for (let row = 0; row < rows; row++) {
    const start = offsets[row]!;
    if (start === offsets[row + 1]) continue;
    for (let i = column.offsets[row]!; i < column.offsets[row + 1]!; i++) {
      values[start + column.indices[i]!] = column.values[i]!;
    }
  }
  return { kind: 'ragged-vector', offsets, values, validity: column.validity };
}
