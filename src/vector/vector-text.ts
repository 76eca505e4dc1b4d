import type {
  BitsColumn,
  HalfVectorColumn,
  RaggedVectorColumn,
  SparseVectorColumn,
  VectorColumn,
} from '../batch.ts';
import { halfToFloat } from './half.ts';

type AnyVectorColumn = VectorColumn | HalfVectorColumn | RaggedVectorColumn | SparseVectorColumn | BitsColumn;

/** A row's vector as its type's input function reads it back, bit for bit: `[1,-0.5]`, `{1:0.5}/3`, `101`. */
export function vectorText(column: AnyVectorColumn, row: number): string {
  switch (column.kind) {
    case 'vector':
    case 'halfvec':
      return list(column.values, row * column.dimensions, (row + 1) * column.dimensions);
    case 'ragged-vector':
      return list(column.values, column.offsets[row]!, column.offsets[row + 1]!);
    case 'sparsevec': {
      const elements: string[] = [];
      for (let i = column.offsets[row]!; i < column.offsets[row + 1]!; i++) {
        elements.push(`${column.indices[i]! + 1}:${numberText(column.values[i]!)}`);
      }
      return `{${elements.join(',')}}/${column.dimensions[row]}`;
    }
    case 'bits': {
      const start = column.offsets[row]!;
      const bit = (_: unknown, i: number) => (column.bytes[start + (i >> 3)]! >> (7 - (i & 7))) & 1;
      return Array.from({ length: column.lengths[row]! }, bit).join('');
    }
  }
}

function list(values: Float32Array | Uint16Array, from: number, to: number): string {
  const number = values instanceof Uint16Array ? halfToFloat : (value: number) => value;
  return `[${Array.from(values.subarray(from, to), (value) => numberText(number(value))).join(',')}]`;
}

/** The shortest decimal that reads back as the same double; for −0 too, which String() gives as 0. */
export function numberText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}
