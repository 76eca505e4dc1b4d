import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { BytesColumn, Column } from '../../../src/batch.ts';
import { csvFormat, tsvFormat } from '../../../src/formats/write/csv/csv.ts';
import { jsonlFormat } from '../../../src/formats/write/jsonl/jsonl.ts';
import { jsonStringLength, printJsonString } from '../../../src/json-string.ts';
import { writeColumn, written } from '../../support/written.ts';

/** Texts in bytes that begin and end with others'; NULL where there is none. */
function texts(values: readonly (string | null)[]): BytesColumn {
  const bytes = ['"', ...values.map((value) => value ?? ''), '"'].map((value) => Buffer.from(value));
  let end = 1;
  const validity = new Uint8Array((values.length + 7) >> 3);
  values.forEach((value, i) => {
    if (value !== null) validity[i >> 3]! |= 1 << (i & 7);
  });
  return {
    kind: 'utf8',
    offsets: Int32Array.from([1, ...bytes.slice(1, -1).map(({ length }) => (end += length))]),
    bytes: Buffer.concat(bytes),
    validity: values.includes(null) ? validity : undefined,
  };
}

const field = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: fc.constantFrom('"', '\n', '\r', ',', '\t', '\\', 'a', '\x01'), maxLength: 50 }),
  fc.constant('x'.repeat(100)),
  fc.constant(`${'x'.repeat(100)}"${'y'.repeat(100)}`),
);
// PostgreSQL's text holds no zero byte.
const text = field.map((value) => value.replaceAll('\0', ''));
const table = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 0, max: 12 }))
  .chain(([columns, rows]) =>
    fc.array(fc.array(fc.option(text), { minLength: columns, maxLength: columns }), {
      minLength: rows,
      maxLength: rows,
    }),
  );

const column = (rows: readonly (readonly (string | null)[])[], i: number) =>
  texts(rows.map((row) => row[i]!));

describe.each([
  { format: csvFormat, delimiter: ',' },
  { format: tsvFormat, delimiter: '\t' },
])('$format.name', ({ format, delimiter }) => {
  test('is read by others, NULL told from an empty text', () => {
    fc.assert(
      fc.property(table, table, (first, second) => {
        const names = ['a', 'b "c"', `d${delimiter}e`, 'f'].slice(0, Math.max(1, first[0]?.length ?? 1));
        const batches = [first, second.map((row) => names.map((_, i) => row[i] ?? null))].map((rows) => ({
          rows: rows.length,
          columns: names.map((_, i) => column(rows, i)),
        }));
        const file = written(
          format,
          names.map((name) => writeColumn(format, name, 'text')),
          batches,
        ).get('')!;
        const read = parse(file, {
          delimiter,
          skip_empty_lines: false,
          relax_column_count: true,
          record_delimiter: '\n',
          cast: (value, { quoting }) => (value === '' && !quoting ? null : value),
        });
        const records = [names, ...first, ...second.map((row) => names.map((_, i) => row[i] ?? null))];
        expect(read).toEqual(records);
      }),
    );
  });
});

test('a lone line end of either kind is quoted, and so is what reads as NULL', () => {
  const values = ['a\rb', 'a\nb', 'a\tb', '', null, '\\.'];
  const columns = ['a', 'b'].map((name) => writeColumn(csvFormat, name, 'text'));
  const batch = { rows: values.length, columns: [texts(values), texts(values)] };
  const fields = ['"a\rb"', '"a\nb"', 'a\tb', '""', '', '\\.'];
  const file = written(csvFormat, columns, [batch]).get('')!.toString();
  expect(file).toBe(`a,b\n${fields.map((field) => `${field},${field}\n`).join('')}`);
});

test('what is longer than the buffer was at first', () => {
  const long = Array.from({ length: 5 }, (_, i) => '"long"\n'.repeat(20_000 * i));
  const columns = (format: typeof csvFormat) => [writeColumn(format, 'a', 'text')];
  const batches = [
    { rows: 5, columns: [texts(long)] },
    { rows: 1, columns: [texts(['short'])] },
  ];
  const csv = written(csvFormat, columns(csvFormat), batches).get('')!;
  expect(parse(csv, { columns: ['a'], from_line: 2 })).toEqual([...long, 'short'].map((a) => ({ a })));
  const lines = written(jsonlFormat, columns(jsonlFormat), batches).get('')!.toString().split('\n');
  expect(lines.slice(0, -1).map((line) => JSON.parse(line))).toEqual([...long, 'short'].map((a) => ({ a })));
});

test('JSON lines of texts', () => {
  fc.assert(
    fc.property(table, fc.uniqueArray(text, { minLength: 4, maxLength: 4 }), (rows, keys) => {
      const names = keys.slice(0, Math.max(1, rows[0]?.length ?? 1));
      const columns = names.map((name) => writeColumn(jsonlFormat, name, 'text'));
      const batch = { rows: rows.length, columns: names.map((_, i) => column(rows, i)) };
      const lines = written(jsonlFormat, columns, [batch]).get('')!.toString().split('\n');
      expect(lines.pop()).toBe('');
      expect(lines.map((line) => Object.entries(JSON.parse(line)))).toEqual(
        rows.map((row) => Object.entries(Object.fromEntries(names.map((name, i) => [name, row[i]])))),
      );
    }),
  );
});

test('an object has a name once', () => {
  const columns = ['a', 'b', 'a'].map((name) => writeColumn(jsonlFormat, name, 'text'));
  expect(() => jsonlFormat.check!(columns)).toThrow('two columns are called a');
  expect(() => jsonlFormat.check!(columns.slice(1))).not.toThrow();
});

test('a JSON string takes the room that is asked for', () => {
  fc.assert(
    fc.property(text, (value) => {
      const bytes = Buffer.from(value);
      const length = jsonStringLength(bytes, 0, bytes.length);
      const out = new Uint8Array(length);
      expect(printJsonString(bytes, 0, bytes.length, out, 0)).toBe(length);
      expect(JSON.parse(Buffer.from(out).toString())).toBe(value);
    }),
  );
});

describe('numbers', () => {
  const valid = { validity: undefined };
  const int64s = [
    0n,
    -1n,
    9n,
    10n,
    4294967295n,
    4294967296n,
    -4294967297n,
    2n ** 53n - 1n,
    -(2n ** 53n),
    2n ** 53n + 1n,
  ];
  const cases: [string, Column, string[]][] = [
    ['int2', { kind: 'int16', values: Int16Array.of(-32768, 0, 32767), ...valid }, ['-32768', '0', '32767']],
    [
      'int4',
      { kind: 'int32', values: Int32Array.of(-(2 ** 31), 99, 100, 2 ** 31 - 1), ...valid },
      ['-2147483648', '99', '100', '2147483647'],
    ],
    [
      'int8',
      { kind: 'int64', values: BigInt64Array.from([...int64s, 2n ** 63n - 1n, -(2n ** 63n)]), ...valid },
      [...int64s, 2n ** 63n - 1n, -(2n ** 63n)].map(String),
    ],
  ];

  test.each(cases)('%s', (type, column, expected) => {
    const print = (format: typeof csvFormat) =>
      written(format, [writeColumn(format, 'n', type)], [{ rows: expected.length, columns: [column] }])
        .get('')!
        .toString();
    expect(print(csvFormat)).toBe(`n\n${expected.join('\n')}\n`);
    expect(print(jsonlFormat)).toBe(expected.map((digits) => `{"n":${digits}}\n`).join(''));
  });

  test('random ones, of every size', () => {
    const integer = fc
      .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
      .chain((value) => fc.integer({ min: 0, max: 63 }).map((shift) => value >> BigInt(shift)));
    fc.assert(
      fc.property(fc.array(integer, { minLength: 1 }), (values) => {
        const column: Column = { kind: 'int64', values: BigInt64Array.from(values), ...valid };
        const columns = [writeColumn(csvFormat, 'n', 'int8')];
        const file = written(csvFormat, columns, [{ rows: values.length, columns: [column] }]).get('')!;
        expect(file.toString()).toBe(`n\n${values.join('\n')}\n`);
      }),
    );
  });
});
