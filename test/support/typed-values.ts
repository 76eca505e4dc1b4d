import fc from 'fast-check';
import type { Batch } from '../../src/batch.ts';
import type { ValueType } from '../../src/values/types.ts';
import { columnOf } from './columnar-files.ts';

/** A type, and texts of it as PostgreSQL reads them. */
export interface TypedValues {
  type: ValueType;
  texts: fc.Arbitrary<string>;
}

const array = (oid: number, name: string): ValueType => ({
  name: 'array',
  element: { oid, type: { name } },
});
const joined = (element: fc.Arbitrary<string>, most: number, least = 0) =>
  fc.array(element, { minLength: least, maxLength: most }).map((texts) => texts.join(','));
const half = fc.constantFrom(
  '0',
  '-0',
  '1',
  '-2.5',
  '65504',
  '0.00006103515625',
  '5.9604645e-8',
  '0.333251953125',
);
const float = fc.oneof(fc.float({ noNaN: true, noDefaultInfinity: true }).map(String), fc.constant('-0'));
const integer = (bits: number) =>
  fc.bigInt({ min: -(2n ** BigInt(bits - 1)), max: 2n ** BigInt(bits - 1) - 1n }).map(String);
const words = fc.constantFrom('', 'a', 'Ünïcode 😀', 'NULL', 'x'.repeat(70), '"\\,{}', 'line\nfeed');
const day = fc.date({ min: new Date('0001-01-02'), max: new Date('9999-12-30'), noInvalidDate: true });

/** A column of each kind that formats of typed columns know. */
export const typedValues: Record<string, TypedValues> = {
  flag: { type: { name: 'bool' }, texts: fc.constantFrom('true', 'false') },
  small: { type: { name: 'int2' }, texts: integer(16) },
  whole: { type: { name: 'int4' }, texts: integer(32) },
  large: { type: { name: 'int8' }, texts: integer(64) },
  single: { type: { name: 'float4' }, texts: float },
  double: {
    type: { name: 'float8' },
    texts: fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  },
  words: { type: { name: 'text' }, texts: words },
  document: { type: { name: 'jsonb' }, texts: fc.json() },
  bytes: {
    type: { name: 'bytea' },
    texts: fc.uint8Array().map((b) => `\\x${Buffer.from(b).toString('hex')}`),
  },
  uuid: { type: { name: 'uuid' }, texts: fc.uuid() },
  day: { type: { name: 'date' }, texts: day.map((date) => date.toISOString().slice(0, 10)) },
  clock: { type: { name: 'time' }, texts: day.map((date) => `${date.toISOString().slice(11, 23)}456`) },
  moment: { type: { name: 'timestamp' }, texts: day.map((date) => date.toISOString().slice(0, 23)) },
  instant: { type: { name: 'timestamptz' }, texts: day.map((date) => date.toISOString()) },
  vector: { type: { name: 'vector', length: 3 }, texts: joined(float, 3, 3).map((text) => `[${text}]`) },
  anyVector: { type: { name: 'vector' }, texts: joined(float, 5, 1).map((text) => `[${text}]`) },
  half: { type: { name: 'halfvec', length: 2 }, texts: joined(half, 2, 2).map((text) => `[${text}]`) },
  sparse: {
    type: { name: 'sparsevec', length: 9 },
    texts: fc
      .uniqueArray(fc.integer({ min: 1, max: 9 }), { maxLength: 4 })
      .map((at) => `{${at.map((index) => `${index}:${index / 4}`).join(',')}}/9`),
  },
  integers: {
    type: array(23, 'int4'),
    texts: joined(fc.oneof(integer(32), fc.constant('NULL')), 4).map((text) => `{${text}}`),
  },
  flags: {
    type: array(1000, 'bool'),
    texts: joined(fc.constantFrom('t', 'f', 'NULL'), 9).map((text) => `{${text}}`),
  },
  days: {
    type: array(1082, 'date'),
    texts: joined(fc.constantFrom('1999-12-31', '2024-02-29', 'NULL'), 3).map((text) => `{${text}}`),
  },
  list: {
    type: array(25, 'text'),
    texts: joined(
      fc.oneof(
        words.map((word) => JSON.stringify(word).replace('\\n', '\n')),
        fc.constant('NULL'),
      ),
      3,
    ).map((text) => `{${text}}`),
  },
};

/** One value of each. */
const sample: Record<string, string | null> = {
  flag: 'true',
  small: '-7',
  whole: '2147483647',
  large: '-9223372036854775808',
  single: '0.25',
  double: '0.1',
  words: 'Ünïcode 😀',
  document: '{"a":[1,null]}',
  bytes: '\\x00ff',
  uuid: '0a1b2c3d-0000-4000-8000-000000000001',
  day: '1969-12-31',
  clock: '12:30:00.25',
  moment: '2024-02-29 01:02:03.456',
  instant: '1969-12-31 23:59:59.999Z',
  vector: '[1,-0.5,3]',
  anyVector: '[1,2]',
  half: '[0.5,-2]',
  sparse: '{2:1.5,9:-1}/9',
  integers: '{1,NULL,3}',
  flags: '{t,NULL}',
  days: '{1970-01-02}',
  list: '{"",NULL,b}',
};

/** The same with NULL for vectors, and lists and maps of nothing. */
const emptied: Record<string, string | null> = {
  ...sample,
  vector: null,
  anyVector: null,
  half: null,
  sparse: '{}/9',
  integers: '{}',
  list: '{}',
};

/** Two batches of two rows: NULLs, then a value of every kind; NULLs, then lists of nothing. */
export function sampleBatches(): Batch[] {
  return [sample, emptied].map((texts) => ({
    rows: 2,
    columns: Object.entries(typedValues).map(([name, { type }]) => columnOf(type, [null, texts[name]!])),
  }));
}
