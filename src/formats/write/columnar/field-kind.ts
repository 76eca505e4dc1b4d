import type { ValueType } from '../../../values/types.ts';
import type { Sent, WriteColumn } from '../format.ts';

/** One value, in a format of typed columns. */
export type ScalarKind =
  | 'boolean'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'float16'
  | 'float32'
  | 'float64'
  | 'date'
  | 'time'
  | 'timestamp'
  | 'timestamptz'
  | 'uuid'
  | 'bytes'
  | 'text'
  | 'json';

/** What a field's values are. */
export type FieldKind =
  | { kind: 'scalar'; scalar: ScalarKind }
  /** Lists whose elements may be NULL. */
  | { kind: 'array'; element: ScalarKind }
  /** Lists whose elements are never NULL; all of one length where the column says which. */
  | { kind: 'vector'; element: 'float16' | 'float32'; dimensions: number | undefined }
  /** Maps from an index, from 1 on as in pgvector's text, to a float32. */
  | { kind: 'sparse' };

const scalars: Record<string, ScalarKind> = {
  bool: 'boolean',
  int2: 'int16',
  int4: 'int32',
  int8: 'int64',
  float4: 'float32',
  float8: 'float64',
  date: 'date',
  time: 'time',
  timestamp: 'timestamp',
  timestamptz: 'timestamptz',
  uuid: 'uuid',
  bytea: 'bytes',
  json: 'json',
  jsonb: 'json',
  text: 'text',
  varchar: 'text',
  bpchar: 'text',
  name: 'text',
  citext: 'text',
  enum: 'text',
};

/**
 * How a column of this type is best sent. Text are: numeric, whose digits no other type holds; bits, as `0101`; sparse
 * vectors of a column without dimensions, as theirs would be lost in a map; and whatever else there is.
 */
export function sentFor(type: ValueType): Sent {
  return binaryKind(type) === undefined ? 'text' : 'binary';
}

export function fieldKind({ type, sent }: WriteColumn): FieldKind {
  const kind = sent === 'binary' ? binaryKind(type) : undefined;
  return kind ?? { kind: 'scalar', scalar: sent === 'json' ? 'json' : 'text' };
}

function binaryKind({ name, length, element }: ValueType): FieldKind | undefined {
  if (name === 'vector' || name === 'halfvec') {
    return { kind: 'vector', element: name === 'vector' ? 'float32' : 'float16', dimensions: length };
  }
  if (name === 'sparsevec') return length === undefined ? undefined : { kind: 'sparse' };
  const scalar = scalarKind(element?.type ?? { name });
  if (scalar === undefined) return undefined;
  return name === 'array' ? { kind: 'array', element: scalar } : { kind: 'scalar', scalar };
}

function scalarKind({ name }: ValueType): ScalarKind | undefined {
  return Object.hasOwn(scalars, name) ? scalars[name] : undefined;
}
