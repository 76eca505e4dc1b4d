import { type FieldKind, fieldKind, type ScalarKind } from '../columnar/field-kind.ts';
import { typesKey, typesMetadata } from '../columnar/sql-types.ts';
import type { WriteColumn } from '../format.ts';
import type { Table, Value } from './flatbuffer.ts';

// The tables of https://github.com/apache/arrow/blob/main/format/Schema.fbs. A field's type is one of a union: its number,
// and its own table.

interface Type {
  number: number;
  table: Table;
  /** The name of what it means, where the type itself does not say (https://arrow.apache.org/docs/format/CanonicalExtensions.html). */
  extension?: string;
}

const int = (bits: number): Type => ({ number: 2, table: [{ int32: bits }, { int8: 1 }] });
/** @param precision half, single or double, from 0 */
const floatingPoint = (precision: number): Type => ({ number: 3, table: [{ int16: precision }] });
const text: Type = { number: 5, table: [] };
const microseconds: Value = { int16: 2 };

const scalarTypes: Record<ScalarKind, Type> = {
  boolean: { number: 6, table: [] },
  int16: int(16),
  int32: int(32),
  int64: int(64),
  float16: floatingPoint(0),
  float32: floatingPoint(1),
  float64: floatingPoint(2),
  date: { number: 8, table: [{ int16: 0 }] },
  time: { number: 9, table: [microseconds, { int32: 64 }] },
  timestamp: { number: 10, table: [microseconds] },
  timestamptz: { number: 10, table: [microseconds, { text: 'UTC' }] },
  uuid: { number: 15, table: [{ int32: 16 }], extension: 'arrow.uuid' },
  bytes: { number: 4, table: [] },
  text,
  json: { ...text, extension: 'arrow.json' },
};
const list: Type = { number: 12, table: [] };
const struct: Type = { number: 13, table: [] };
const map: Type = { number: 17, table: [] };
const fixedList = (size: number): Type => ({ number: 16, table: [{ int32: size }] });

/** The schema, with the columns' types in the database. Every column may be NULL, whatever the table says. */
export function schemaTable(columns: readonly WriteColumn[]): Table {
  return [
    { int16: 0 }, // little-endian
    { tables: columns.map((column) => fieldTable(column.name, true, fieldKind(column))) },
    { tables: [keyValue(typesKey, typesMetadata(columns))] },
  ];
}

function fieldTable(name: string, nullable: boolean, kind: FieldKind): Table {
  switch (kind.kind) {
    case 'scalar':
      return field(name, nullable, scalarTypes[kind.scalar], []);
    case 'array':
      return field(name, nullable, list, [field('item', true, scalarTypes[kind.element], [])]);
    case 'vector': {
      const { dimensions, element } = kind;
      const type = dimensions === undefined ? list : fixedList(dimensions);
      return field(name, nullable, type, [field('item', false, scalarTypes[element], [])]);
    }
    default: {
      const [key, value] = [scalarTypes.int32, scalarTypes.float32];
      const entry = field('entries', false, struct, [
        field('key', false, key, []),
        field('value', false, value, []),
      ]);
      return field(name, nullable, map, [entry]);
    }
  }
}

function field(name: string, nullable: boolean, type: Type, children: readonly Table[]): Table {
  const { number, table, extension } = type;
  const metadata =
    extension === undefined
      ? []
      : [keyValue('ARROW:extension:name', extension), keyValue('ARROW:extension:metadata', '')];
  return [
    { text: name },
    { int8: nullable ? 1 : 0 },
    { int8: number },
    { table },
    undefined, // no dictionary
    { tables: children },
    { tables: metadata },
  ];
}

function keyValue(key: string, value: string): Table {
  return [{ text: key }, { text: value }];
}
