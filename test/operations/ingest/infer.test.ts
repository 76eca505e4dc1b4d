import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inferType } from '../../../src/operations/ingest/infer.ts';
import { TAKEN } from '../../../src/text-reader.ts';
import { textReader } from '../../../src/values/types.ts';

const uuid = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11';

describe('the type of a field', () => {
  test.each<[string, (string | null)[]]>([
    ['int8', ['1', null, '-20']],
    ['int8', ['0']],
    ['int8', ['9223372036854775807', '-9223372036854775808']],
    ['text', ['007', '8']],
    ['text', ['1', '+1']],
    ['text', ['9223372036854775808']],
    ['text', ['-9223372036854775809']],
    ['text', [' 1']],
    ['text', ['00']],
    ['float8', ['1', '2.5']],
    ['float8', ['1e5', '-1.5E-3', '.5', '5.', '-0']],
    ['text', ['1.5', '007.5']],
    ['text', ['1.5', '12345678901234567890']],
    ['text', ['1e400']],
    ['text', ['1e-400']],
    ['text', ['NaN']],
    ['text', ['0x10']],
    ['bool', ['true', 'FALSE', 't', null]],
    ['text', ['true', 'yes']],
    ['text', ['yes', 'no']],
    ['int8', ['1', '0']],
    ['uuid', [uuid, uuid.toUpperCase()]],
    ['text', [uuid, uuid.replaceAll('-', '')]],
    ['timestamptz', ['2024-02-29 12:30:15', '2024-02-29T12:30:15.123456Z', '2024-02-29 12:30+05:30']],
    ['text', ['2024-02-29']],
    ['text', ['2024-02-30 12:30:15']],
    ['text', ['2024-02-29 24:30:15']],
    ['text', ['2024-02-29 12:30:15.1234567']],
    ['text', ['2024-02-29 12:30:61']],
    ['text', ['29.02.2024 12:30']],
    ['jsonb', ['{"a": [1, "x"]}', ' {} ']],
    ['text', ['{"a": 1}', '{a,b}']],
    ['text', ['"x"', 'null']],
    ['text', ['', '1']],
    ['text', [null, null]],
    ['text', []],
  ])('%s: %j', (type, values) => {
    expect(inferType(values)).toEqual({ name: type });
  });

  test.each<[number, string[]]>([
    [3, ['[1,2,3]', ' [ 1 , 2.5 ,-3e-2 ] ']],
    [1, ['[1]']],
    [2, ['[1,nan]', '[1,2]']],
  ])('vector(%i): %j', (dimensions, values) => {
    expect(inferType(values)).toEqual({ name: 'vector', dimensions });
  });

  test.each([[['[1,2]', '[1]']], [['[]']], [['[1,2]', 'x']], [['["a"]']], [['[[1]]']]])(
    'no vector: %j',
    (values) => {
      expect(inferType(values)).toEqual({ name: 'text' });
    },
  );
});

test('whatever type a sample gets, its reader takes every value of it', () => {
  const digits = fc.constantFrom('0', '1', '9', '-', '+', '.', 'e', 'E', ':', ' ', 'T', 'Z', 'f', 'a');
  const two = (most: number) => fc.integer({ min: 0, max: most }).map((n) => String(n).padStart(2, '0'));
  const dateTime = fc
    .tuple(
      fc.constantFrom('2024', '0001', '1900', '0000'),
      two(13),
      two(32),
      fc.constantFrom(' ', 'T'),
      two(25),
      two(61),
    )
    .map(([year, month, day, between, hour, minute]) => `${year}-${month}-${day}${between}${hour}:${minute}`);
  const value = fc.oneof(
    fc.array(digits, { minLength: 1, maxLength: 12 }).map((parts) => parts.join('')),
    fc.double().map(String),
    fc.bigInt().map(String),
    dateTime,
    fc
      .tuple(dateTime, fc.constantFrom(':30', ':60', '+14', '-16', 'Z', ':05.5+05:30'))
      .map((parts) => parts.join('')),
    fc.constantFrom('true', 'f', 'yes', uuid, `${uuid}0`),
  );
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 3 }), (values) => {
      const { name } = inferType(values);
      // "0 0. 0": a vector, whose reader goes by the form that it is written in.
      fc.pre(name !== 'vector');
      const reader = textReader({ name }, { utc: true, canonical: true })!;
      for (const text of values) expect(reader.read(Buffer.from(text), 0, text.length)).toBe(TAKEN);
    }),
    { numRuns: 5000 },
  );
});
