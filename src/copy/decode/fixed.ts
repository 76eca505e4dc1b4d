import type { BooleanColumn, Int64Column, NumberColumn, UuidColumn } from '../../batch.ts';
import { grown, type NumberArray, Validity } from '../../growing.ts';
import type { ValueReader, Wire } from './value-reader.ts';

// Types whose values are all of one size.

type FixedColumn = BooleanColumn | NumberColumn | Int64Column | UuidColumn;

/**
 * @param perRow elements of `values` a row
 * @param write puts the value at `start` into row `row` of the array
 */
function fixedReader<A extends NumberArray>(
  kind: FixedColumn['kind'],
  empty: A,
  perRow: number,
  write: (values: A, row: number, wire: Wire, start: number) => void,
): ValueReader {
  const validity = new Validity();
  let values = empty;
  const next = (): number => {
    const row = validity.rows;
    values = grown(values, (row + 1) * perRow);
    return row;
  };
  return {
    read: (wire, start) => {
      const row = next(); // which may replace `values`
      write(values, row, wire, start);
      validity.addValue();
    },
    readNull: () => {
      const row = next();
      const width = values.BYTES_PER_ELEMENT * perRow;
      new Uint8Array(values.buffer).fill(0, row * width, (row + 1) * width);
      validity.addNull();
    },
    take: () => ({ kind, values, validity: validity.take() }) as FixedColumn,
  };
}

export const booleanValues = (): ValueReader =>
  fixedReader('boolean', new Uint8Array(0), 1, (values, row, { bytes }, start) => {
    values[row] = bytes[start]!;
  });

export const int16Values = (): ValueReader =>
  fixedReader('int16', new Int16Array(0), 1, (values, row, { view }, start) => {
    values[row] = view.getInt16(start);
  });

/** int4, and date: days since 2000-01-01. */
export const int32Values = (kind: 'int32' | 'date'): ValueReader =>
  fixedReader(kind, new Int32Array(0), 1, (values, row, { view }, start) => {
    values[row] = view.getInt32(start);
  });

/** int8, and what counts microseconds. */
export const int64Values = (kind: Int64Column['kind']): ValueReader =>
  fixedReader(kind, new BigInt64Array(0), 1, (values, row, { view }, start) => {
    values[row] = view.getBigInt64(start);
  });

export const float32Values = (): ValueReader =>
  fixedReader('float32', new Float32Array(0), 1, (values, row, { view }, start) => {
    values[row] = view.getFloat32(start);
  });

export const float64Values = (): ValueReader =>
  fixedReader('float64', new Float64Array(0), 1, (values, row, { view }, start) => {
    values[row] = view.getFloat64(start);
  });

export const uuidValues = (): ValueReader =>
  fixedReader('uuid', new Uint8Array(0), 16, (values, row, { bytes }, start) => {
    for (let i = 0; i < 16; i++) values[row * 16 + i] = bytes[start + i]!;
  });
