import { gunzipSync } from 'node:zlib';
import { decompress } from 'fzstd';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { expect, test } from 'vitest';
import type { Batch } from '../../../src/batch.ts';
import { parquet } from '../../../src/formats/read/parquet/parquet.ts';
import { parquetFormat } from '../../../src/formats/write/parquet/parquet.ts';
import type { ValueType } from '../../../src/values/types.ts';
import { columnOf, fileOf, wireOf, wireOfFile } from '../../support/columnar-files.ts';
import { sampleBatches, typedValues } from '../../support/typed-values.ts';
import { writeColumn } from '../../support/written.ts';

const kinds = Object.entries(typedValues);
const everyColumn = kinds.map(([name, { type }]) => writeColumn(parquetFormat, name, type));

/** As hyparquet, which is not ours, reads it. */
async function readByOthers(bytes: Uint8Array): Promise<Record<string, unknown>[]> {
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
  const compressors = {
    ZSTD: (input: Uint8Array) => decompress(input),
    GZIP: (input: Uint8Array) => new Uint8Array(gunzipSync(input)),
  };
  return parquetReadObjects({ file, compressors });
}

test('values of every kind as another reader has them', async () => {
  const bytes = await fileOf(parquetFormat, everyColumn, sampleBatches(), 'zstd');
  const [nulls, values, , others] = await readByOthers(bytes);
  expect(Object.values(nulls!).every((value) => value === null || value === undefined)).toBe(true);
  expect(values).toEqual({
    flag: true,
    small: -7,
    whole: 2147483647,
    large: -9223372036854775808n,
    single: 0.25,
    double: 0.1,
    words: 'Ünïcode 😀',
    document: { a: [1, null] },
    bytes: Buffer.from([0, 255]).toString(),
    uuid: '0a1b2c3d-0000-4000-8000-000000000001',
    day: new Date('1969-12-31'),
    clock: 45_000_250_000n,
    moment: new Date('2024-02-29T01:02:03.456Z'),
    instant: new Date('1969-12-31T23:59:59.999Z'),
    vector: [1, -0.5, 3],
    anyVector: [1, 2],
    half: [0.5, -2],
    sparse: { 2: 1.5, 9: -1 },
    integers: [1, null, 3],
    flags: [true, null],
    days: [new Date('1970-01-02')],
    list: ['', null, 'b'],
  });
  expect(others).toMatchObject({ sparse: {}, integers: [], list: [] });
});

test('a column chunk of many pages, with rows of NULL between', async () => {
  const [rows, dimensions] = [3001, 200];
  const values = Float32Array.from({ length: rows * dimensions }, (_, i) => Math.fround(Math.sin(i)));
  const validity = new Uint8Array(Math.ceil(rows / 8)).map((_, i) => ~(1 << (i % 11)));
  for (let i = 0; i < rows; i++) {
    if (((validity[i >> 3]! >> (i & 7)) & 1) === 0) values.fill(0, i * dimensions, (i + 1) * dimensions);
  }
  const texts = Array.from({ length: rows }, (_, i) => (i % 7 === 3 ? null : String(i).padEnd(777)));
  const batch: Batch = {
    rows,
    columns: [
      { kind: 'int64', values: BigInt64Array.from({ length: rows }, (_, i) => BigInt(i)), validity },
      { kind: 'vector', dimensions, values, validity },
      { kind: 'vector', dimensions, values, validity: undefined },
      columnOf({ name: 'text' }, texts),
    ],
  };
  const vector: ValueType = { name: 'vector', length: dimensions };
  const columns = [
    writeColumn(parquetFormat, 'id', 'int8'),
    writeColumn(parquetFormat, 'some', vector),
    writeColumn(parquetFormat, 'all', vector),
    writeColumn(parquetFormat, 'texts', 'text'),
  ];
  const bytes = await fileOf(parquetFormat, columns, [batch], 'zstd');
  expect((await wireOfFile(parquet, bytes, columns)).equals(wireOf([batch]))).toBe(true);
  const read = await readByOthers(bytes);
  expect(read.length).toBe(rows);
  expect(read[2999]).toEqual({
    id: 2999n,
    some: Array.from(values.subarray(2999 * dimensions, 3000 * dimensions)),
    all: Array.from(values.subarray(2999 * dimensions, 3000 * dimensions)),
    texts: texts[2999],
  });
});

test('says of numbers and times what is least, greatest and NULL, but not among NaN', async () => {
  const given: [string, ValueType, (string | null)[]][] = [
    ['a', { name: 'int2' }, ['3', null, '-4']],
    ['b', { name: 'float8' }, ['0', '-0', null]],
    ['c', { name: 'timestamptz' }, ['1970-01-01 00:00:01Z', null, null]],
    ['d', { name: 'text' }, ['x', null, 'y']],
    ['e', { name: 'int8' }, [null, null, null]],
  ];
  const columns = given.map(([name, type]) => writeColumn(parquetFormat, name, type));
  const nan = { kind: 'float4', name: 'nan' };
  const batch: Batch = {
    rows: 3,
    columns: [
      ...given.map(([, type, texts]) => columnOf(type, texts)),
      { kind: 'float32', values: Float32Array.of(1, Number.NaN, 2), validity: undefined },
    ],
  };
  const bytes = await fileOf(
    parquetFormat,
    [...columns, writeColumn(parquetFormat, nan.name, nan.kind)],
    [batch],
    'zstd',
  );
  const { row_groups } = parquetMetadata(bytes.buffer.slice(bytes.byteOffset) as ArrayBuffer);
  const statistics = row_groups[0]!.columns.map(({ meta_data }) => meta_data!.statistics);
  const [a, b, c, d, e, f] = statistics;
  expect(a).toMatchObject({ min_value: -4, max_value: 3, null_count: 1n });
  expect([b!.min_value, b!.max_value]).toEqual([-0, 0]);
  expect(c).toMatchObject({ min_value: new Date(1000), max_value: new Date(1000), null_count: 2n });
  expect(d).toMatchObject({ null_count: 1n });
  expect([d, e, f].map((each) => [each!.min_value, each!.max_value])).toEqual(
    Array(3).fill([undefined, undefined]),
  );
  expect(e!.null_count).toBe(3n);
});
