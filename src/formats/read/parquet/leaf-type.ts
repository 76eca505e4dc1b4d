import { booleans, decimals, type FieldType, floats, integers } from '../columnar/field-type.ts';
import { Damaged } from '../columnar/values.ts';
import { physical, type SchemaElement } from './metadata.ts';
import type { Storage, View } from './nodes.ts';
import { countAt, structAt, type ThriftStruct } from './thrift.ts';

interface LeafType {
  type: FieldType;
  storage: Storage;
}

// ConvertedType and the fields of the union LogicalType, of parquet.thrift.
const converted = {
  utf8: 0,
  enum: 4,
  decimal: 5,
  date: 6,
  timeMillis: 7,
  timeMicros: 8,
  timestampMillis: 9,
  timestampMicros: 10,
  uint8: 11,
  uint64: 14,
  int8: 15,
  int64: 18,
  json: 19,
  interval: 21,
};
const logical = {
  string: 1,
  enum: 4,
  decimal: 5,
  date: 6,
  time: 7,
  timestamp: 8,
  integer: 10,
  null: 11,
  json: 12,
  uuid: 14,
  half: 15,
};

/** What a leaf's values mean (LogicalTypes.md) and how they lie. */
export function leafType(element: SchemaElement): LeafType {
  const means = (name: keyof typeof converted & keyof typeof logical) =>
    element.convertedType === converted[name] || element.logicalType?.has(logical[name]) === true;
  const decimal = (): FieldType => {
    const { scale, precision } = decimalOf(element);
    return decimals(precision, scale, true);
  };
  switch (element.type) {
    case physical.boolean:
      return { type: booleans, storage: { kind: 'bits' } };
    case physical.int32:
      if (means('decimal')) return fixed(decimal(), 4, 'i4');
      if (means('date')) return fixed({ kind: 'date', milliseconds: false }, 4, 'i4');
      return numeric(timeOf(element, false) ?? integerOf(element, 32));
    case physical.int64:
      if (means('decimal')) return fixed(decimal(), 8, 'i8');
      return numeric(timestampOf(element) ?? timeOf(element, true) ?? integerOf(element, 64));
    case physical.int96:
      return fixed({ kind: 'timestamp', digits: 6, zone: false }, 12, 'int96');
    case physical.float:
      return fixed(floats[4], 4, 'f4');
    case physical.double:
      return fixed(floats[8], 8, 'f8');
    case physical.byteArray:
    case physical.fixed:
      return bytesOf(element, means('decimal') ? decimal() : undefined);
    default:
      throw new Damaged(`its schema has the unknown type ${element.type}`);
  }
}

function fixed(type: FieldType, width: number, view: View): LeafType {
  return { type, storage: { kind: 'fixed', width, view } };
}

function numeric(type: FieldType): LeafType {
  if (type.kind === 'number') {
    const view = type.element as View;
    return fixed(type, view === 'i8' || view === 'u8' ? 8 : 4, view);
  }
  const wide = type.kind === 'timestamp' || (type.kind === 'time' && type.wide);
  return fixed(type, wide ? 8 : 4, wide ? 'i8' : 'i4');
}

function integerOf({ convertedType, logicalType }: SchemaElement, width: 32 | 64): FieldType {
  const said = logicalType && structAt(logicalType, logical.integer);
  const old = convertedType ?? -1;
  let [bits, signed] = [width as number, true];
  if (said !== undefined) [bits, signed] = [Math.min(width, countAt(said, 1, width)), said.get(2) !== false];
  else if (old >= converted.uint8 && old <= converted.uint64)
    [bits, signed] = [8 << (old - converted.uint8), false];
  else if (old >= converted.int8 && old <= converted.int64) bits = 8 << (old - converted.int8);
  if (width === 32) return integers(!signed && bits === 32 ? 'u4' : 'i4', bits, signed);
  return integers(!signed && bits === 64 ? 'u8' : 'i8', bits, signed);
}

function timeOf({ convertedType, logicalType }: SchemaElement, wide: boolean): FieldType | undefined {
  const said = logicalType && structAt(logicalType, logical.time);
  if (said !== undefined) return { kind: 'time', digits: unitDigits(said), wide };
  if (convertedType === converted.timeMillis) return { kind: 'time', digits: 3, wide };
  return convertedType === converted.timeMicros ? { kind: 'time', digits: 6, wide } : undefined;
}

function timestampOf({ convertedType, logicalType }: SchemaElement): FieldType | undefined {
  const said = logicalType && structAt(logicalType, logical.timestamp);
  if (said !== undefined) return { kind: 'timestamp', digits: unitDigits(said), zone: said.get(1) === true };
  if (convertedType === converted.timestampMillis) return { kind: 'timestamp', digits: 3, zone: true };
  return convertedType === converted.timestampMicros
    ? { kind: 'timestamp', digits: 6, zone: true }
    : undefined;
}

/** TimeUnit, a union of nothing but its choice: milli-, micro- or nanoseconds. */
function unitDigits(said: ThriftStruct): number {
  const unit = structAt(said, 2);
  return unit?.has(1) ? 3 : unit?.has(3) ? 9 : 6;
}

function decimalOf({ scale, precision, logicalType }: SchemaElement): { scale: number; precision: number } {
  const said = logicalType && structAt(logicalType, logical.decimal);
  if (said === undefined) return { scale, precision };
  return { scale: countAt(said, 1, 0), precision: countAt(said, 2, 0) };
}

function bytesOf(element: SchemaElement, decimal: FieldType | undefined): LeafType {
  const { type, typeLength, convertedType, logicalType } = element;
  const says = (id: number) => logicalType?.has(id) === true;
  const isFixed = type === physical.fixed;
  if (isFixed && (typeLength < 1 || typeLength > 2 ** 20)) {
    throw new Damaged(`its schema has values of ${typeLength} bytes`);
  }
  const storage: Storage = isFixed ? { kind: 'fixed', width: typeLength, view: 'bytes' } : { kind: 'bytes' };
  if (decimal !== undefined) return { type: decimal, storage };
  if (says(logical.half) && typeLength === 2) return fixed(floats[2], 2, 'f2');
  if (says(logical.uuid) && typeLength === 16) return { type: { kind: 'uuid' }, storage };
  if (convertedType === converted.interval && typeLength === 12) {
    return { type: { kind: 'interval', parts: 'months-days-milliseconds' }, storage };
  }
  if (convertedType === converted.json || says(logical.json)) return { type: { kind: 'json' }, storage };
  const isText =
    convertedType === converted.utf8 ||
    convertedType === converted.enum ||
    says(logical.string) ||
    says(logical.enum) ||
    says(logical.null);
  return { type: { kind: isText ? 'text' : 'binary' }, storage };
}
