import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { BytesColumn, StoredPieces } from '../../../src/batch.ts';
import type { Database } from '../../../src/database/database.ts';
import { PgvError } from '../../../src/errors.ts';
import { binary } from '../../../src/formats/read/binary/binary.ts';
import { expectSameRows } from '../../support/compare-tables.ts';
import { copied as copiedFrom } from '../../support/copied.ts';
import { eachDatabase } from '../../support/databases.ts';
import { type Load, load } from '../../support/load.ts';
import { chunkedSource } from '../../support/read-vectors.ts';

type Row = readonly (Buffer | null)[];

const signature = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1');
const trailer = Buffer.from([0xff, 0xff]);

const int16 = (value: number) => Buffer.from(Int16Array.of(value).buffer).swap16();
const int32 = (value: number) => Buffer.from(Int32Array.of(value).buffer).swap32();
const head = (flags = 0, extension = Buffer.alloc(0)) =>
  Buffer.concat([signature, int32(flags), int32(extension.length), extension]);
const tuple = (row: Row) =>
  Buffer.concat([
    int16(row.length),
    ...row.flatMap((field) => (field === null ? [int32(-1)] : [int32(field.length), field])),
  ]);
const fileOf = (rows: readonly Row[], begin = head()) => Buffer.concat([begin, ...rows.map(tuple), trailer]);

interface Reading {
  rows: (string | null)[][];
  /** What each row would be in a file of rejected ones. */
  records: Buffer[];
  stored: Map<number, { records: number; byteLength: number }>;
}

const hex = ({ validity, bytes, offsets }: BytesColumn, row: number) =>
  validity !== undefined && (validity[row >> 3]! & (1 << (row & 7))) === 0
    ? null
    : Buffer.from(bytes.subarray(offsets[row], offsets[row + 1])).toString('hex');

/** All rows by way of the file's pieces. */
async function read(
  bytes: Buffer,
  options: { pieceLength?: number; chunkLength?: number; known?: boolean; stored?: StoredPieces } = {},
): Promise<Reading> {
  const stream = chunkedSource(bytes, 'a.bin', options.chunkLength);
  const source = options.known
    ? { ...stream, byteLength: bytes.length, read: stream.read.bind(stream) }
    : stream;
  const file = await binary.open(source, { pieceLength: options.pieceLength });
  const columns = Array.from({ length: file.fieldCount }, (_, field) => ({
    name: `c${field}`,
    field,
    type: { name: 'text' },
    inferred: false,
  }));
  const decoder = binary.decoder(file.layout, columns, 'binary', { utc: true });
  const fewer = binary.decoder(file.layout, columns.slice(1), 'binary', { utc: true });
  const reading: Reading = { rows: [], records: [], stored: new Map() };
  for await (const piece of file.pieces(options.stored)) {
    const { location } = piece;
    expect(Buffer.concat([...decoder.tuples!(piece)!])).toEqual(Buffer.from(piece.bytes));
    expect(fewer.tuples!(piece)).toBeUndefined();
    let n = 0;
    for (const batch of decoder.batches(piece)) {
      for (let row = 0; row < batch.rows; row++, n++) {
        reading.rows.push(batch.columns.map((column) => hex(column as BytesColumn, row)));
        expect(decoder.rowNumber(piece, n)).toBe(location.firstRow + n);
      }
    }
    expect({ n, read: decoder.bytesRead }).toEqual({ n: location.records, read: piece.bytes.length });
    for (let i = 0; i < n; i++) {
      const record = decoder.record!(piece, i);
      reading.records.push(Buffer.from(record.bytes));
      expect(bytes.subarray(record.byteOffset).subarray(0, record.bytes.length)).toEqual(
        Buffer.from(record.bytes),
      );
    }
    reading.stored.set(location.sequence, { records: n, byteLength: location.byteLength });
    file.recycle(piece.bytes.fill(0x78).buffer);
  }
  return reading;
}

const field = fc.option(
  fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
  { nil: null },
);
const tables = fc
  .integer({ min: 1, max: 4 })
  .chain((fields) => fc.array(fc.array(field, { minLength: fields, maxLength: fields }), { maxLength: 30 }));
const cuts = fc.record({
  pieceLength: fc.integer({ min: 19, max: 300 }),
  chunkLength: fc.integer({ min: 1, max: 90 }),
  known: fc.boolean(),
});
const hexOf = (rows: readonly Row[]) => rows.map((row) => row.map((value) => value?.toString('hex') ?? null));

describe('random files', () => {
  test('come as they are, wherever a piece ends, and without the pieces that are stored', () =>
    fc.assert(
      fc.asyncProperty(tables, cuts, fc.func(fc.boolean()), async (rows, options, isStored) => {
        const bytes = fileOf(rows, head(0x1234, Buffer.alloc(7)));
        const whole = await read(bytes, options);
        expect(whole.rows).toEqual(hexOf(rows));
        expect(whole.records).toEqual(rows.map(tuple));
        const stored = new Map([...whole.stored].filter(([sequence]) => isStored(sequence)));
        const rest = await read(bytes, { ...options, stored });
        expect(new Map([...rest.stored, ...stored])).toEqual(whole.stored);
        expect(rest.rows.length).toBe(
          [...rest.stored.values()].reduce((sum, { records }) => sum + records, 0),
        );
      }),
      { numRuns: 300 },
    ));

  test('cut anywhere, or longer by a byte, are refused, also where their rows are stored', () =>
    fc.assert(
      fc.asyncProperty(tables, cuts, fc.nat(), async (rows, options, at) => {
        const bytes = fileOf(rows);
        const { stored } = await read(bytes, options);
        const cut = bytes.subarray(0, at % bytes.length);
        await expect(read(cut, options)).rejects.toMatchObject({
          name: 'DataError',
          file: 'a.bin',
          code: cut.length === 0 ? 'empty-file' : 'truncated',
        });
        const noTrailer = bytes.subarray(0, bytes.length - 2);
        if (rows.length > 0) {
          await expect(read(noTrailer, { ...options, stored })).rejects.toMatchObject({ code: 'truncated' });
        }
        const longer = Buffer.concat([bytes, Buffer.from([0])]);
        await expect(read(longer, { ...options, stored })).rejects.toMatchObject({ code: 'extra-bytes' });
      }),
      { numRuns: 200 },
    ));

  test('with wrong bytes anywhere give rows or a clean error', () =>
    fc.assert(
      fc.asyncProperty(
        tables,
        cuts,
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 }),
        async (rows, options, changes) => {
          const bytes = fileOf(rows);
          for (const [at, value] of changes) bytes[at % bytes.length] = value;
          await read(bytes, options).catch((error) => expect(error).toBeInstanceOf(PgvError));
        },
      ),
      { numRuns: 300 },
    ));
});

describe('refused', () => {
  const row: Row = [Buffer.from('ab'), null];
  const good = [head(), tuple(row), tuple(row)];
  test.each<[string, Buffer, object]>([
    ['text', Buffer.from('1\tab\n2\tcd\n'), { code: 'not-binary', hint: /FORMAT binary/ }],
    ['OIDs', fileOf([row], head(1 << 16)), { name: 'UsageError', code: 'with-oids' }],
    ['flags of later', fileOf([row], head(1 << 20)), { code: 'not-binary', message: /0x100000/ }],
    [
      'an extension of no sense',
      fileOf([row], Buffer.concat([signature, int32(0), int32(-5)])),
      { code: 'not-binary' },
    ],
    ['another number of fields', Buffer.concat([...good, tuple([null])]), { code: 'bad-tuple', row: 3 }],
    ['no fields', Buffer.concat([head(), int16(0)]), { code: 'bad-tuple', row: 1 }],
    [
      'a negative length',
      Buffer.concat([...good, int16(2), int32(-2)]),
      { code: 'bad-tuple', row: 3, message: /field 1 would have -2 bytes/ },
    ],
    ['a length of 1 GB', Buffer.concat([...good, int16(2), int32(2 ** 30)]), { code: 'bad-tuple', row: 3 }],
    [
      'a length beyond the end',
      Buffer.concat([...good, int16(2), int32(2 ** 29)]),
      { code: 'truncated', row: 3 },
    ],
    ['no trailer', Buffer.concat(good), { code: 'truncated', message: /without a trailer/ }],
    ['two files in one', Buffer.concat([fileOf([row]), fileOf([row])]), { code: 'extra-bytes' }],
  ])('%s', async (_, bytes, details) => {
    const expected = Object.fromEntries(
      Object.entries(details).map(([key, value]) => [
        key,
        value instanceof RegExp ? expect.stringMatching(value) : value,
      ]),
    );
    const problem = { name: 'DataError', file: 'a.bin', ...expected };
    await expect(read(bytes)).rejects.toMatchObject(problem);
    await expect(read(bytes, { known: true })).rejects.toMatchObject(problem);
  });
});

eachDatabase((fixture) => {
  let database: Database;

  const columns =
    'id int PRIMARY KEY, t text, v vector(3), h halfvec(2), s sparsevec(9), n numeric, at timestamptz, m money, span interval, b box, j jsonb, l text[]';
  const rows = `SELECT i, CASE WHEN i % 7 > 0 THEN repeat('ü', i) END, ARRAY[i, -0.0, 1e-40]::float8[]::vector,
    '[1,2]', '{3:1.5}/9', i / 7.0, now(), i::text::money, make_interval(i), box(point(i, 1), point(2, 3)),
    jsonb_build_object('i', i), ARRAY['a', NULL] FROM generate_series(1, 400) AS i`;

  beforeAll(async () => {
    database = await fixture.open();
    await database.query('CREATE EXTENSION vector');
    await database.query(`CREATE TABLE theirs (${columns}, double int GENERATED ALWAYS AS (id * 2) STORED)`);
    await database.query(`INSERT INTO theirs ${rows}`);
    await database.query('CREATE TABLE ours (LIKE theirs INCLUDING ALL)');
  });

  const copied = (what = 'theirs') => copiedFrom(database, `COPY ${what} TO STDOUT (FORMAT binary)`);

  const ingest = (bytes: Uint8Array, options: Partial<Load> = {}) =>
    load(database, bytes, { table: 'ours', format: binary, pieceLength: 4000, ...options });

  test('a table of types that only PostgreSQL reads is the same again', async () => {
    const bytes = await copied();
    expect(await ingest(bytes)).toMatchObject({ rows: 400, bytes: bytes.length - 2 });
    await expectSameRows(database, 'ours', 'theirs');
    const part = await copied('(SELECT t, 1000 + id FROM theirs)');
    expect(await ingest(part, { columns: ['t', 'id'] })).toMatchObject({ rows: 400 });
    await database.query("UPDATE ours SET t = 'old'");
    const updated = await ingest(bytes, { onConflict: 'update' });
    expect(updated).toMatchObject({ updated: 400, inserted: 0 });
    await database.query('DELETE FROM ours WHERE id > 1000');
    await expectSameRows(database, 'ours', 'theirs');
  });

  test('an empty file is no rows; one of other columns is refused', async () => {
    expect(await ingest(await copied('(SELECT * FROM theirs LIMIT 0)'))).toMatchObject({ rows: 0 });
    await expect(ingest(await copied('(SELECT 1, 2)'))).rejects.toMatchObject({ code: 'field-count' });
  });

  test('a value that is none of its type is named by the server, with its row', async () => {
    const bytes = await copied(
      '(SELECT 2000 + g, CASE WHEN g < 90 THEN g END FROM generate_series(1, 99) g)',
    );
    const problem = { name: 'DataError', file: 'test.binary', row: 1, column: 'v' };
    await expect(ingest(bytes, { columns: ['id', 'v'] })).rejects.toMatchObject(problem);
  });

  test('a new table has its types from --types, and from nothing else', async () => {
    const bytes = await copied('(SELECT id, v FROM theirs)');
    const made = { table: 'made', columns: ['id', 'v'] };
    const id: [string, string] = ['id', 'int'];
    await expect(ingest(bytes, { ...made, types: new Map([id]) })).rejects.toMatchObject({
      code: 'no-types',
      column: 'v',
    });
    expect(await ingest(bytes, { ...made, types: new Map([id, ['v', 'vector(3)']]) })).toMatchObject({
      rows: 400,
    });
    await database.query('CREATE TABLE selected AS SELECT id, v FROM theirs');
    await expectSameRows(database, 'made', 'selected');
  });
});
