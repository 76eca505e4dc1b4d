import { type Column, isValid } from '../../../batch.ts';
import { bytesValues, fixedValues, flagValues, type LeafValues } from './leaf-values.ts';

/** A leaf's part of some rows. */
export interface LeafData {
  rows: number;
  /** Of the rows: undefined where none is NULL. */
  validity: Uint8Array | undefined;
  /** Which values belong to each row, none to one that is NULL; undefined: a value a row. */
  lists: { starts: Int32Array; ends: Int32Array } | undefined;
  /** Of the values of lists. */
  elementValidity: Uint8Array | undefined;
  values: LeafValues;
}

/**
 * The leaves of a column, in the order of its schema.
 * @param column with dates and times since 1970
 */
export function leavesOf(column: Column, rows: number): LeafData[] {
  const { validity } = column;
  const flat = (values: LeafValues): LeafData[] => [
    { rows, validity, lists: undefined, elementValidity: undefined, values },
  ];
  const listed = (lists: LeafData['lists'], values: LeafValues, elementValidity?: Uint8Array): LeafData => {
    return { rows, validity, lists, elementValidity, values };
  };
  switch (column.kind) {
    case 'vector':
    case 'halfvec':
      return [listed(equalLists(column.dimensions, rows, validity), fixedValues(column.values))];
    case 'ragged-vector':
      return [listed(listsAt(column.offsets, rows), fixedValues(column.values))];
    case 'sparsevec': {
      const lists = listsAt(column.offsets, rows);
      return [
        listed(lists, fixedValues(fromOne(column.indices.subarray(0, column.offsets[rows])))),
        listed(lists, fixedValues(column.values)),
      ];
    }
    case 'array': {
      const { elements, offsets } = column;
      return [listed(listsAt(offsets, rows), scalarValues(elements, offsets[rows]!), elements.validity)];
    }
    default:
      return flat(scalarValues(column, rows));
  }
}

function scalarValues(column: Column, count: number): LeafValues {
  switch (column.kind) {
    case 'utf8':
    case 'json':
    case 'raw':
      return bytesValues(column.offsets, column.bytes);
    case 'boolean':
      return flagValues(column.values);
    case 'uuid':
      return fixedValues(column.values, 16);
    case 'int16':
      // Parquet's smallest.
      return fixedValues(Int32Array.from(column.values.subarray(0, count)));
    case 'int32':
    case 'int64':
    case 'float32':
    case 'float64':
    case 'date':
    case 'time':
    case 'timestamp':
      return fixedValues(column.values);
    default:
      throw new Error(`single values were expected, and there are ${column.kind}`);
  }
}

function fromOne(indices: Int32Array): Int32Array {
  return indices.map((index) => index + 1);
}

function listsAt(offsets: Int32Array, rows: number): NonNullable<LeafData['lists']> {
  return { starts: offsets.subarray(0, rows), ends: offsets.subarray(1, rows + 1) };
}

function equalLists(
  length: number,
  rows: number,
  validity: Uint8Array | undefined,
): NonNullable<LeafData['lists']> {
  const [starts, ends] = [new Int32Array(rows), new Int32Array(rows)];
  for (let row = 0; row < rows; row++) {
    starts[row] = row * length;
    ends[row] = isValid(validity, row) ? (row + 1) * length : row * length;
  }
  return { starts, ends };
}
