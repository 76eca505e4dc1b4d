import { beforeAll, describe, expect, test } from 'vitest';
import type { Column } from '../../src/batch.ts';
import { binaryHeader, binaryTrailer, encodeBinary } from '../../src/copy/binary.ts';
import type { Database } from '../../src/database/database.ts';
import { longestFloat, printFloat, printFloats, printPlainly } from '../../src/vector/print-floats.ts';
import { denseRoom, printDense } from '../../src/vector/print-vector.ts';
import { printByWasm } from '../../src/vector/print-wasm.ts';
import { eachDatabase } from '../support/databases.ts';
import { float32, randomIntegers } from '../support/decimals.ts';

// What is printed here is byte for byte what pgvector prints, shown on a million numbers.

const perRow = 16_000;

/** Where printing goes wrong if it does: each of both signs, with its neighbours. */
const corners = [
  ...Array.from({ length: 255 }, (_, exponent) => exponent << 23), // powers of two
  ...Array.from({ length: 84 }, (_, i) => patternOf(Math.fround(10 ** (i - 45)))),
  ...Array.from({ length: 400 }, (_, i) => i), // subnormal
  // Half way between two decimals of eight digits.
  ...Array.from({ length: 2000 }, (_, i) => patternOf(2 ** 21 + 0.25 + i * 0.5)),
  ...Array.from({ length: 2000 }, (_, i) => patternOf(2 ** 24 - 2000 + 2 * i)),
  ...roundHalfWays(),
].flatMap((pattern) => [-2, -1, 0, 1, 2].map((step) => Math.max(pattern + step, 0)));

/** Numbers whose half-way point to the next one has few digits, and yet is not theirs: large ones, c × 2^q. */
function* roundHalfWays(): Iterable<number> {
  for (let q = 1; q <= 31; q++) {
    const divisor = 5 ** Math.floor(Math.log10(2 ** q) + 1);
    const first = Math.ceil(2 ** 24 / divisor) | 1;
    for (let i = 0; i < 20; i++) {
      const doubled = divisor * (first + 2 * i);
      if (doubled < 2 ** 25) yield ((q + 150) << 23) | (((doubled - 1) / 2) & 0x7fffff);
    }
  }
}

function patternOf(value: number): number {
  return new Uint32Array(Float32Array.of(value).buffer)[0]!;
}

/** `count` finite float32s: the corners, random bits, numbers as embeddings have them, and such of few digits. */
function floats(count: number): Float32Array<ArrayBuffer> {
  const random = randomIntegers(20_240_301);
  const unit = () => random() / 2 ** 31 - 1;
  const kinds = [
    () => float32(random()),
    () => unit() / 20,
    () => Math.round(unit() * 1000) / 10 ** (random() % 9),
    () => unit() * 10 ** (random() % 9),
  ];
  const values = new Float32Array(count);
  const signed = corners.flatMap((pattern) => [float32(pattern), -float32(pattern)]).filter(Number.isFinite);
  values.set(signed);
  for (let i = signed.length; i < count; i++) {
    do values[i] = kinds[i % kinds.length]!();
    while (!Number.isFinite(values[i]!));
  }
  return values;
}

const finiteHalves = Uint16Array.from({ length: 2 ** 16 }, (_, i) => i).filter(
  (pattern) => (pattern & 0x7c00) !== 0x7c00,
);

type Print = typeof printFloats;
const roads: Record<string, Print> = { printFloats, printPlainly, printByWasm };

function printed(print: Print, values: Float32Array | Uint16Array, from = 0, to = values.length): string {
  const out = new Uint8Array((to - from) * (longestFloat + 1) + 1);
  return Buffer.from(out.buffer, 0, print(values, from, to, out, 0)).toString('latin1');
}

describe.each(Object.keys(roads))('%s', (road) => {
  const print = roads[road]!;
  const text = (...values: number[]) => printed(print, Float32Array.from(values));

  test.each([
    [0, '0'],
    [-0, '-0'],
    [1, '1'],
    [-2.5, '-2.5'],
    [100, '100'],
    [123456.7, '123456.7'],
    [0.1, '0.1'],
    [-0.0487123, '-0.0487123'],
    [0.0001, '0.0001'],
    [0.000099999, '9.9999e-05'],
    [0.00001, '1e-05'],
    [999999, '999999'],
    [1e6, '1e+06'],
    [16777216, '1.6777216e+07'],
    [2097152.25, '2.0971522e+06'],
    [2097152.75, '2.0971528e+06'],
    [3.4028235e38, '3.4028235e+38'],
    [-1.1754944e-38, '-1.1754944e-38'],
    [1.4e-45, '1e-45'],
  ])('%s', (value, expected) => {
    expect(text(value)).toBe(expected);
    expect(text(0.5, value, -7)).toBe(`0.5,${expected},-7`);
  });

  test('so many numbers at a time as there are', () => {
    const values = floats(60_000).subarray(-5000);
    const all = printed(print, values).split(',');
    expect(all.map(Number).map(Math.fround)).toEqual([...values]);
    for (const [from, to] of [
      [0, 1],
      [3, 10],
      [17, 17 + 2048],
      [17, 17 + 2049],
      [0, 4096],
    ] as const) {
      expect(printed(print, values, from, to).split(',')).toEqual(all.slice(from, to));
    }
  });
});

test('nothing is printed for nothing', () => {
  expect(printed(printFloats, new Float32Array(4), 2, 2)).toBe('');
  expect(printed(printPlainly, new Float32Array(4), 2, 2)).toBe('');
});

test('no number takes more room than the longest', () => {
  const out = new Uint8Array(64);
  let longest = 0;
  for (const value of floats(60_000)) longest = Math.max(longest, printFloat(value, out, 0));
  expect(longest).toBe(longestFloat);
});

eachDatabase((fixture) => {
  let database: Database;

  beforeAll(async () => {
    database = await fixture.open();
    await database.query('CREATE EXTENSION vector');
  });

  /** Rows of a vector type, as the database prints them. */
  async function printedByDatabase(type: string, column: Column, rows: number): Promise<string[]> {
    await database.query(`CREATE UNLOGGED TABLE printed_${type} (n serial, v ${type})`);
    const tuples = encodeBinary({ rows, columns: [column] });
    await database.copyIn(`COPY printed_${type} (v) FROM STDIN (FORMAT binary)`, [
      binaryHeader.slice(),
      tuples,
      binaryTrailer.slice(),
    ]);
    const result = await database.query<{ text: string }>(
      `SELECT v::text AS text FROM printed_${type} ORDER BY n`,
    );
    return result.rows.map(({ text }) => text);
  }

  /** Says which numbers are printed differently, the first few. */
  function compare(
    print: Print,
    values: Float32Array | Uint16Array,
    theirs: readonly string[],
    size: number,
  ) {
    const different = theirs.flatMap((expected, row) => {
      const from = row * size;
      if (expected === `[${printed(print, values, from, from + size)}]`) return [];
      const ours = printed(print, values, from, from + size).split(',');
      return expected
        .slice(1, -1)
        .split(',')
        .flatMap((text, i) => (text === ours[i] ? [] : [[text, ours[i]]]));
    });
    expect(different.slice(0, 5)).toEqual([]);
  }

  test('vectors are printed as pgvector prints them', async () => {
    const rows = fixture.kind === 'server' ? 70 : 10;
    const values = floats(rows * perRow);
    const column: Column = { kind: 'vector', dimensions: perRow, values, validity: undefined };
    const theirs = await printedByDatabase('vector', column, rows);
    expect(theirs).toHaveLength(rows);
    for (const print of Object.values(roads)) compare(print, values, theirs, perRow);
    const out = new Uint8Array(denseRoom(perRow));
    const end = printDense(values, 0, perRow, out, 0);
    expect(Buffer.from(out.buffer, 0, end).toString()).toBe(theirs[0]);
  });

  test('halfvecs are printed as pgvector prints them: every pattern there is', async () => {
    const rows = 4;
    const size = finiteHalves.length / rows;
    const column: Column = { kind: 'halfvec', dimensions: size, values: finiteHalves, validity: undefined };
    const theirs = await printedByDatabase('halfvec', column, rows);
    expect(theirs).toHaveLength(rows);
    for (const print of Object.values(roads)) compare(print, finiteHalves, theirs, size);
  });
});
