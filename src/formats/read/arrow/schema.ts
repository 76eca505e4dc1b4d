import type { Metadata } from '../columnar/declared-types.ts';
import { booleans, decimals, type FieldType, floats, integers } from '../columnar/field-type.ts';
import { Damaged } from '../columnar/values.ts';
import type { ElementName } from '../vectors/elements.ts';
import type { Table } from './flatbuffer.ts';

/** A field of the schema (https://github.com/apache/arrow/blob/main/format/Schema.fbs); plain data. */
export interface ArrowField {
  name: string;
  type: FieldType;
  storage: Storage;
  children: readonly ArrowField[];
  /** Its values are indices of this type into a dictionary, whose values are what the rest says. */
  dictionary?: { id: number; index: ElementName };
}

/** How values lie in their buffers (https://arrow.apache.org/docs/format/Columnar.html). `wide`: offsets of 64 bits. */
export type Storage =
  | { kind: 'null' | 'bits' | 'views' | 'struct' }
  | { kind: 'numbers'; element: ElementName }
  | { kind: 'fixed'; width: number }
  | { kind: 'bytes' | 'list'; wide: boolean }
  | { kind: 'fixed-list'; size: number };

/** A type that is not read. */
export class UnknownType extends Error {}

const deepest = 32;

/** @throws UnknownType, Damaged, RangeError */
export function readSchema(schema: Table): ArrowField[] {
  if (schema.int16(0) !== 0) throw new UnknownType('big-endian numbers');
  return schema.tables(1).map((field) => readField(field, 0));
}

/** What its writer has to say besides. */
export function readMetadata(schema: Table): Metadata {
  return new Map(schema.tables(2).map((pair) => [pair.text(0) ?? '', pair.text(1) ?? '']));
}

function readField(field: Table, depth: number): ArrowField {
  if (depth > deepest) throw new Damaged('its schema nests too deep');
  const name = field.text(0) ?? '';
  const children = field.tables(5).map((child) => readField(child, depth + 1));
  const extension = field
    .tables(6)
    .find((pair) => pair.text(0) === 'ARROW:extension:name')
    ?.text(1);
  const type = field.table(3);
  if (type === undefined) throw new Damaged(`its schema gives ${name} no type`);
  const read = { name, children, ...readType(field.int8(2), type, children, extension) };
  const encoding = field.table(4);
  if (encoding === undefined) return read;
  const index = encoding.table(1);
  const element = index === undefined ? 'i4' : integerElement(index);
  return { ...read, dictionary: { id: encoding.int64(0), index: element } };
}

type Typed = Pick<ArrowField, 'type' | 'storage'>;

/** @param kind of the union Type */
function readType(
  kind: number,
  type: Table,
  children: readonly ArrowField[],
  extension: string | undefined,
): Typed {
  const isJson = extension === 'arrow.json';
  switch (kind) {
    case 1:
      return { type: { kind: 'text' }, storage: { kind: 'null' } };
    case 2:
      return numbers(integers(integerElement(type), type.int32(0), type.int8(1) !== 0), integerElement(type));
    case 3:
      return floatType(type.int16(0));
    case 4:
    case 19:
      return { type: { kind: 'binary' }, storage: { kind: 'bytes', wide: kind === 19 } };
    case 5:
    case 20:
      return { type: { kind: isJson ? 'json' : 'text' }, storage: { kind: 'bytes', wide: kind === 20 } };
    case 6:
      return { type: booleans, storage: { kind: 'bits' } };
    case 7:
      return decimal(type.int32(0), type.int32(1), type.int32(2, 128));
    case 8:
      return dateType(type.int16(0, 1) === 1);
    case 9:
      return timeType(type.int16(0, 1));
    case 10:
      return numbers(
        { kind: 'timestamp', digits: type.int16(0) * 3, zone: type.text(1) !== undefined },
        'i8',
      );
    case 11:
      return intervalType(type.int16(0));
    case 12:
    case 21:
      return {
        type: { kind: 'list', element: only(children).type },
        storage: { kind: 'list', wide: kind === 21 },
      };
    case 13: {
      const [names, types] = [children.map((child) => child.name), children.map((child) => child.type)];
      return { type: { kind: 'struct', names, types }, storage: { kind: 'struct' } };
    }
    case 15:
      return bytesOfWidth(type.int32(0), extension);
    case 16:
      return {
        type: { kind: 'list', element: only(children).type },
        storage: { kind: 'fixed-list', size: type.int32(0) },
      };
    case 17:
      return mapType(only(children));
    case 18:
      return numbers({ kind: 'duration', digits: type.int16(0, 1) * 3 }, 'i8');
    case 23:
      return { type: { kind: 'binary' }, storage: { kind: 'views' } };
    case 24:
      return { type: { kind: isJson ? 'json' : 'text' }, storage: { kind: 'views' } };
    default:
      throw new UnknownType(unreadTypes[kind] ?? `type ${kind}`);
  }
}

const unreadTypes: Record<number, string> = {
  14: 'unions',
  22: 'run-end encoded values',
  25: 'list views',
  26: 'list views',
};

function numbers(type: FieldType, element: ElementName): Typed {
  return { type, storage: { kind: 'numbers', element } };
}

function integerElement(type: Table): ElementName {
  const name = `${type.int8(1) !== 0 ? 'i' : 'u'}${type.int32(0) / 8}`;
  if (/^[iu][1248]$/.test(name)) return name as ElementName;
  throw new Damaged(`its schema has integers of ${type.int32(0)} bits`);
}

function floatType(precision: number): Typed {
  if (precision === 0) return numbers(floats[2], 'f2');
  return precision === 1 ? numbers(floats[4], 'f4') : numbers(floats[8], 'f8');
}

function decimal(precision: number, scale: number, bits: number): Typed {
  if (![32, 64, 128, 256].includes(bits)) throw new Damaged(`its schema has decimals of ${bits} bits`);
  return {
    type: decimals(precision, scale, false),
    storage: { kind: 'fixed', width: bits / 8 },
  };
}

function dateType(milliseconds: boolean): Typed {
  return numbers({ kind: 'date', milliseconds }, milliseconds ? 'i8' : 'i4');
}

/** @param unit seconds, milli-, micro- and nanoseconds from 0 on */
function timeType(unit: number): Typed {
  const wide = unit > 1;
  return numbers({ kind: 'time', digits: unit * 3, wide }, wide ? 'i8' : 'i4');
}

function intervalType(unit: number): Typed {
  const parts = (['months', 'days-milliseconds', 'months-days-nanoseconds'] as const)[unit];
  if (parts === undefined) throw new Damaged('its schema has intervals of an unknown kind');
  return { type: { kind: 'interval', parts }, storage: { kind: 'fixed', width: [4, 8, 16][unit]! } };
}

function bytesOfWidth(width: number, extension: string | undefined): Typed {
  if (width < 1 || width > 2 ** 20) throw new Damaged(`its schema has values of ${width} bytes`);
  const isUuid = extension === 'arrow.uuid' && width === 16;
  return { type: { kind: isUuid ? 'uuid' : 'binary' }, storage: { kind: 'fixed', width } };
}

function mapType({ type }: ArrowField): Typed {
  if (type.kind !== 'struct' || type.types.length !== 2)
    throw new Damaged('its schema has a map of no pairs');
  const [key, value] = type.types as readonly [FieldType, FieldType];
  return { type: { kind: 'map', key, value }, storage: { kind: 'list', wide: false } };
}

function only(children: readonly ArrowField[]): ArrowField {
  if (children.length !== 1) throw new Damaged('its schema has a list of no single element');
  return children[0]!;
}
