import { spawnSync } from 'node:child_process';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { npy } from '../../../src/formats/read/vectors/npy.ts';
import { openFile, type Source } from '../../../src/source.ts';
import { exactFloat32 } from '../../../src/vector/float32.ts';
import { chunkedSource, type Reading, readVectors } from '../../support/read-vectors.ts';
import { temporaryDirectory, temporaryFile } from '../../support/temporary.ts';
import {
  floatsNpy,
  type KindName,
  kinds,
  npyFile,
  npyHead,
  type Value,
  valuesOf,
  type WrittenArray,
} from '../../support/vector-files.ts';

const read = (source: Source, options: Reading = {}) => readVectors(npy, source, options);
const stream = (bytes: Uint8Array, chunkLength?: number) => chunkedSource(bytes, 'a.npy', chunkLength);
const asFloat = (value: Value) =>
  typeof value === 'bigint' ? exactFloat32(String(value)) : Math.fround(value);

/** Arrays of any bytes: every pattern that an element can have comes up. */
const arrays = fc
  .record({
    kind: fc.constantFrom(...(Object.keys(kinds) as KindName[])),
    bigEndian: fc.boolean(),
    fortran: fc.boolean(),
    version: fc.constantFrom(1 as const, 2 as const, 3 as const),
    rows: fc.integer({ min: 0, max: 40 }),
    dimensions: fc.option(fc.integer({ min: 1, max: 7 }), { nil: undefined }),
  })
  .chain((shape) => {
    const length = shape.rows * (shape.dimensions ?? 1) * kinds[shape.kind].size;
    return fc
      .uint8Array({ minLength: length, maxLength: length })
      .map((bytes): WrittenArray => ({ ...shape, bytes: Buffer.from(bytes) }));
  });

async function sourceOf(array: WrittenArray, chunkLength: number): Promise<Source> {
  const bytes = npyFile(array);
  if (!array.fortran) return stream(bytes, chunkLength);
  return openFile(await temporaryFile('a.npy', bytes), 'a.npy');
}

describe('random arrays', () => {
  test('give their elements as float32, or name the first that has none, wherever a piece ends', () =>
    fc.assert(
      fc.asyncProperty(
        arrays,
        fc.integer({ min: 12, max: 300 }),
        fc.integer({ min: 1, max: 90 }),
        async (array, pieceLength, chunkLength) => {
          const expected = valuesOf(array).map((row) => row.map(asFloat));
          const reading = read(await sourceOf(array, chunkLength), { pieceLength });
          const row = expected.findIndex((values) => !values.every(Number.isFinite));
          if (row < 0) {
            expect(await reading).toEqual({ values: expected, numbers: expected.map((_, i) => i) });
            return;
          }
          const element = expected[row]!.findIndex((value) => !Number.isFinite(value)) + 1;
          await expect(reading).rejects.toMatchObject({
            file: 'a.npy',
            row: row + 1,
            column: 'v',
            message: expect.stringMatching(new RegExp(`^element ${element} `)),
          });
        },
      ),
      { numRuns: 600 },
    ));

  test('give text that reads back as the same elements', () =>
    fc.assert(
      fc.asyncProperty(arrays, fc.integer({ min: 12, max: 300 }), async (array, pieceLength) => {
        fc.pre(array.dimensions !== undefined);
        const { values } = await read(await sourceOf(array, 64), {
          pieceLength,
          road: 'text',
          type: { name: 'array' },
        });
        const back = values.map((text) =>
          String(text)
            .replace(/[{}]/g, '')
            .split(',')
            .map((element) =>
              /8$/.test(array.kind) && array.kind !== 'f8' ? BigInt(element) : Number(element),
            ),
        );
        expect(back).toEqual(valuesOf(array));
      }),
      { numRuns: 200 },
    ));
});

test('64-bit integers are rounded once: what lies just off the middle of two float32s goes to its own side', async () => {
  const middle = 2n ** 60n + 2n ** 36n;
  const integers = [
    middle - 1n,
    middle,
    middle + 1n,
    -middle - 1n,
    -middle + 1n,
    2n ** 53n + 1n,
    -(2n ** 63n),
  ];
  const bytes = Buffer.from(BigInt64Array.from(integers).buffer);
  const { values } = await read(stream(npyFile({ kind: 'i8', rows: 7, dimensions: 1, bytes })));
  const upper = 2 ** 60 + 2 ** 37;
  expect(values.flat()).toEqual([2 ** 60, 2 ** 60, upper, -upper, -(2 ** 60), 2 ** 53, -(2 ** 63)]);
});

describe('targets', () => {
  const rows = [
    [1.5, -2, 65504],
    [0, -0, 1 / 3],
  ];
  const to = async (type: Reading['type'], road?: Reading['road']) =>
    (await read(stream(floatsNpy(rows)), { type: type!, road: road ?? 'binary' })).values;

  test('halfvec: rounded, and what is too large refused', async () => {
    expect(await to({ name: 'halfvec', length: 3 })).toEqual([
      [0x3e00, 0xc000, 0x7bff],
      [0, 0x8000, 0x3555],
    ]);
    const large = read(stream(floatsNpy([[1], [65520]])), { type: { name: 'halfvec' } });
    await expect(large).rejects.toMatchObject({
      row: 2,
      sqlstate: '22003',
      message: 'element 1 (65520) is out of range for type halfvec',
    });
  });

  test('other types by their text', async () => {
    expect(await to({ name: 'text' })).toEqual(['[1.5,-2,65504]', '[0,-0,0.3333333432674408]']);
    expect(await to({ name: 'vector', length: 3 }, 'text')).toEqual([
      '[1.5,-2,65504]',
      '[0,-0,0.3333333432674408]',
    ]);
    expect(await to({ name: 'sparsevec' }, 'text')).toEqual([
      '{1:1.5,2:-2,3:65504}/3',
      '{3:0.3333333432674408}/3',
    ]);
    const bits = npyFile({ kind: 'b1', rows: 1, dimensions: 3, bytes: Buffer.from([1, 0, 2]) });
    expect((await read(stream(bits), { type: { name: 'bit' }, road: 'text' })).values).toEqual(['101']);
  });

  test('of other dimensions: refused with the first row', async () => {
    await expect(to({ name: 'vector', length: 4 })).rejects.toMatchObject({
      row: 1,
      column: 'v',
      sqlstate: '22000',
      message: 'expected 4 dimensions, not 3',
    });
  });
});

describe('broken files', () => {
  const good = floatsNpy([
    [1, 2],
    [3, 4],
    [5, 6],
  ]);
  const head = good.length - 24;
  const dictionary = (descr: string, shape: string, order = 'False') =>
    npyHead(`{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}, }`);
  test.each<[string, Buffer, object]>([
    ['empty', Buffer.alloc(0), { code: 'empty-file' }],
    ['of another kind', Buffer.from('id,embedding\n1,"[1,2]"\n'), { code: 'not-npy' }],
    ['cut in the magic bytes', good.subarray(0, 4), { code: 'truncated' }],
    ['cut in the header', good.subarray(0, 40), { code: 'truncated' }],
    ['without rows', good.subarray(0, head), { code: 'truncated', row: 1 }],
    ['cut between rows', good.subarray(0, head + 16), { code: 'truncated', row: 3 }],
    ['cut within a row', good.subarray(0, head + 19), { code: 'truncated', row: 3 }],
    ['longer than its array', Buffer.concat([good, Buffer.from('x')]), { code: 'extra-bytes' }],
    ['two arrays', Buffer.concat([good, good]), { code: 'extra-bytes' }],
    ['version 4', Buffer.from(good).fill(4, 6, 7), { code: 'not-npy' }],
    ['a header of no sense', npyHead('{}'), { code: 'not-npy' }],
    ['text', dictionary("'<U5'", '(3, 2)'), { code: 'bad-element-type', hint: /astype/ }],
    ['complex', dictionary("'<c8'", '(3, 2)'), { code: 'bad-element-type' }],
    ['records', dictionary("[('a', '<f4')]", '(3, 2)'), { code: 'bad-element-type' }],
    ['no axis', dictionary("'<f4'", '()'), { code: 'bad-shape' }],
    ['three axes', dictionary("'<f4'", '(3, 2, 1)'), { code: 'bad-shape', hint: /reshape/ }],
    ['no dimensions', dictionary("'<f4'", '(3, 0)'), { code: 'bad-shape' }],
    ['too many', dictionary("'<f4'", '(3, 16001)'), { code: 'too-many-dimensions', sqlstate: '54000' }],
  ])('%s', async (_, bytes, details) => {
    const expected = Object.fromEntries(
      Object.entries(details).map(([key, value]) => [
        key,
        value instanceof RegExp ? expect.stringMatching(value) : value,
      ]),
    );
    const problem = { name: 'DataError', file: 'a.npy', ...expected };
    await expect(read(stream(bytes, 7))).rejects.toMatchObject(problem);
    const file = await openFile(await temporaryFile('a.npy', bytes), 'a.npy');
    await expect(read(file)).rejects.toMatchObject(problem);
  });

  test('column by column from a stream', async () => {
    const array: WrittenArray = {
      kind: 'f4',
      fortran: true,
      rows: 2,
      dimensions: 2,
      bytes: Buffer.alloc(16),
    };
    await expect(read(stream(npyFile(array)))).rejects.toMatchObject({
      name: 'UsageError',
      code: 'needs-file',
    });
  });
});

const numpy = spawnSync('python3', ['-c', 'import numpy'], { encoding: 'utf8' });
const noNumpy =
  numpy.status === 0 ? null : `no NumPy: ${numpy.error?.message ?? numpy.stderr.trim().split('\n').at(-1)}`;

describe.skipIf(noNumpy !== null)(`beside NumPy${noNumpy === null ? '' : ` (skipped: ${noNumpy})`}`, () => {
  test('what np.save wrote is read as NumPy rounds it', async () => {
    const folder = await temporaryDirectory();
    const script = `
import json, numpy as np
random, told = np.random.default_rng(7), {}
for kind in 'f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 u8'.split():
    for order in '<>':
        for layout in 'CF':
            if kind[0] == 'f': array = random.standard_normal((50, 6)) * 100
            else:
                limits = np.iinfo(kind)
                array = random.integers(limits.min, limits.max, (50, 6), dtype=kind, endpoint=True)
            array = np.asarray(array.astype(order + kind), order=layout)
            name = f'{kind}{"l" if order == "<" else "b"}{layout}.npy'
            np.save('${folder}/' + name, array)
            told[name] = array.astype('f4').astype('f8').tolist()
print(json.dumps(told))`;
    const { stdout, stderr } = spawnSync('python3', ['-c', script], { encoding: 'utf8', maxBuffer: 2 ** 26 });
    expect(stderr).toBe('');
    const told = Object.entries(JSON.parse(stdout) as Record<string, number[][]>);
    expect(told).toHaveLength(44);
    for (const [name, values] of told) {
      const source = await openFile(path.join(folder, name), name);
      expect((await read(source, { pieceLength: 200 })).values, name).toEqual(values);
    }
  });
});
