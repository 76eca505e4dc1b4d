import { type Batch, type Column, isValid } from './batch.ts';

/**
 * The batch without some of its rows, in arrays of its own.
 * @param dropped indices of rows, ascending
 */
export function withoutRows({ rows, columns }: Batch, dropped: readonly number[]): Batch {
  const kept = new Int32Array(rows - dropped.length);
  let [next, count] = [0, 0];
  for (let row = 0; row < rows; row++) {
    if (row === dropped[next]) next++;
    else kept[count++] = row;
  }
  return { rows: count, columns: columns.map((column) => pickRows(column, kept)) };
}

function pickRows(column: Column, kept: Int32Array): Column {
  const validity = pickValidity(column.validity, kept);
  if (!('offsets' in column)) {
    const values = pickFixed(column.values, widthOf(column), kept);
    return { ...column, validity, values } as Column;
  }
  const offsets = pickOffsets(column.offsets, kept);
  const pick = <A extends Numbers>(elements: A) => pickRuns(elements, column.offsets, offsets, kept);
  switch (column.kind) {
    case 'ragged-vector':
      return { ...column, validity, offsets, values: pick(column.values) };
    case 'sparsevec': {
      const dimensions = pickFixed(column.dimensions, 1, kept);
      return {
        ...column,
        validity,
        offsets,
        dimensions,
        indices: pick(column.indices),
        values: pick(column.values),
      };
    }
    case 'bits': {
      const lengths = pickFixed(column.lengths, 1, kept);
      return { ...column, validity, offsets, lengths, bytes: pick(column.bytes) };
    }
    case 'array': {
      const elements = Int32Array.from({ length: column.offsets.at(-1)! }, (_, i) => i);
      return { ...column, validity, offsets, elements: pickRows(column.elements, pick(elements)) };
    }
    default:
      return { ...column, validity, offsets, bytes: pick(column.bytes) };
  }
}

type Numbers = Exclude<Extract<Column, { values: unknown }>['values'], BigInt64Array>;
type FixedColumn = Exclude<Column, { offsets: Int32Array }>;

/** Array elements a row. */
function widthOf(column: FixedColumn): number {
  if (column.kind === 'vector' || column.kind === 'halfvec') return column.dimensions;
  return column.kind === 'uuid' ? 16 : 1;
}

/** An array of the same kind and of this length. */
function emptyLike<A extends Numbers | BigInt64Array>(array: A, length: number): A {
  return new (array.constructor as new (length: number) => A)(length);
}

function pickFixed<A extends Numbers | BigInt64Array>(values: A, width: number, kept: Int32Array): A {
  const out = emptyLike(values, kept.length * width);
  for (let i = 0; i < kept.length; i++) {
    for (let j = 0; j < width; j++) out[i * width + j] = values[kept[i]! * width + j]!;
  }
  return out;
}

function pickOffsets(offsets: Int32Array, kept: Int32Array): Int32Array {
  const out = new Int32Array(kept.length + 1);
  for (let i = 0; i < kept.length; i++) out[i + 1] = out[i]! + offsets[kept[i]! + 1]! - offsets[kept[i]!]!;
  return out;
}

/** @param ends the kept rows' own offsets */
function pickRuns<A extends Numbers>(values: A, offsets: Int32Array, ends: Int32Array, kept: Int32Array): A {
  const out = emptyLike(values, ends[kept.length]!);
  for (let i = 0; i < kept.length; i++) {
    out.set(values.subarray(offsets[kept[i]!]!, offsets[kept[i]! + 1]!), ends[i]!);
  }
  return out;
}

function pickValidity(validity: Uint8Array | undefined, kept: Int32Array): Uint8Array | undefined {
  if (validity === undefined) return undefined;
  const out = new Uint8Array((kept.length + 7) >> 3);
  for (let i = 0; i < kept.length; i++) if (isValid(validity, kept[i]!)) out[i >> 3]! |= 1 << (i & 7);
  return out;
}
