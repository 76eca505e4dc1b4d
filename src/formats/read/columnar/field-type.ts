import { maxDimensions } from '../../../vector/limits.ts';
import type { ElementName } from '../vectors/elements.ts';
import { Damaged } from './values.ts';

/** What a field's values mean; plain data, as it goes to the lanes. How they are stored: values.ts. */
export type FieldType =
  /** `sql`: the type that holds every such number. */
  | { kind: 'number'; element: ElementName; sql: string }
  /** Bytes of any length. */
  | { kind: 'text' | 'json' | 'binary' }
  /** 16 bytes. */
  | { kind: 'uuid' }
  /** int32 days, or (`milliseconds`) int64, since 1970. */
  | { kind: 'date'; milliseconds: boolean }
  /** int32 or int64 since midnight; `digits` of a second: 0, 3, 6 or 9. */
  | { kind: 'time'; digits: number; wide: boolean }
  /** int64 since 1970-01-01 00:00, of UTC where `zone`. */
  | { kind: 'timestamp'; digits: number; zone: boolean }
  /** Times 10^scale, as int32, int64 or a two's complement of any length. */
  | { kind: 'decimal'; precision: number; scale: number; bigEndian: boolean }
  /** int64 units of 10^-digits seconds. */
  | { kind: 'duration'; digits: number }
  /** Months, days and the rest as little-endian integers: three int32 (milliseconds last), or int64 nanoseconds last. */
  | {
      kind: 'interval';
      parts: 'months' | 'days-milliseconds' | 'months-days-milliseconds' | 'months-days-nanoseconds';
    }
  | { kind: 'list'; element: FieldType }
  | { kind: 'struct'; names: readonly string[]; types: readonly FieldType[] }
  | { kind: 'map'; key: FieldType; value: FieldType };

const integer = (element: ElementName, sql: string): FieldType => ({ kind: 'number', element, sql });

export const booleans: FieldType = { kind: 'number', element: 'b1', sql: 'boolean' };
export const floats = {
  2: { kind: 'number', element: 'f2', sql: 'real' },
  4: { kind: 'number', element: 'f4', sql: 'real' },
  8: { kind: 'number', element: 'f8', sql: 'double precision' },
} as const satisfies Record<number, FieldType>;

/** SQL's type for integers of so many bits; unsigned ones need the next larger. */
function sqlInteger(bits: number, signed: boolean): string {
  if (bits <= 8 || (bits <= 16 && signed)) return 'smallint';
  if (bits <= 16 || (bits <= 32 && signed)) return 'integer';
  return bits <= 32 || signed ? 'bigint' : 'numeric';
}

/** Integers that mean `bits` bits and are stored as `element`. */
export function integers(element: ElementName, bits: number, signed: boolean): FieldType {
  return integer(element, sqlInteger(bits, signed));
}

/** What PostgreSQL's numeric takes; no format has larger ones. */
const mostDigits = 1000;

/** @throws Damaged where there is no such type */
export function decimals(precision: number, scale: number, bigEndian: boolean): FieldType {
  if (precision < 1 || precision > mostDigits || Math.abs(scale) > mostDigits) {
    throw new Damaged(`its schema has decimals of ${precision} digits, ${scale} of them behind the point`);
  }
  return { kind: 'decimal', precision, scale, bigEndian };
}

/**
 * SQL's type for a column of such values.
 * @param dimensions of every list in a sample, where they are all of one length
 */
export function sqlType(type: FieldType, dimensions: number | undefined): string {
  if (type.kind === 'list') {
    const { element } = type;
    const numbers = element.kind === 'number' && element.element !== 'b1';
    if (numbers && dimensions !== undefined && dimensions >= 1 && dimensions <= maxDimensions.vector) {
      return `vector(${dimensions})`;
    }
    return isNested(element) || element.kind === 'json' ? 'jsonb' : `${sqlType(element, undefined)}[]`;
  }
  switch (type.kind) {
    case 'number':
      return type.sql;
    case 'json':
    case 'struct':
    case 'map':
      return 'jsonb';
    case 'binary':
      return 'bytea';
    case 'timestamp':
      return type.zone ? 'timestamptz' : 'timestamp';
    case 'decimal':
      return type.scale < 0 ? 'numeric' : `numeric(${type.precision},${type.scale})`;
    case 'duration':
      return 'interval';
    default:
      return type.kind;
  }
}

/** Lists, structs and maps. */
export function isNested({ kind }: FieldType): boolean {
  return kind === 'list' || kind === 'struct' || kind === 'map';
}
