import { type BytesColumn, type Column, isValid, type NumberColumn } from '../../../batch.ts';
import type { ValueType } from '../../../values/types.ts';
import { BadValue } from '../vectors/columns.ts';
import type { ColumnDecoder } from './columns.ts';
import type { FieldType } from './field-type.ts';
import { numbersOf, wideIntegers } from './scalar-text.ts';
import { validityOf } from './validity.ts';

/** How values go into a column that is laid out as they are, without a string a value; undefined where none is. */
export function directColumn(field: FieldType, { name }: ValueType): ColumnDecoder | undefined {
  switch (field.kind) {
    case 'text':
      return textTypes.has(name) ? bytesColumn(name === 'jsonb' ? 'json' : 'utf8') : undefined;
    case 'json':
      return name === 'jsonb' || textTypes.has(name)
        ? bytesColumn(name === 'jsonb' ? 'json' : 'utf8')
        : undefined;
    case 'binary':
      return name === 'bytea' ? bytesColumn('raw') : undefined;
    case 'uuid':
      return name === 'uuid' ? uuidColumn : undefined;
    case 'number':
      return numberColumn(field.element, name);
    case 'date':
      return name === 'date' && !field.milliseconds ? dateColumn : undefined;
    case 'timestamp':
      return name === (field.zone ? 'timestamptz' : 'timestamp')
        ? timestampColumn(field.digits, name)
        : undefined;
    default:
      return undefined;
  }
}

/** What PostgreSQL takes any text for, its bytes as they are. */
const textTypes = new Set(['text', 'varchar', 'bpchar', 'citext', 'enum', 'json', 'jsonb']);

function bytesColumn(kind: BytesColumn['kind']): ColumnDecoder {
  return (values, from, count) => {
    const validity = validityOf(values.validity, from, count);
    if (values.kind === 'fixed') {
      const { width } = values;
      const bytes = values.bytes.subarray(from * width, (from + count) * width);
      return { kind, offsets: Int32Array.from({ length: count + 1 }, (_, i) => i * width), bytes, validity };
    }
    if (values.kind !== 'bytes') throw new Error(`bytes were expected, and there are ${values.kind}`);
    const first = values.offsets[from]!;
    const offsets = values.offsets.slice(from, from + count + 1);
    for (let i = 0; i <= count; i++) offsets[i]! -= first;
    return { kind, offsets, bytes: values.bytes.subarray(first, first + offsets[count]!), validity };
  };
}

const uuidColumn: ColumnDecoder = (values, from, count) => {
  if (values.kind !== 'fixed') throw new Error(`16 bytes were expected, and there are ${values.kind}`);
  const validity = validityOf(values.validity, from, count);
  return { kind: 'uuid', values: values.bytes.subarray(from * 16, (from + count) * 16), validity };
};

/** Smallest and largest value of an integer type. */
const ranges: Record<string, readonly [number, number]> = {
  int2: [-(2 ** 15), 2 ** 15 - 1],
  int4: [-(2 ** 31), 2 ** 31 - 1],
};

/** Numbers into a column of their own kind, and integers into every integer column. */
function numberColumn(element: string, name: string): ColumnDecoder | undefined {
  if (element === 'b1') return name === 'bool' ? booleanColumn : undefined;
  if (element === 'f4') return name === 'float4' ? plainColumn('float32') : undefined;
  if (element === 'f8') return name === 'float8' ? plainColumn('float64') : undefined;
  if (element === 'i8') return name === 'int8' ? wideColumn : undefined;
  if (element === 'f2' || element === 'u8') return undefined;
  if (name === 'int8') return widenedColumn;
  const range = ranges[name];
  return range === undefined ? undefined : integerColumn(name === 'int2' ? 'int16' : 'int32', range, name);
}

const booleanColumn: ColumnDecoder = (values, from, count) => ({
  kind: 'boolean',
  values: numbersOf(values).subarray(from, from + count) as Uint8Array,
  validity: validityOf(values.validity, from, count),
});

function plainColumn(kind: 'float32' | 'float64'): ColumnDecoder {
  return (values, from, count) => ({
    kind,
    values: numbersOf(values).subarray(from, from + count) as NumberColumn['values'],
    validity: validityOf(values.validity, from, count),
  });
}

const wideColumn: ColumnDecoder = (values, from, count) => ({
  kind: 'int64',
  values: wideIntegers(values).subarray(from, from + count),
  validity: validityOf(values.validity, from, count),
});

const widenedColumn: ColumnDecoder = (values, from, count) => {
  const elements = numbersOf(values);
  const wide = new BigInt64Array(count);
  for (let i = 0; i < count; i++) wide[i] = BigInt(elements[from + i]!);
  return { kind: 'int64', values: wide, validity: validityOf(values.validity, from, count) };
};

function integerColumn(
  kind: 'int16' | 'int32',
  [lowest, highest]: readonly [number, number],
  type: string,
): ColumnDecoder {
  return (values, from, count) => {
    const elements = numbersOf(values);
    const out = kind === 'int16' ? new Int16Array(count) : new Int32Array(count);
    for (let i = 0; i < count; i++) {
      const value = elements[from + i]!;
      if ((value < lowest || value > highest) && isValid(values.validity, from + i)) {
        throw outOfRange(value, shownTypes[type]!, i);
      }
      out[i] = value;
    }
    return { kind, values: out, validity: validityOf(values.validity, from, count) };
  };
}

const shownTypes: Record<string, string> = { int2: 'smallint', int4: 'integer' };

function outOfRange(value: number | bigint, type: string, row: number): BadValue {
  return new BadValue({ sqlstate: '22003', message: `${value} is out of range for type ${type}` }, row);
}

/** Days from 1970-01-01 to 2000-01-01, where PostgreSQL's dates begin, and the range that it takes from there. */
const daysTo2000 = 10_957;
const [firstDay, lastDay] = [-2_451_545, 2_145_031_948];

const dateColumn: ColumnDecoder = (values, from, count) => {
  const elements = numbersOf(values);
  const days = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const day = elements[from + i]! - daysTo2000;
    if ((day < firstDay || day > lastDay) && isValid(values.validity, from + i)) {
      throw new BadValue(
        { sqlstate: '22008', message: `day ${day} of 2000 is out of range for type date` },
        i,
      );
    }
    days[i] = day;
  }
  return { kind: 'date', values: days, validity: validityOf(values.validity, from, count) };
};

/** The same for timestamps (src/include/datatype/timestamp.h: MIN_TIMESTAMP, END_TIMESTAMP), in microseconds. */
const microsecondsTo2000 = 946_684_800_000_000n;
const [firstTimestamp, endOfTimestamps] = [-211_813_488_000_000_000n, 9_223_371_331_200_000_000n];

function timestampColumn(digits: number, type: string): ColumnDecoder {
  return (values, from, count): Column => {
    const units = wideIntegers(values);
    const out = new BigInt64Array(count);
    for (let i = 0; i < count; i++) {
      if (!isValid(values.validity, from + i)) continue;
      const since2000 = microseconds(units[from + i]!, digits) - microsecondsTo2000;
      if (since2000 < firstTimestamp || since2000 >= endOfTimestamps) {
        const message = `the time ${units[from + i]} is out of range for type ${type}`;
        throw new BadValue({ sqlstate: '22008', message }, i);
      }
      out[i] = since2000;
    }
    return { kind: 'timestamp', values: out, validity: validityOf(values.validity, from, count) };
  };
}

/** Of what is finer, the nearest, and the even one of two: as PostgreSQL reads decimals of a second. */
function microseconds(value: bigint, digits: number): bigint {
  if (digits <= 6) return value * 10n ** BigInt(6 - digits);
  const rest = ((value % 1000n) + 1000n) % 1000n;
  const floor = (value - rest) / 1000n;
  return rest > 500n || (rest === 500n && floor % 2n !== 0n) ? floor + 1n : floor;
}
