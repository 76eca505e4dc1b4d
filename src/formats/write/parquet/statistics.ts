import { type Column, type Int64Column, isValid, type NumberColumn } from '../../../batch.ts';
import { countNulls } from '../columnar/bits.ts';

/** What a row group says of a column's values, so that readers can pass over it. */
export interface Statistics {
  nulls: number;
  /** The least and the greatest value, PLAIN; undefined where there are none, or they are not kept. */
  least: Uint8Array | undefined;
  greatest: Uint8Array | undefined;
}

/** Of a column of single values; undefined for any other. @param column with dates and times since 1970 */
export function statisticsOf(column: Column, rows: number): Statistics | undefined {
  switch (column.kind) {
    case 'int16':
    case 'int32':
    case 'date':
    case 'float32':
    case 'float64':
    case 'int64':
    case 'time':
    case 'timestamp':
      return { nulls: countNulls(column.validity, rows), ...range(column, rows) };
    case 'boolean':
    case 'uuid':
    case 'utf8':
    case 'json':
    case 'raw':
      return { nulls: countNulls(column.validity, rows), least: undefined, greatest: undefined };
    default:
      return undefined;
  }
}

/** Nothing where a NaN is among the values, which has no place in their order. */
function range(column: NumberColumn | Int64Column, rows: number): Pick<Statistics, 'least' | 'greatest'> {
  const { kind, values, validity } = column;
  let least: number | bigint | undefined;
  let greatest: number | bigint | undefined;
  for (let row = 0; row < rows; row++) {
    if (!isValid(validity, row)) continue;
    const value = values[row]!;
    if (Number.isNaN(value)) return { least: undefined, greatest: undefined };
    if (least === undefined || value < least) least = value;
    if (greatest === undefined || value > greatest) greatest = value;
  }
  // A zero stands for both of its signs.
  return {
    least: plain(kind, least === 0 ? -0 : least),
    greatest: plain(kind, greatest === 0 ? 0 : greatest),
  };
}

function plain(kind: (NumberColumn | Int64Column)['kind'], value: number | bigint | undefined) {
  if (value === undefined) return undefined;
  if (typeof value === 'bigint') return new Uint8Array(BigInt64Array.of(value).buffer);
  const Numbers = kind === 'float32' ? Float32Array : kind === 'float64' ? Float64Array : Int32Array;
  return new Uint8Array(Numbers.of(value).buffer);
}
