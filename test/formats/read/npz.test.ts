import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { BytesColumn, VectorColumn } from '../../../src/batch.ts';
import { PgvError } from '../../../src/errors.ts';
import type { OnBadRecord, OpenOptions } from '../../../src/formats/read/format.ts';
import { readFormat } from '../../../src/formats/read/formats.ts';
import { npz } from '../../../src/formats/read/npz/npz.ts';
import { pgv } from '../../support/cli.ts';
import { emptyDatabase } from '../../support/databases.ts';
import { chunkedSource, seekableSource } from '../../support/read-vectors.ts';
import { temporaryFile } from '../../support/temporary.ts';
import { floatsNpy, npyFile, npyHead } from '../../support/vector-files.ts';

// The files are made by fixtures/npz/make.py, which says what is in them.
const fixtures = fileURLToPath(new URL('../../../fixtures/npz', import.meta.url));
const file = (name: string) => readFileSync(path.join(fixtures, `${name}.npz`));

type Stored = ReadonlyMap<number, { records: number; byteLength: number }>;

interface Table {
  names: readonly string[] | undefined;
  types: readonly string[] | undefined;
  rows: (string | null)[][];
  pieces: Map<number, { records: number; byteLength: number }>;
}

const textAt = ({ bytes, offsets }: BytesColumn, row: number) =>
  Buffer.from(bytes.subarray(offsets[row], offsets[row + 1])).toString();

/** All fields as text. */
async function read(bytes: Buffer, options: OpenOptions & { stored?: Stored } = {}): Promise<Table> {
  const opened = await npz.open(seekableSource(bytes, 'a.npz'), options);
  const { fieldNames, fieldCount, types, layout } = opened;
  const columns = Array.from({ length: fieldCount }, (_, field) => ({
    name: `c${field}`,
    field,
    type: { name: 'text' },
    inferred: false,
  }));
  const decoder = readFormat(layout.format)!.decoder(layout, columns, 'text', { utc: true });
  const table: Table = { names: fieldNames, types, rows: [], pieces: new Map() };
  for await (const piece of opened.pieces(options.stored)) {
    const { location } = piece;
    let n = 0;
    for (const batch of decoder.batches(piece)) {
      for (let row = 0; row < batch.rows; row++, n++) {
        table.rows.push(batch.columns.map((column) => textAt(column as BytesColumn, row)));
        expect(decoder.rowNumber(piece, n)).toBe(location.firstRow + n);
      }
    }
    expect(n).toBe(location.records);
    table.pieces.set(location.sequence, { records: n, byteLength: location.byteLength });
    opened.recycle(piece.bytes.fill(0x78).buffer);
  }
  return table;
}

const counting = (rows: number, columns: number) =>
  Array.from(
    { length: rows },
    (_, row) => `[${Array.from({ length: columns }, (_, column) => row * columns + column)}]`,
  );
const alone = (texts: string[]) => texts.map((text) => [text]);

describe('one array', () => {
  const names = ['unnamed', 'compressed', 'fortran', 'fortran-compressed'];
  const spool: OpenOptions['spool'] = async (source) => {
    const bytes = Buffer.alloc(source.byteLength!);
    await source.read(bytes);
    return seekableSource(bytes, source.name);
  };

  test.each(names)('%s', async (name) => {
    const whole = await read(file(name), { spool });
    expect(whole).toMatchObject({ names: ['embedding'], rows: alone(counting(40, 6)) });
    const cut = { pieceLength: 200, spool };
    expect((await read(file(name), cut)).rows).toEqual(whole.rows);
    const { pieces } = await read(file(name), cut);
    expect(pieces.size).toBeGreaterThan(4);
    pieces.delete(2);
    const { rows } = await read(file(name), { ...cut, stored: pieces });
    expect(rows).toEqual(whole.rows.slice(16, 24));
  });

  test('compressed and column by column, with nothing to keep it in', async () => {
    await expect(read(file('fortran-compressed'))).rejects.toMatchObject({
      name: 'UsageError',
      code: 'needs-file',
    });
  });

  test('by name', async () => {
    expect((await read(file('several'), { dataset: 'test' })).rows).toEqual(alone(counting(4, 6)));
    await expect(read(file('several'))).rejects.toMatchObject({
      name: 'UsageError',
      code: 'ambiguous-dataset',
      message: 'a.npz holds several arrays: train (40 × 6), test (4 × 6)',
    });
    await expect(read(file('several'), { dataset: 'x' })).rejects.toMatchObject({ code: 'no-dataset' });
    await expect(read(file('several'), { dataset: 'names' })).rejects.toMatchObject({
      name: 'DataError',
      code: 'bad-element-type',
    });
  });
});

describe('arrays beside it', () => {
  const expected = counting(40, 3).map((vector, i) => [
    vector,
    String(100 + i),
    `Nº ${i} 🦉`.repeat(i % 3),
    `c${i}`,
    String(i / 7),
    String(i / 4),
    i % 3 === 0 ? 'true' : 'false',
    String(2n ** 63n + BigInt(i)),
  ]);

  test.each([['beside'], ['beside-compressed']])('%s', async (name) => {
    const spool: OpenOptions['spool'] = async (source) => {
      const bytes = Buffer.alloc(source.byteLength!);
      await source.read(bytes);
      return seekableSource(bytes, source.name);
    };
    const whole = await read(file(name), { spool });
    expect(whole.names).toEqual(['embedding', 'id', 'title', 'code', 'weight', 'small', 'flag', 'large']);
    expect(whole.types).toEqual([
      ...['vector(3)', 'bigint', 'text', 'text', 'double precision', 'real', 'boolean', 'numeric'],
    ]);
    expect(whole.rows).toEqual(expected);
    const cut = { pieceLength: 500, spool };
    const { rows, pieces } = await read(file(name), cut);
    expect(rows).toEqual(expected);
    const [first, second] = [pieces.get(0)!.records, pieces.get(1)!.records];
    pieces.delete(1);
    const rest = await read(file(name), { ...cut, stored: pieces });
    expect(rest.rows).toEqual(expected.slice(first, first + second));
  });
});

test('a bad row is told with a line of JSON, and the rows around it come', async () => {
  const bad = [
    [1, 2],
    [Number.NaN, 4],
    [5, 6],
  ];
  const ids = npyFile({ kind: 'i2', rows: 3, dimensions: undefined, bytes: Buffer.from([7, 0, 8, 0, 9, 0]) });
  const vectors = { name: 'v.npy', bytes: floatsNpy(bad) };
  for (const [files, line] of [
    [[vectors], '{"row":1,"embedding":["NaN",4]}\n'],
    [[vectors, { name: 'ids.npy', bytes: ids }], '{"embedding":["NaN",4],"id":8}\n'],
  ] as const) {
    const opened = await npz.open(seekableSource(zip(files), 'a.npz'), {});
    const column = { name: 'v', field: 0, type: { name: 'vector' }, inferred: false };
    const decoder = readFormat(opened.layout.format)!.decoder(opened.layout, [column], 'binary', {
      utc: true,
    });
    const told: unknown[] = [];
    const good: number[] = [];
    for await (const piece of opened.pieces()) {
      const onBad: OnBadRecord = ({ row, column, message }, { bytes, byteOffset }) =>
        told.push({ row, column, message, line: Buffer.from(bytes).toString(), byteOffset });
      for (const { columns } of decoder.batches(piece, onBad)) {
        good.push(...(columns[0] as VectorColumn).values);
      }
      expect([decoder.rowNumber(piece, 0), decoder.rowNumber(piece, 1)]).toEqual([1, 3]);
    }
    expect(good).toEqual([1, 2, 5, 6]);
    const message = 'element 1 is NaN, which a vector cannot hold';
    expect(told).toEqual([{ row: 2, column: 'v', message, line, byteOffset: undefined }]);
  }
});

const crcTable = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});
const crcOf = (bytes: Buffer) => {
  let c = 0xffffffff;
  for (const byte of bytes) c = crcTable[(c ^ byte) & 0xff]! ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
};

/** A zip archive, by APPNOTE.TXT; with zip64's numbers where `long`. */
function zip(files: readonly { name: string; bytes: Buffer; deflate?: boolean }[], long = false): Buffer {
  const [parts, directory]: [Buffer[], Buffer[]] = [[], []];
  let at = 0;
  for (const { name, bytes, deflate = false } of files) {
    const data = deflate ? deflateRawSync(bytes) : bytes;
    const common = Buffer.alloc(26);
    common.writeUInt16LE(deflate ? 8 : 0, 4);
    common.writeUInt32LE(crcOf(bytes), 10);
    common.writeUInt32LE(long ? 0xffffffff : data.length, 14);
    common.writeUInt32LE(long ? 0xffffffff : bytes.length, 18);
    common.writeUInt16LE(name.length, 22);
    const extra = Buffer.alloc(long ? 28 : 0);
    if (long) {
      extra.writeUInt16LE(1);
      extra.writeUInt16LE(24, 2);
      [bytes.length, data.length, at].forEach((number, i) => {
        extra.writeBigUInt64LE(BigInt(number), 4 + 8 * i);
      });
    }
    const end = Buffer.alloc(14);
    end.writeUInt32LE(long ? 0xffffffff : at, 10);
    const withExtra = Buffer.from(common);
    withExtra.writeUInt16LE(extra.length, 24);
    const entry = [Buffer.from('PK\x01\x02'), Buffer.alloc(2), withExtra, end, Buffer.from(name), extra];
    directory.push(Buffer.concat(entry));
    // An extra field of its own, as NumPy writes one for zip64.
    const own = Buffer.from([0xfe, 0xca, 2, 0, 1, 2]);
    common.writeUInt16LE(own.length, 24);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, Buffer.from(name), own, data]);
    parts.push(local);
    at += local.length;
  }
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(long ? 0xffff : files.length, 10);
  end.writeUInt32LE(long ? 0xffffffff : list.length, 12);
  end.writeUInt32LE(long ? 0xffffffff : at, 16);
  if (!long) return Buffer.concat([...parts, list, end]);
  const end64 = Buffer.alloc(56);
  end64.write('PK\x06\x06', 'latin1');
  [files.length, list.length, at].forEach((number, i) => {
    end64.writeBigUInt64LE(BigInt(number), 32 + 8 * i);
  });
  const locator = Buffer.alloc(20);
  locator.write('PK\x06\x07', 'latin1');
  locator.writeBigUInt64LE(BigInt(at + list.length), 8);
  return Buffer.concat([...parts, list, end64, locator, end]);
}

const rows = [
  [1, 2],
  [3, 4],
  [5, 6],
];
const texts = ['[1,2]', '[3,4]', '[5,6]'];
const archive = (deflate: boolean, long = false) =>
  zip(
    [
      { name: 'README.txt', bytes: Buffer.from('not an array') },
      { name: 'v.npy', bytes: floatsNpy(rows), deflate },
    ],
    long,
  );

describe('archives', () => {
  test.each([
    ['stored', archive(false)],
    ['deflated', archive(true)],
    ['zip64, stored', archive(false, true)],
    ['zip64, deflated', archive(true, true)],
    ['with a comment', Buffer.concat([archive(false), Buffer.from('comment')])],
  ])('%s', async (_, bytes) => expect((await read(bytes)).rows).toEqual(alone(texts)));

  test.each<[string, Buffer, object]>([
    ['empty', Buffer.alloc(0), { code: 'not-npz' }],
    ['text', Buffer.from('id,embedding\n1,"[1,2]"\n'), { code: 'not-npz' }],
    ['no arrays', zip([{ name: 'a.txt', bytes: Buffer.from('a') }]), { code: 'no-vectors' }],
    ['no array at all in it', zip([{ name: 'a.npy', bytes: Buffer.from('a') }]), { code: 'truncated' }],
    ['not npy', zip([{ name: 'a.npy', bytes: Buffer.alloc(500) }]), { code: 'not-npy' }],
    ['one axis alone', zip([{ name: 'a.npy', bytes: floatsNpy([[1]]).fill('(1,  )', 59) }]), {}],
  ])('%s is refused', async (_, bytes, problem) => {
    await expect(read(bytes)).rejects.toMatchObject({ name: 'DataError', file: 'a.npz', ...problem });
  });

  test('text too wide to read', async () => {
    const head = npyHead("{'descr': '<U99999999', 'fortran_order': False, 'shape': (3,), }");
    const bytes = zip([
      { name: 'v.npy', bytes: floatsNpy(rows) },
      { name: 'wide.npy', bytes: head },
    ]);
    await expect(read(bytes)).rejects.toMatchObject({ name: 'DataError', code: 'row-too-long' });
  });

  test('another method, encryption', async () => {
    for (const [at, value] of [
      [10, 14],
      [8, 1],
    ] as const) {
      const bytes = archive(false);
      bytes[bytes.lastIndexOf('PK\x01\x02') + at] = value;
      await expect(read(bytes)).rejects.toMatchObject({ code: 'unknown-zip' });
    }
  });

  test('a stream', async () => {
    const stream = chunkedSource(archive(false), 'stdin');
    await expect(npz.open(stream, {})).rejects.toMatchObject({ name: 'UsageError', code: 'needs-file' });
  });

  test('cut anywhere, or with wrong bytes: rows or a clean error, and no changed vector', () =>
    fc.assert(
      fc.asyncProperty(
        fc.constantFrom('stored', 'deflated', 'beside', 'beside-compressed'),
        fc.boolean(),
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 3 }),
        async (name, isCut, changes) => {
          const whole = name.startsWith('beside') ? file(name) : archive(name === 'deflated');
          const bytes = isCut ? whole.subarray(0, changes[0]![0] % whole.length) : Buffer.from(whole);
          if (!isCut) for (const [at, value] of changes) bytes[at % bytes.length] = value;
          const seen = await read(bytes, { pieceLength: 300 }).catch((error) => {
            if (!(error instanceof PgvError)) throw error;
          });
          if (isCut) expect(seen).toBeUndefined();
        },
      ),
      { numRuns: 400 },
    ));
});

test('a changed byte of an array is told by its checksum', async () => {
  for (const name of ['unnamed', 'beside']) {
    const bytes = file(name);
    // Behind the header, in the vectors.
    bytes[bytes.indexOf('\n') + 21]! ^= 1;
    await expect(read(bytes)).rejects.toMatchObject({ name: 'DataError', code: 'bad-checksum' });
  }
});

test('on the built program, its fields as columns', async () => {
  const { url, open } = await emptyDatabase('embedded');
  const beside = await temporaryFile('beside.npz', file('beside'));
  const result = await pgv(['ingest', beside], { env: { PGV_URL: url } });
  expect(result).toMatchObject({ code: 0, stderr: expect.stringContaining('id bigint primary key') });
  const database = await open();
  const { rows } = await database.query(
    'SELECT count(*) AS n, sum(id) AS ids, max(title) AS title, max(code) AS code, max(embedding::text) AS v FROM beside',
  );
  expect(rows).toEqual([{ n: 40, ids: '4780', title: 'Nº 8 🦉Nº 8 🦉', code: 'c9', v: '[99,100,101]' }]);
});
