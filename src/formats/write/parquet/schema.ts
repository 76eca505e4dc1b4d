import { type FieldKind, fieldKind, type ScalarKind } from '../columnar/field-kind.ts';
import type { WriteColumn } from '../format.ts';
import { type Fields, type Thrift, text } from './thrift.ts';

/** A column's part of the schema. */
export interface ParquetField {
  /** SchemaElements, depth first. */
  elements: Thrift[];
  leaves: Leaf[];
}

/** What stands in pages. */
export interface Leaf {
  path: readonly string[];
  /** Type of parquet.thrift. */
  type: number;
  /** How its values are laid out behind one another: as they are, in bits, or their bytes apart. */
  layout: 'plain' | 'flags' | 'split';
  repeated: boolean;
  /** The definition level of a value. */
  highest: number;
}

const [REQUIRED, OPTIONAL, REPEATED] = [0, 1, 2];
const [BOOLEAN, INT32, INT64, FLOAT, DOUBLE, BYTE_ARRAY, FIXED] = [0, 1, 2, 4, 5, 6, 7] as const;

/** The struct of a type that says nothing but its name. */
const itself: Thrift = { struct: {} };
const microseconds: Thrift = { struct: { 2: itself } };
const timeOf = (utc: boolean): Thrift => ({ struct: { 1: { bool: utc }, 2: microseconds } });

/** Physical type, bytes of a fixed one, ConvertedType (for old readers, where one means the same) and LogicalType. */
const scalarTypes: Record<
  ScalarKind,
  { type: number; width?: number; converted?: number; logical?: Fields }
> = {
  boolean: { type: BOOLEAN },
  int16: { type: INT32, converted: 16, logical: { 10: { struct: { 1: { i8: 16 }, 2: { bool: true } } } } },
  int32: { type: INT32 },
  int64: { type: INT64 },
  float16: { type: FIXED, width: 2, logical: { 15: itself } },
  float32: { type: FLOAT },
  float64: { type: DOUBLE },
  date: { type: INT32, converted: 6, logical: { 6: itself } },
  time: { type: INT64, logical: { 7: timeOf(false) } },
  timestamp: { type: INT64, logical: { 8: timeOf(false) } },
  timestamptz: { type: INT64, converted: 10, logical: { 8: timeOf(true) } },
  uuid: { type: FIXED, width: 16, logical: { 14: itself } },
  bytes: { type: BYTE_ARRAY },
  text: { type: BYTE_ARRAY, converted: 0, logical: { 1: itself } },
  json: { type: BYTE_ARRAY, converted: 19, logical: { 12: itself } },
};

/** A list and a map, as ConvertedType and as LogicalType. */
const [list, map] = [
  { converted: 3, logical: { 3: itself } },
  { converted: 1, logical: { 2: itself } },
];

/**
 * Every column may be NULL, whatever the table says: it costs nothing, and is what readers expect. Lists are of three
 * levels, maps have keys and values (Parquet's LogicalTypes.md).
 */
export function parquetField(column: WriteColumn): ParquetField {
  const { name } = column;
  const kind = fieldKind(column);
  switch (kind.kind) {
    case 'scalar':
      return {
        elements: [scalarElement(name, OPTIONAL, kind.scalar)],
        leaves: [leaf([name], kind.scalar, { repeated: false, highest: 1 })],
      };
    case 'sparse':
      return {
        elements: [
          groupElement(name, OPTIONAL, 1, map),
          groupElement('key_value', REPEATED, 2),
          scalarElement('key', REQUIRED, 'int32'),
          scalarElement('value', REQUIRED, 'float32'),
        ],
        leaves: [
          leaf([name, 'key_value', 'key'], 'int32', { repeated: true, highest: 2 }),
          leaf([name, 'key_value', 'value'], 'float32', { repeated: true, highest: 2 }),
        ],
      };
    default:
      return listField(name, kind);
  }
}

/** The root of the schema. */
export function rootElement(columns: number): Thrift {
  return groupElement('schema', undefined, columns);
}

function listField(name: string, kind: FieldKind & { kind: 'array' | 'vector' }): ParquetField {
  const { element } = kind;
  const nullable = kind.kind === 'array';
  return {
    elements: [
      groupElement(name, OPTIONAL, 1, list),
      groupElement('list', REPEATED, 1),
      scalarElement('element', nullable ? OPTIONAL : REQUIRED, element),
    ],
    leaves: [leaf([name, 'list', 'element'], element, { repeated: true, highest: nullable ? 3 : 2 })],
  };
}

function leaf(path: readonly string[], kind: ScalarKind, levels: Pick<Leaf, 'repeated' | 'highest'>): Leaf {
  const layout = kind === 'boolean' ? 'flags' : kind === 'float32' && levels.repeated ? 'split' : 'plain';
  return { path, type: scalarTypes[kind].type, layout, ...levels };
}

function scalarElement(name: string, repetition: number, kind: ScalarKind): Thrift {
  const { type, width, converted, logical } = scalarTypes[kind];
  return {
    struct: {
      1: { i32: type },
      2: width === undefined ? undefined : { i32: width },
      3: { i32: repetition },
      4: text(name),
      6: converted === undefined ? undefined : { i32: converted },
      10: logical && { struct: logical },
    },
  };
}

function groupElement(
  name: string,
  repetition: number | undefined,
  children: number,
  type?: { converted: number; logical: Fields },
): Thrift {
  return {
    struct: {
      3: repetition === undefined ? undefined : { i32: repetition },
      4: text(name),
      5: { i32: children },
      6: type && { i32: type.converted },
      10: type && { struct: type.logical },
    },
  };
}
