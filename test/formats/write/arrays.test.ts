import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Batch, BitsColumn, BytesColumn, Column } from '../../../src/batch.ts';
import { npz as readNpz } from '../../../src/formats/read/npz/npz.ts';
import { dataStart, readDirectory } from '../../../src/formats/read/npz/zip.ts';
import { npy as readNpy } from '../../../src/formats/read/vectors/npy.ts';
import { fvecs as readFvecs } from '../../../src/formats/read/vectors/vecs.ts';
import { fvecsFormat } from '../../../src/formats/write/arrays/fvecs.ts';
import { npyFormat } from '../../../src/formats/write/arrays/npy.ts';
import { npzFormat } from '../../../src/formats/write/arrays/npz.ts';
import type { WriteColumn } from '../../../src/formats/write/format.ts';
import { bytesSource, readRows } from '../../support/read-columnar.ts';
import { readVectors, seekableSource } from '../../support/read-vectors.ts';
import { vecsFile } from '../../support/vector-files.ts';
import { writeColumn, written } from '../../support/written.ts';

const alwaysValid = { validity: undefined };
const vectors = (rows: readonly (readonly number[])[], dimensions = rows[0]?.length ?? 0): Column => ({
  kind: 'vector',
  dimensions,
  values: Float32Array.from(rows.flat()),
  ...alwaysValid,
});
const halves = (patterns: readonly number[], dimensions: number): Column => ({
  kind: 'halfvec',
  dimensions,
  values: Uint16Array.from(patterns),
  ...alwaysValid,
});
const ragged = (rows: readonly (readonly number[])[], before = 0): Column => {
  let end = before;
  return {
    kind: 'ragged-vector',
    // What a batch holds need not begin where its arrays do.
    offsets: Int32Array.from([end, ...rows.map(({ length }) => (end += length))]),
    values: Float32Array.from([...new Array(before).fill(9), ...rows.flat()]),
    ...alwaysValid,
  };
};
const texts = (values: readonly string[]): BytesColumn => {
  let end = 0;
  const bytes = values.map((value) => Buffer.from(value));
  return {
    kind: 'utf8',
    offsets: Int32Array.from([0, ...bytes.map(({ length }) => (end += length))]),
    bytes: Buffer.concat(bytes),
    ...alwaysValid,
  };
};
const int64s = (values: readonly bigint[]): Column => ({
  kind: 'int64',
  values: BigInt64Array.from(values),
  ...alwaysValid,
});
const batch = (rows: number, ...columns: Column[]): Batch => ({ rows, columns });

/** The header as text and the array's bytes, read by what NumPy's documentation says alone. */
function npyParts(file: Buffer): { header: string; bytes: Buffer } {
  expect(file.subarray(0, 8)).toEqual(Buffer.from('\x93NUMPY\x01\0', 'latin1'));
  const end = 10 + file.readUInt16LE(8);
  expect(end % 64).toBe(0);
  expect(file[end - 1]).toBe(0x0a);
  return { header: file.toString('latin1', 10, end).trim(), bytes: file.subarray(end) };
}

const floatsOf = (bytes: Buffer) => [...new Float32Array(Uint8Array.from(bytes).buffer)];
const utf32 = (bytes: Buffer, length: number) =>
  Array.from({ length: bytes.length / 4 / length }, (_, row) =>
    Array.from({ length }, (_, i) => bytes.readUInt32LE((row * length + i) * 4))
      .filter((code) => code !== 0)
      .map((code) => String.fromCodePoint(code))
      .join(''),
  );

describe('npy', () => {
  const column = (name: string, type: string | WriteColumn['type'], rest?: Partial<WriteColumn>) =>
    writeColumn(npyFormat, name, type, rest);
  const embedding = column('embedding', { name: 'vector', length: 3 });
  const id = column('id', 'int8', { key: true });

  test('holds the vectors of all batches, and the ids beside them', () => {
    const files = written(
      npyFormat,
      [id, embedding],
      [
        batch(
          2,
          int64s([1n, 2n ** 60n + 1n]),
          vectors([
            [1, 2, 3],
            [4, 5, -0],
          ]),
        ),
        batch(1, int64s([-3n]), vectors([[1e-45, 0.1, 3e38]])),
      ],
    );
    expect([...files.keys()]).toEqual(['', '.ids.npy']);
    const { header, bytes } = npyParts(files.get('')!);
    expect(header).toBe("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 3), }");
    expect(floatsOf(bytes)).toEqual([1, 2, 3, 4, 5, -0, 1e-45, 0.1, 3e38].map(Math.fround));
    const ids = npyParts(files.get('.ids.npy')!);
    expect(ids.header).toBe("{'descr': '<i8', 'fortran_order': False, 'shape': (3,), }");
    expect([0, 8, 16].map((at) => ids.bytes.readBigInt64LE(at))).toEqual([1n, 2n ** 60n + 1n, -3n]);
  });

  test('holds halves as they are, and bits as booleans', () => {
    const half = written(
      npyFormat,
      [column('v', { name: 'halfvec', length: 2 })],
      [batch(2, halves([0x3c00, 0x0001, 0x8000, 0x7bff], 2))],
    );
    const { header, bytes } = npyParts(half.get('')!);
    expect(header).toContain("'<f2'");
    expect([...new Uint16Array(Uint8Array.from(bytes).buffer)]).toEqual([0x3c00, 1, 0x8000, 0x7bff]);
    const bits: BitsColumn = {
      kind: 'bits',
      lengths: Int32Array.of(10, 10),
      offsets: Int32Array.of(1, 4, 6),
      bytes: Uint8Array.of(0xff, 0b10110000, 0b01_111111, 0xff, 0b01001111, 0b10_000000),
      ...alwaysValid,
    };
    const booleans = npyParts(
      written(npyFormat, [column('v', { name: 'bit', length: 10 })], [batch(2, bits)]).get('')!,
    );
    expect(booleans.header).toBe("{'descr': '|b1', 'fortran_order': False, 'shape': (2, 10), }");
    expect([...booleans.bytes].join('')).toBe('10110000010100111110');
  });

  test('holds a column that leaves its dimensions open by what was measured', () => {
    const open = [column('v', 'vector')];
    expect(npyFormat.measures!(open)).toEqual([{ column: 'v', what: 'dimensions' }]);
    const file = written(
      npyFormat,
      open,
      [
        batch(
          2,
          ragged(
            [
              [1, 2],
              [3, 4],
            ],
            5,
          ),
        ),
      ],
      [2],
    );
    expect(floatsOf(npyParts(file.get('')!).bytes)).toEqual([1, 2, 3, 4]);
    expect(() => written(npyFormat, open, [batch(1, ragged([[1]]))], [2])).toThrow(
      'column v has 1 dimensions in a row, and had 2 when it was measured',
    );
    expect(npyParts(written(npyFormat, open, [], [undefined]).get('')!).header).toContain('(0, 0)');
  });

  test('of no rows has the shape of its column', () => {
    const files = written(npyFormat, [embedding, id], []);
    expect(npyParts(files.get('')!)).toEqual({
      header: "{'descr': '<f4', 'fortran_order': False, 'shape': (0, 3), }",
      bytes: Buffer.alloc(0),
    });
    expect(npyParts(files.get('.ids.npy')!).header).toContain("'shape': (0,)");
  });

  test('refuses NULLs, that were counted or not', () => {
    const nullable = column('my v', { name: 'vector', length: 1 }, { notNull: false });
    expect(npyFormat.measures!([nullable, id])).toEqual([{ column: 'my v', what: 'nulls' }]);
    const refused = {
      name: 'DataError',
      column: 'my v',
      hint: expect.stringContaining(`--where '"my v" IS NOT NULL'`),
    };
    const write = (count: number, validity: Uint8Array | undefined) => () =>
      written(npyFormat, [nullable], [batch(2, { ...vectors([[1], [0]]), validity } as Column)], [count]);
    expect(write(0, Uint8Array.of(0b11))).not.toThrow();
    expect(write(1234, undefined)).toThrow(
      expect.objectContaining({
        ...refused,
        message: 'column my v is NULL in 1,234 rows, and an array has a value in each',
      }),
    );
    expect(write(0, Uint8Array.of(0b01))).toThrow(expect.objectContaining(refused));
  });

  test('chooses the vectors and what tells them apart', () => {
    const names = (columns: readonly WriteColumn[], vector?: string) =>
      npyFormat.choose!(columns, vector).map(({ name }) => name);
    const title = column('title', 'text');
    const bits = column('bits', { name: 'bit', length: 8 });
    const plainId = column('id', 'int8');
    expect(names([title, id, embedding, bits], 'embedding')).toEqual(['embedding', 'id']);
    expect(names([plainId, { ...title, key: true }, embedding], 'embedding')).toEqual(['embedding', 'title']);
    expect(names([title, embedding], 'embedding')).toEqual(['embedding']);
    expect(() => names([title, id])).toThrow(
      expect.objectContaining({ name: 'UsageError', code: 'no-vector-column' }),
    );
    const sparse = column('s', 'sparsevec');
    expect(() => names([id, sparse], 's')).toThrow(/^column s is a sparsevec, and npy holds all elements/);
    const check =
      (...columns: WriteColumn[]) =>
      () =>
        npyFormat.check!(columns);
    expect(check(title, embedding)).not.toThrow();
    expect(check(embedding)).not.toThrow();
    expect(check(id, embedding, title)).toThrow(
      'npy holds one column of vectors, and ids beside it, and there are 2 columns beside the vectors',
    );
    expect(check(embedding, bits)).toThrow('there are vectors of 2 columns');
    expect(check(id)).toThrow('there are no vectors');
    expect(check(id, sparse)).toThrow(/sparsevec/);
  });

  test('is read back bit for bit, wherever batches end', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.tuple(floats, floats), { maxLength: 5 }), { maxLength: 5 }),
        async (batches) => {
          const file = written(
            npyFormat,
            [column('v', { name: 'vector', length: 2 })],
            batches.map((rows) => batch(rows.length, vectors(rows, 2))),
          );
          const { values } = await readVectors(readNpy, seekableSource(file.get('')!, 'a.npy'), {});
          expect(values).toEqual(batches.flat());
        },
      ),
      { numRuns: 100 },
    ));
});

const floats = fc.float({ noNaN: true, noDefaultInfinity: true });

describe('text in arrays', () => {
  const column = (name: string, type: string) => writeColumn(npzFormat, name, type);
  const ids = (column: WriteColumn, longest: number[], ...batches: Column[]) => {
    const vector = writeColumn(npyFormat, 'v', { name: 'vector', length: 1 });
    const rows = batches.map((values) =>
      values.kind === 'utf8'
        ? values.offsets.length - 1
        : (values as { values: Uint8Array }).values.length / 16,
    );
    const whole = batches.map((values, i) =>
      batch(rows[i]!, vectors(new Array(rows[i]).fill([0]), 1), values),
    );
    return npyParts(written(npyFormat, [vector, column], whole, longest).get('.ids.npy')!);
  };

  test('is UTF-32 of the width of the longest', () =>
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0')))),
        (batches) => {
          const longest = Math.max(0, ...batches.flat().map((text) => [...text].length));
          const { header, bytes } = ids(column('t', 'text'), [longest], ...batches.map(texts));
          const width = Math.max(longest, 1);
          expect(header).toContain(`'<U${width}'`);
          expect(utf32(bytes, width)).toEqual(batches.flat());
        },
      ),
      { numRuns: 40 },
    ));

  test('refuses what is longer than it was measured, and what is too long for any array', () => {
    expect(() => ids(column('t', 'text'), [2], texts(['ab', 'añ🦉']))).toThrow(
      'column t has 3 characters in a row, and had 2 when it was measured',
    );
    expect(() => ids(column('t', 'text'), [2 ** 24 + 1])).toThrow(
      expect.objectContaining({ name: 'DataError', code: 'row-too-long', column: 't' }),
    );
  });

  test('uuids are their 36 characters', () => {
    const uuid = '0189fa5c-0b1e-7cde-a432-10fedcba9876';
    const values = Buffer.from(uuid.replaceAll('-', '').repeat(2), 'hex');
    const { header, bytes } = ids(column('u', 'uuid'), [], { kind: 'uuid', values, ...alwaysValid });
    expect(header).toContain("'<U36'");
    expect(utf32(bytes, 36)).toEqual([uuid, uuid]);
  });
});

describe('npz', () => {
  const column = (name: string, type: string | WriteColumn['type'], rest?: Partial<WriteColumn>) =>
    writeColumn(npzFormat, name, type, rest);

  test('holds an array a column, the vectors first, and is read back', async () => {
    const columns = [
      column('id', 'int4'),
      column('título', 'varchar'),
      column('embedding', { name: 'vector', length: 2 }),
      column('price', 'float8'),
      column('ok', 'bool'),
      column('n', 'int2'),
      column('score', 'float4'),
    ];
    const titles = ['', 'ñ', 'ñ🦉', '🦉x', 'ñ🦉x'];
    const part = (from: number, rows: number): Batch => {
      const numbers = Array.from({ length: rows }, (_, i) => from + i + 1);
      return batch(
        rows,
        { kind: 'int32', values: Int32Array.from(numbers), ...alwaysValid },
        texts(numbers.map((i) => titles[i % 5]!)),
        vectors(numbers.map((i) => [i, -i / 4])),
        { kind: 'float64', values: Float64Array.from(numbers, (i) => i / 8), ...alwaysValid },
        { kind: 'boolean', values: Uint8Array.from(numbers, (i) => i % 2), ...alwaysValid },
        { kind: 'int16', values: Int16Array.from(numbers, (i) => -i), ...alwaysValid },
        { kind: 'float32', values: Float32Array.from(numbers, (i) => i / 2), ...alwaysValid },
      );
    };
    expect(npzFormat.measures!(columns)).toEqual([{ column: 'título', what: 'characters' }]);
    const files = written(npzFormat, columns, [part(0, 40), part(40, 7)], [3]);
    expect([...files.keys()]).toEqual(['']);
    const { rows, names } = await readRows(readNpz, bytesSource(files.get('')!, 'a.npz'));
    expect(names).toEqual(['embedding', 'id', 'título', 'price', 'ok', 'n', 'score']);
    const expected = (i: number) => ({
      embedding: [i, -i / 4],
      id: i,
      título: titles[i % 5],
      price: i / 8,
      ok: i % 2 === 1,
      n: -i,
      score: i / 2,
    });
    expect(rows).toHaveLength(47);
    expect(rows).toEqual(rows.map((_, row) => expected(row + 1)));
  });
});

/** An archive of which no more is there than what is around the arrays' bytes. */
function hollowArchive(pieces: readonly (Uint8Array | number)[]) {
  const parts: { at: number; bytes: Uint8Array }[] = [];
  let byteLength = 0;
  for (const piece of pieces) {
    if (typeof piece !== 'number') parts.push({ at: byteLength, bytes: piece });
    byteLength += typeof piece === 'number' ? piece : piece.length;
  }
  const readAt = async (target: Uint8Array, position: number) => {
    const length = Math.min(target.length, byteLength - position);
    for (let i = 0; i < length; i++) {
      const found = parts.find(({ at, bytes }) => at <= position + i && position + i < at + bytes.length);
      target[i] = found?.bytes[position + i - found.at] ?? 0;
    }
    return length;
  };
  return { name: 'a.npz', byteLength, read: async () => 0, readAt, close: async () => {} };
}

describe('npz of more than 4 GB', () => {
  test.each([
    ['each array', 2 ** 31],
    ['what comes before the second, which is larger', 2 ** 30 - 1000],
    ['both together', 2 ** 29 - 1000],
  ])('by %s', async (_, rows) => {
    const columns = [
      writeColumn(npzFormat, 'v', { name: 'vector', length: 1 }),
      writeColumn(npzFormat, 'id', 'int8'),
    ];
    const plan = {
      columns,
      text: { header: true, null: '', delimiter: ',' },
      compression: undefined,
      measured: { rows, values: [] },
    };
    const assembler = npzFormat.files(plan)[0]!.assembler(plan, rows);
    const head = assembler.head();
    assembler.add({ rows, lengths: [rows * 4, rows * 8], note: [0, 0] }, head.length);
    const rest = [...assembler.end()].map((piece) => (piece instanceof Uint8Array ? piece : rows * 8));
    const archive = hollowArchive([head, rows * 4, ...rest]);
    const entries = await readDirectory(archive);
    expect(entries).toMatchObject([
      { name: 'v.npy', length: 128 + rows * 4 },
      { name: 'id.npy', length: 128 + rows * 8 },
    ]);
    for (const entry of entries) {
      const start = await dataStart(archive, entry);
      const magic = new Uint8Array(6);
      await archive.readAt(magic, start);
      expect(Buffer.from(magic).toString('latin1')).toBe('\x93NUMPY');
    }
  });
});

describe('fvecs', () => {
  const column = (name: string, type: string | WriteColumn['type']) => writeColumn(fvecsFormat, name, type);
  const record = (...values: number[]) => Buffer.from(Float32Array.from(values).buffer);

  test('holds each row with its dimensions before it, rows of several lengths too', () => {
    const id = column('id', 'int2');
    const ids: Column = { kind: 'int16', values: Int16Array.of(7, 8), ...alwaysValid };
    const files = written(
      fvecsFormat,
      [id, column('v', 'vector')],
      [batch(2, ids, ragged([[1, 2, 3], [4]], 2)), batch(1, ids, ragged([[5, 6]]))],
    );
    expect(files.get('')).toEqual(vecsFile([record(1, 2, 3), record(4), record(5, 6)], 4));
    expect(npyParts(files.get('.ids.npy')!).bytes).toEqual(Buffer.from(Int16Array.of(7, 8, 7).buffer));
    expect(fvecsFormat.measures!([id, column('v', 'vector')])).toEqual([]);
  });

  test('holds halves as floats, and no bits', () => {
    const half = column('v', { name: 'halfvec', length: 2 });
    const files = written(fvecsFormat, [half], [batch(1, halves([0x3c00, 0x8001], 2))]);
    expect(files.get('')).toEqual(vecsFile([record(1, -(2 ** -24))], 4));
    expect(() => fvecsFormat.check!([column('v', { name: 'bit', length: 8 })])).toThrow(
      /^column v holds bits/,
    );
  });

  test('refuses a NULL', () => {
    const holed: Column = { ...vectors([[1], [0]]), validity: Uint8Array.of(1) } as Column;
    expect(() =>
      written(fvecsFormat, [column('v', { name: 'vector', length: 1 })], [batch(2, holed)]),
    ).toThrow(expect.objectContaining({ name: 'DataError', column: 'v' }));
  });

  test('is read back', async () => {
    const files = written(
      fvecsFormat,
      [column('v', { name: 'vector', length: 2 })],
      [
        batch(
          2,
          vectors([
            [1, 2],
            [3, 4],
          ]),
        ),
        batch(1, vectors([[5, 6]])),
      ],
    );
    const { values } = await readVectors(readFvecs, seekableSource(files.get('')!, 'a.fvecs'), {});
    expect(values).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
  });
});
