import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { StoredPieces } from '../../../src/batch.ts';
import { DataError, UsageError } from '../../../src/errors.ts';
import type { OnBadRecord } from '../../../src/formats/read/format.ts';
import { parquet } from '../../../src/formats/read/parquet/parquet.ts';
import { expectNoCrash } from '../../support/damage.ts';
import { bytesSource, readRows } from '../../support/read-columnar.ts';
import { chunkedSource } from '../../support/read-vectors.ts';

const folder = fileURLToPath(new URL('../../../fixtures/columnar', import.meta.url));
const fixture = (name: string) => readFileSync(path.join(folder, name));
const expected = fixture('rows.jsonl')
  .toString()
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line));
/** The same 300 rows by several writers, in every compression and encoding that they have. */
const files = readdirSync(folder).filter((name) => /^(?!.*-(types|no-rows|bad-rows)).*\.parquet$/.test(name));

describe.each(files)('%s', (name) => {
  test.each([undefined, 4000, 500])('all rows, in pieces of %s', async (pieceLength) => {
    const { names, rows, pieces } = await readRows(parquet, bytesSource(fixture(name), name), {
      pieceLength,
    });
    expect(names).toEqual(Object.keys(expected[0]));
    expect(rows).toEqual(expected);
    expect(pieces.map(({ location }) => location.sequence)).toEqual(pieces.map((_, i) => i));
  });
});

test('types of a new table, and values of each', async () => {
  const { rows, types, names } = await readRows(
    parquet,
    bytesSource(fixture('duckdb-types.parquet'), 'types'),
  );
  expect(Object.fromEntries(names!.map((name, i) => [name, types![i]]))).toEqual({
    id: 'integer',
    b: 'boolean',
    i8: 'smallint',
    i16: 'smallint',
    i32: 'integer',
    i64: 'bigint',
    u8: 'smallint',
    u16: 'integer',
    u32: 'bigint',
    u64: 'numeric',
    f32: 'real',
    f64: 'double precision',
    t: 'text',
    bin: 'bytea',
    j: 'jsonb',
    d: 'date',
    ti: 'time',
    ts_s: 'timestamp',
    ts_ms: 'timestamp',
    ts_us: 'timestamp',
    ts_ns: 'timestamp',
    tstz: 'timestamptz',
    d5: 'numeric(5,2)',
    d18: 'numeric(18,6)',
    d38: 'numeric(38,3)',
    u: 'uuid',
    iv: 'interval',
    ints: 'vector(3)',
    doubles: 'vector(2)',
    nested: 'jsonb',
    m: 'jsonb',
    st: 'jsonb',
    en: 'text',
  });
  expect(rows[0]).toEqual({
    id: 1,
    b: true,
    i8: -128,
    i16: -32768,
    i32: -2147483648,
    i64: -(2 ** 63),
    u8: 255,
    u16: 65535,
    u32: 4294967295,
    u64: 2 ** 64,
    f32: 1.5,
    f64: 0.1,
    t: 'text',
    bin: '\\x00ff',
    j: { a: [1, null] },
    d: '0044-03-15 BC',
    ti: '12:30:00.25',
    ts_s: '2024-02-29 01:02:03',
    ts_ms: '1969-12-31 23:59:59.999',
    ts_us: '2024-02-29 01:02:03.456789',
    ts_ns: '2024-02-29 01:02:03.123456789',
    tstz: '2024-02-29 01:02:03+00',
    d5: 123.45,
    d18: -123456789.123456,
    d38: Number('12345678901234567890123456.789'),
    u: '0a1b2c3d-0000-4000-8000-000000000001',
    iv: '1 months 2 days 3000 milliseconds',
    ints: [1, 2, 3],
    doubles: [1.5, 2.5],
    nested: [[1, 2], [3]],
    m: { k: 1, l: null },
    st: { x: 1, y: 'z' },
    en: 'happy',
  });
  expect(new Set(Object.values({ ...rows[1], id: null }))).toEqual(new Set([null]));
  expect(rows[2]).toMatchObject({
    f32: 'NaN',
    f64: 'Infinity',
    t: '',
    j: null,
    d: '9999-12-31',
    nested: [],
    m: {},
  });
});

describe('rows that a column cannot take', () => {
  const open = () => parquet.open(bytesSource(fixture('duckdb-bad-rows.parquet'), 'bad'), {});
  const columns = (type: { name: string; length?: number }) => [
    { name: 'v', field: 1, type, inferred: false },
    { name: 'n', field: 0, type: { name: 'int8' }, inferred: false },
  ];

  async function decode(type: { name: string; length?: number }, road: 'binary' | 'text') {
    const file = await open();
    const decoder = parquet.decoder(file.layout, columns(type), road, { utc: true });
    const [told, rows]: [string[], number[]] = [[], []];
    for await (const piece of file.pieces()) {
      let n = 0;
      const onBad: OnBadRecord = ({ row, column, message, sqlstate, file }, { bytes, byteOffset }) => {
        told.push(`${file} ${row} ${column} ${sqlstate}: ${message}`);
        expect(JSON.parse(Buffer.from(bytes).toString()).id).toBe(row! - 1);
        expect(byteOffset).toBeUndefined();
      };
      for (const batch of decoder.batches(piece, onBad)) {
        for (let i = 0; i < batch.rows; i++) rows.push(decoder.rowNumber(piece, n++));
      }
      expect(() => [...decoder.batches(piece)]).toThrow(DataError);
    }
    return { told, rows };
  }

  test.each(['binary', 'text'] as const)('are told and left out, on the road of %s', async (road) => {
    const { told, rows } = await decode({ name: 'halfvec', length: 2 }, road);
    expect(told).toEqual([
      'bad 2 v 22000: element 1 is NaN, which a halfvec cannot hold',
      'bad 3 v 22000: expected 2 dimensions, not 3',
      'bad 4 v 22004: element 2 is NULL, which a halfvec cannot hold',
      ...(road === 'binary' ? ['bad 6 v 22003: element 1 (70000) is out of range for type halfvec'] : []),
      'bad 7 v 22000: element 1 is infinite, which a halfvec cannot hold',
      'bad 9 v 22000: vector must have at least 1 dimension',
    ]);
    expect(rows).toEqual(road === 'binary' ? [1, 5, 8] : [1, 5, 6, 8]);
  });

  test('a vector column without dimensions takes lists of any length', async () => {
    const { rows } = await decode({ name: 'vector' }, 'binary');
    expect(rows).toEqual([1, 3, 5, 6, 8]);
  });
});

test('a file without rows', async () => {
  const { rows, pieces, sample } = await readRows(
    parquet,
    bytesSource(fixture('duckdb-no-rows.parquet'), 'none'),
  );
  expect([rows, pieces, sample]).toEqual([[], [], []]);
});

test('columns that are not wanted are not read', async () => {
  const source = bytesSource(fixture('duckdb-none.parquet'), 'few');
  const { rows } = await readRows(parquet, source, { columns: ['id', 'flag'] });
  expect(rows).toEqual(expected.map(({ id, flag }) => ({ id, flag })));
  expect(source.bytesRead).toBeLessThan(20_000);
});

test('what is stored is passed over, and the next piece is the same', async () => {
  const read = (stored?: StoredPieces) => {
    const source = bytesSource(fixture('rust-plain-pages.parquet'), 'resumed');
    return readRows(parquet, source, { pieceLength: 2000 }, stored);
  };
  const { pieces } = await read();
  expect(pieces.length).toBeGreaterThan(8);
  const stored = new Map(pieces.slice(0, 5).map(({ location }) => [location.sequence, location]));
  stored.set(6, pieces[6]!.location);
  const { pieces: resumed } = await read(stored);
  expect(resumed).toEqual(pieces.filter((_, i) => i === 5 || i > 6));
});

test.each<[string, Uint8Array, RegExp]>([
  ['an empty file', Buffer.alloc(0), /the file is empty/],
  ['no Parquet', Buffer.from('id,embedding\n1,2\n'), /does not begin as a Parquet file/],
  ['its magic bytes alone', Buffer.from('PAR1'), /cut short/],
  ['half of it', fixture('duckdb-none.parquet').subarray(0, 15_000), /cut short/],
])('%s is refused', async (_, bytes, message) => {
  await expect(readRows(parquet, bytesSource(bytes, 'x'))).rejects.toThrow(message);
});

test('damaged zstd data, of which a decoder never tires, is refused', async () => {
  const bytes = new Uint8Array(fixture('duckdb-zstd.parquet'));
  bytes[2144] = 0o261;
  await expect(readRows(parquet, bytesSource(bytes, 'x'))).rejects.toThrow(/zstd data is damaged/);
});

test('a stream is refused, with what to do', async () => {
  const error = await readRows(parquet, chunkedSource(fixture('duckdb-none.parquet'), 'stdin')).catch(
    (e) => e,
  );
  expect(error).toBeInstanceOf(UsageError);
  expect(error).toMatchObject({ code: 'needs-file', file: 'stdin' });
});

test.each(files)('%s: bytes changed or cut off end in rows or a clean error', async (name) => {
  await expectNoCrash(parquet, fixture(name), 60);
});
