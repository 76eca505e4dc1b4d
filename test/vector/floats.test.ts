import { beforeAll, expect, test } from 'vitest';
import { binaryHeader, binaryTrailer, encodeBinary } from '../../src/copy/binary.ts';
import type { Database } from '../../src/database/database.ts';
import { TAKEN, type TextReader, UNSURE } from '../../src/text-reader.ts';
import { arrayReader } from '../../src/values/array-reader.ts';
import { float32Reader, float64Reader } from '../../src/values/floats.ts';
import { int32Reader } from '../../src/values/integers.ts';
import { denseReader } from '../../src/vector/dense-reader.ts';
import { exactFloat32 } from '../../src/vector/float32.ts';
import { floatToHalf, halfToFloat } from '../../src/vector/half.ts';
import { eachDatabase } from '../support/databases.ts';
import { cornerDecimals, decimals } from '../support/decimals.ts';

// A decimal read here is bit for bit what the database makes of the same text, shown on a million of them.

const perRow = 16_000;
const million = [...cornerDecimals, ...decimals(63 * perRow - cornerDecimals.length, 20_240_229)];

/** What overflows is an error, and has a test of its own. */
const inRange = million.filter((text) => Math.abs(Number(text)) < 2 ** 128 - 2 ** 103);

function rowsOf(numbers: readonly string[]): string[][] {
  const rows: string[][] = [];
  for (let at = 0; at < numbers.length; at += perRow) rows.push(numbers.slice(at, at + perRow));
  return rows;
}

/** Loads the literals into `ours` through the reader and into `theirs` through the database's, and compares. */
async function compare(database: Database, type: string, reader: TextReader, literals: readonly string[]) {
  for (const table of ['ours', 'theirs']) {
    await database.query(`DROP TABLE IF EXISTS ${table}`);
    await database.query(`CREATE UNLOGGED TABLE ${table} (k int, v ${type})`);
  }
  const chunks = literals.map((literal, i) => {
    const keys = int32Reader();
    keys.read(Buffer.from(String(i)), 0, String(i).length);
    const bytes = Buffer.from(literal);
    expect([literal.slice(0, 100), reader.read(bytes, 0, bytes.length)]).toEqual([
      literal.slice(0, 100),
      TAKEN,
    ]);
    return encodeBinary({ rows: 1, columns: [keys.take(), reader.take()] });
  });
  const copied = [binaryHeader.slice(), ...chunks, binaryTrailer.slice()];
  await database.copyIn('COPY ours FROM STDIN (FORMAT binary)', copied);
  const lines = literals.map((literal, i) => Buffer.from(`${i}\t${literal}\n`));
  await database.copyIn('COPY theirs FROM STDIN', lines);
  const send = type.endsWith('[]') ? 'array_send' : `${type}_send`;
  const real = type === 'float8[]' ? type : 'float4[]';
  const { rows } = await database.query<{ k: number; ours: string; theirs: string }>(
    `SELECT k, ours.v::${real}::text AS ours, theirs.v::${real}::text AS theirs FROM ours JOIN theirs USING (k)
WHERE ${send}(ours.v) IS DISTINCT FROM ${send}(theirs.v) ORDER BY k LIMIT 1`,
  );
  for (const { k, ours, theirs } of rows) {
    const [read, expected] = [ours.split(','), theirs.split(',')];
    const texts = literals[k]!.slice(1, -1).split(',');
    const different = texts.flatMap((text, i) =>
      read[i] === expected[i] ? [] : [{ text, ours: read[i], theirs: expected[i] }],
    );
    expect(different.slice(0, 5)).toEqual([]);
  }
  expect(rows).toEqual([]);
  const count = await database.query('SELECT count(*) AS n FROM ours JOIN theirs USING (k)');
  expect(count.rows).toEqual([{ n: literals.length }]);
}

eachDatabase((fixture) => {
  let database: Database;

  beforeAll(async () => {
    database = await fixture.open();
    await database.query('CREATE EXTENSION vector');
  });

  // The embedded database is slower, and its strtof is another: a tenth there.
  const numbers = () =>
    fixture.kind === 'server' ? inRange : inRange.filter((_, i) => i < 400 || i % 10 === 0);

  test('vector', async () => {
    const literals = rowsOf(numbers()).map((row) => `[${row.join(',')}]`);
    await compare(database, 'vector', denseReader('vector', undefined), literals);
  });

  test('halfvec', async () => {
    const fitting = [...numbers().filter((text) => Math.abs(Number(text)) < 65_520), ...halfCorners];
    const literals = rowsOf(fitting).map((row) => `[${row.join(',')}]`);
    await compare(database, 'halfvec', denseReader('halfvec', undefined), literals);
  });

  test('float4', async () => {
    const reader = arrayReader(700, float32Reader());
    await compare(database, 'float4[]', reader, rowsOf(readable(numbers(), exactFloat32)).map(asArray));
  });

  test('float8', async () => {
    const reader = arrayReader(701, float64Reader());
    const doubles = [...numbers(), ...doubleCorners];
    await compare(database, 'float8[]', reader, rowsOf(readable(doubles, Number)).map(asArray));
  });
});

/** Around every half-way point between two neighbours of binary16, and a little beside it. */
const halfCorners = Array.from({ length: 0x7bff }, (_, pattern) => {
  const middle = (halfToFloat(pattern) + halfToFloat(pattern + 1)) / 2;
  return [middle, middle * (1 + 2 ** -23), -middle * (1 - 2 ** -23)].map(String);
}).flat();

const doubleCorners = [
  ...['5e-324', '2.4703282292062328e-324', '2.2250738585072011e-308', '2.2250738585072014e-308', '1e308'],
  ...[
    '1.7976931348623157e308',
    '1.7976931348623158e308',
    '9007199254740993',
    '9007199254740992.9999999999999999',
  ],
  `9007199254740993.${'0'.repeat(60)}1`,
  `0.${'0'.repeat(320)}123456789`,
  `${'123456789'.repeat(30)}e-100`,
];

/** What underflows is no float4 and no float8, though it is an element of a vector. */
function readable(numbers: readonly string[], convert: (text: string) => number): string[] {
  return numbers.filter((text) => convert(text) !== 0 || !/^[^eE]*[1-9]/.test(text));
}

function asArray(row: readonly string[]): string {
  return `{${row.join(',')}}`;
}

test('what under- or overflows float4 and float8 is left to the database', () => {
  const verdict = (reader: TextReader, text: string) => reader.read(Buffer.from(text), 0, text.length);
  for (const text of ['1e39', '-3.4028236e38', '1e-46', '7e-46'])
    expect(verdict(float32Reader(), text)).toBe(UNSURE);
  for (const text of ['1e309', '-1e400', '1e-325', '2e-324'])
    expect(verdict(float64Reader(), text)).toBe(UNSURE);
});

test('every binary16 pattern comes back from the number that it is', () => {
  for (let pattern = 0; pattern < 0x10000; pattern++) {
    const value = halfToFloat(pattern);
    if (!Number.isNaN(value)) expect(floatToHalf(value)).toBe(pattern);
    else expect(Number.isNaN(halfToFloat(floatToHalf(value)))).toBe(true);
  }
});
