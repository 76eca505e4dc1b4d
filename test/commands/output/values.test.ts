import fc from 'fast-check';
import { expect, test } from 'vitest';
import { csvRecord } from '../../../commands/output/csv.ts';
import { jsonDocument, jsonLine, jsonPieces } from '../../../commands/output/json.ts';
import { redact } from '../../../commands/output/redact.ts';
import { byteRate, bytes, count, counted, duration, rowRate } from '../../../commands/output/units.ts';
import { displayWidth, shorten } from '../../../commands/output/width.ts';

test('JSON keeps integers exact and has no NaN', () => {
  expect(jsonLine({ a: 2n ** 60n, b: 12n, c: Number.NaN, d: -Infinity, e: undefined })).toBe(
    '{"a":"1152921504606846976","b":12,"c":null,"d":null}\n',
  );
  expect(jsonDocument({ a: [1] })).toBe('{\n  "a": [\n    1\n  ]\n}\n');
});

test('a document in pieces is the same, whatever it holds, and each object of a list is a piece', () => {
  const value = fc.anything({
    withNullPrototype: false,
    withBigInt: true,
    withDate: true,
    values: [
      fc.string(),
      fc.integer(),
      fc.double(),
      fc.bigInt(),
      fc.constantFrom(null, undefined, true, 'a\nb'),
    ],
  });
  fc.assert(
    fc.property(
      fc.oneof(value, fc.array(fc.record({ a: value, b: fc.array(fc.record({ c: value })) }))),
      (each) => {
        fc.pre(each !== undefined);
        expect([...jsonPieces(each)].join('')).toBe(jsonDocument(each));
      },
    ),
    { numRuns: 150 },
  );
  const long = Array.from({ length: 1000 }, (_, id) => ({ id }));
  expect([...jsonPieces({ a: [{ long }] })].length).toBeGreaterThan(1000);
});

test('a CSV record is quoted as COPY quotes it', () => {
  expect(csvRecord(['a,b', 'say "x"', 'two\nlines', '', null, true, 1.5, { a: 1 }, '\\.', ' x'])).toBe(
    '"a,b","say ""x""","two\nlines","",,t,1.5,"{""a"":1}","\\."," x"\n',
  );
});

test.each([
  ['postgresql://me:s3cr3t@db.example.com/app', 'postgresql://me:***@db.example.com/app'],
  ['postgres://me:p@ss:w@h:5432/x and postgres://a:b@c', 'postgres://me:***@h:5432/x and postgres://a:***@c'],
  ["host=h password='a \\'b' user=me", 'host=h password=*** user=me'],
  ['host=h password=abc user=me', 'host=h password=*** user=me'],
  ['postgres://h/db?password=abc&sslmode=require', 'postgres://h/db?password=***&sslmode=require'],
  ["CREATE ROLE a LOGIN PASSWORD 'it''s' VALID", "CREATE ROLE a LOGIN PASSWORD '***' VALID"],
  ['password authentication failed for user "me"', 'password authentication failed for user "me"'],
  ['postgresql://localhost:5432/app', 'postgresql://localhost:5432/app'],
])('passwords are struck out of %s', (text, expected) => {
  expect(redact(text)).toBe(expected);
});

test('counts', () => {
  expect([0, 999, 1000, 1234567].map(count)).toEqual(['0', '999', '1,000', '1,234,567']);
  expect([counted(1, 'row'), counted(2000, 'row'), counted(2, 'index', 'indexes')]).toEqual([
    '1 row',
    '2,000 rows',
    '2 indexes',
  ]);
});

test('bytes, in PostgreSQL’s units', () => {
  expect([0, 1023, 1024, 1536, 40_000_000, 513_802_240, 2 ** 40].map(bytes)).toEqual([
    '0 bytes',
    '1,023 bytes',
    '1 kB',
    '1.5 kB',
    '38.1 MB',
    '490 MB',
    '1 TB',
  ]);
});

test('durations and rates', () => {
  expect([0.834, 12.34, 59.96, 65, 3599.6, 7380].map(duration)).toEqual([
    '0.83 s',
    '12.3 s',
    '1 min 00 s',
    '1 min 05 s',
    '1 h 00 min',
    '2 h 03 min',
  ]);
  expect(rowRate(50_000, 12.3)).toBe('4,065 rows/s');
  expect(byteRate(1024 * 1024, 0.5)).toBe('2 MB/s');
});

test('width counts what a terminal shows', () => {
  expect(['abc', 'né', '漢字', '🎉', 'e\u0301'].map(displayWidth)).toEqual([3, 2, 4, 2, 1]);
  expect(shorten('abcdef', 6)).toBe('abcdef');
  expect(shorten('abcdefg', 6)).toBe('abcde…');
  expect(shorten('漢字漢字', 6)).toBe('漢字…');
});
