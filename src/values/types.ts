import type { TextReader } from '../text-reader.ts';
import { denseReader } from '../vector/dense-reader.ts';
import { sparseReader } from '../vector/sparse-reader.ts';
import { arrayReader } from './array-reader.ts';
import { bitsReader } from './bits-reader.ts';
import { booleanReader } from './boolean.ts';
import { byteaReader } from './bytea.ts';
import { jsonReader, nameReader, utf8Reader } from './bytes-reader.ts';
import { dateReader, timeReader, timestampReader } from './datetime.ts';
import { float32Reader, float64Reader } from './floats.ts';
import { int16Reader, int32Reader, int64Reader } from './integers.ts';
import { numericReader } from './numeric.ts';
import { uuidReader } from './uuid.ts';

/** A column's type as far as its binary form goes: domains are their base type, enums text. Plain data. */
export interface ValueType {
  /** pg_type.typname: `int8`, `text`, `vector`; `array` for all arrays. */
  name: string;
  /** Dimensions of a vector type, bits of bit(n); undefined where the column leaves them open. */
  length?: number | undefined;
  element?: { oid: number; type: ValueType } | undefined;
}

/** What the reading of text depends on besides the type. */
export interface SessionFacts {
  /** The session's TimeZone is UTC. */
  utc: boolean;
}

export interface ReadingOptions extends SessionFacts {
  /** A value must print as it was written, as far as that can be: `007` is no integer. */
  canonical: boolean;
}

type ReaderOf = (type: ValueType, options: ReadingOptions) => TextReader | undefined;

/** Every type that we write in binary ourselves. A column of any other goes by text, and its table with it. */
const readers: Record<string, ReaderOf> = {
  vector: ({ length }) => denseReader('vector', length),
  halfvec: ({ length }) => denseReader('halfvec', length),
  sparsevec: ({ length }) => sparseReader(length),
  bit: ({ length }) => bitsReader(length),
  varbit: () => bitsReader(undefined),
  text: utf8Reader,
  varchar: utf8Reader,
  bpchar: utf8Reader,
  name: nameReader,
  citext: utf8Reader,
  enum: utf8Reader,
  json: utf8Reader,
  jsonb: jsonReader,
  bool: (_, options) => booleanReader(options),
  int2: (_, options) => int16Reader(options),
  int4: (_, options) => int32Reader(options),
  int8: (_, options) => int64Reader(options),
  float4: float32Reader,
  float8: (_, options) => float64Reader(options),
  numeric: numericReader,
  uuid: uuidReader,
  bytea: byteaReader,
  date: dateReader,
  time: timeReader,
  timestamp: (_, { utc }) => timestampReader({ zone: false, utc }),
  timestamptz: (_, { utc }) => timestampReader({ zone: true, utc }),
  array: ({ element }, options) => {
    const reader = element && textReader(element.type, options);
    return reader && arrayReader(element.oid, reader);
  },
};

/** A reader of this type's text, or undefined where we do not know its binary form. */
export function textReader(type: ValueType, options: ReadingOptions): TextReader | undefined {
  return Object.hasOwn(readers, type.name) ? readers[type.name]!(type, options) : undefined;
}
