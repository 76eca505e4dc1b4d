import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PgvError } from '../../../src/errors.ts';
import { hdf5 } from '../../../src/formats/read/hdf5/hdf5.ts';
import { pgv } from '../../support/cli.ts';
import { emptyDatabase } from '../../support/databases.ts';
import { chunkedSource, type Reading, readVectors, seekableSource } from '../../support/read-vectors.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

// The files are made by fixtures/hdf5/make.py, which says what is in them.
const fixtures = fileURLToPath(new URL('../../../fixtures/hdf5', import.meta.url));
const file = (name: string) => readFileSync(path.join(fixtures, `${name}.h5`));

const read = (bytes: Buffer, options: Reading = {}) =>
  readVectors(hdf5, seekableSource(bytes, 'a.h5'), options);

const counting = (rows: number, columns: number, modulus = 2 ** 20) =>
  Array.from({ length: rows }, (_, row) =>
    Array.from({ length: columns }, (_, column) => (row * columns + column) % modulus),
  );

/** The name of each array in a file whose groups make.py numbered. */
function pathsOf(version: string): Map<string, string> {
  const listed = new Map<string, string>();
  names.forEach((name, i) => {
    listed.set(name, version === 'earliest' ? name : `g${Math.floor((i + 1) / 6)}/${name}`);
  });
  return listed;
}

const kinds = ['f2', 'f8', 'big_f4', 'big_f8', 'i1', 'i2', 'big_i4', 'i8', 'u1', 'big_u2', 'u4', 'u8'];
const names = [
  ...['contiguous', 'chunked', 'filtered', 'whole_rows', 'one_chunk', 'one_plain_chunk', 'compact', 'early'],
  ...['many_chunks', 'many_filtered', ...kinds, 'bool', 'labels', 'three', 'text', 'fixed', 'one', 'no_rows'],
  ...['attributes', 'unwritten', 'half_written', 'lzf', 'masked'],
];
const layouts = [...names.slice(0, 8), 'attributes', 'masked'];

describe.each(['earliest', 'v108', 'v110'])('%s', (version) => {
  const bytes = file(version);
  const paths = pathsOf(version);
  const from = (name: string, options: Reading = {}) =>
    read(bytes, { ...options, dataset: paths.get(name)! });

  test.each(layouts)('%s', async (name) => {
    const expected = counting(40, 6);
    expect(await from(name)).toEqual({ values: expected, numbers: expected.map((_, i) => i) });
    expect((await from(name, { pieceLength: 100 })).values).toEqual(expected);
  });

  test.each(['many_chunks', 'many_filtered'])('%s', async (name) => {
    const rows = version === 'v110' ? 2200 : 200;
    expect((await from(name)).values).toEqual(counting(rows, 1));
  });

  test.each(kinds)('%s', async (name) => expect((await from(name)).values).toEqual(counting(20, 6)));

  test('booleans, one axis, no rows', async () => {
    expect((await from('bool')).values).toEqual(counting(20, 6, 2));
    const labels = await from('labels', { type: { name: 'int8' } });
    expect(labels.values).toEqual(Array.from({ length: 30 }, (_, i) => BigInt(i)));
    expect((await from('no_rows')).values).toEqual([]);
  });

  test.each([
    ['three', { code: 'bad-shape', message: expect.stringContaining('3 axes') }],
    ['one', { code: 'bad-shape' }],
    ['text', { code: 'bad-element-type' }],
    ['fixed', { code: 'bad-element-type' }],
    ['unwritten', { code: 'unwritten' }],
    ['half_written', { code: 'unwritten', row: 11 }],
    ['lzf', { code: 'unknown-filter', message: expect.stringContaining('lzf') }],
  ])('%s is refused', async (name, problem) => {
    await expect(from(name)).rejects.toMatchObject({ name: 'DataError', file: 'a.h5', ...problem });
  });

  test('the pieces are the same, whichever of them are stored', () =>
    fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...layouts),
        fc.integer({ min: 1, max: 1200 }),
        fc.func(fc.boolean()),
        async (name, pieceLength, isStored) => {
          const options = { dataset: paths.get(name)!, pieceLength };
          const pieces = async (stored?: Map<number, { records: number; byteLength: number }>) => {
            const found = new Map<number, unknown>();
            const opened = await hdf5.open(seekableSource(bytes, 'a.h5'), options);
            for await (const { location, bytes } of opened.pieces(stored)) {
              found.set(location.sequence, { location, bytes: Buffer.from(bytes) });
            }
            return found as Map<number, { location: { records: number; byteLength: number } }>;
          };
          const whole = await pieces();
          const stored = new Map(
            [...whole].flatMap(([key, { location }]) => (isStored(key) ? [[key, location] as const] : [])),
          );
          const rest = await pieces(stored);
          expect(rest).toEqual(new Map([...whole].filter(([key]) => !stored.has(key))));
        },
      ),
      { numRuns: 40 },
    ));
});

describe('which array', () => {
  test('train, behind a user block; another by name', async () => {
    expect((await read(file('ann'))).values).toEqual(counting(40, 6));
    expect((await read(file('ann'), { dataset: '/neighbors' })).values).toEqual(counting(4, 3));
  });

  test('several, none of that name', async () => {
    await expect(read(file('earliest'))).rejects.toMatchObject({
      name: 'UsageError',
      code: 'ambiguous-dataset',
      hint: expect.stringMatching(/--dataset attributes$/),
    });
    await expect(read(file('ann'), { dataset: 'trian' })).rejects.toMatchObject({
      name: 'UsageError',
      code: 'no-dataset',
      hint: expect.stringContaining('train (40 × 6)'),
    });
  });
});

describe('refused', () => {
  test.each(['one', 'both', 'virtual', 'outside'])('%s, with what would make it readable', async (name) => {
    await expect(read(file('newer'), { dataset: `growing/${name}` })).rejects.toMatchObject({
      name: 'DataError',
      code: 'unknown-hdf5',
    });
  });

  test('names in a heap', async () => {
    await expect(read(file('many-names'))).rejects.toMatchObject({
      code: 'unknown-hdf5',
      hint: expect.stringContaining('h5repack'),
    });
  });

  test('a stream, another kind of file, an empty one', async () => {
    await expect(readVectors(hdf5, chunkedSource(file('ann'), 'stdin'), {})).rejects.toMatchObject({
      name: 'UsageError',
      code: 'needs-file',
    });
    for (const bytes of [Buffer.from('id,embedding\n1,"[1,2]"\n'), Buffer.alloc(0), Buffer.alloc(5000)]) {
      await expect(read(bytes)).rejects.toMatchObject({ name: 'DataError', code: 'not-hdf5' });
    }
  });

  test('a damaged chunk, by its compression or its checksum', async () => {
    const problem = { name: 'DataError', code: 'bad-chunk' };
    const bytes = file('earliest');
    for (let at = 0; at < bytes.length - 8; at++) {
      // zlib's header, or two of the numbers that are there as they are.
      if (bytes.readUInt16BE(at) === 0x785e) bytes[at + 8]! ^= 0x10;
      else if (bytes.readUInt32BE(at) === 0x06000700) bytes[at] = 5;
    }
    await expect(read(bytes, { dataset: 'filtered' })).rejects.toMatchObject(problem);
    await expect(read(bytes, { dataset: 'one_chunk' })).rejects.toMatchObject(problem);
    await expect(read(bytes, { dataset: 'many_filtered' })).rejects.toMatchObject(problem);
    expect((await read(bytes, { dataset: 'many_chunks' })).values[6]).toEqual([5]);
  });
});

describe('any damage', () => {
  const versions = fc.constantFrom('ann', 'earliest', 'v108', 'v110');
  const datasetsOf = (version: string) =>
    version === 'ann' ? ['train', 'test'] : [...pathsOf(version).values()];

  test('a file cut short is refused', () =>
    fc.assert(
      fc.asyncProperty(versions, fc.nat(), async (version, at) => {
        const bytes = file(version);
        const cut = bytes.subarray(0, at % bytes.length);
        const { code } = await read(cut, { dataset: datasetsOf(version)[0]! }).then(
          () => ({ code: 'read' }),
          (error) => error,
        );
        expect(['truncated', 'not-hdf5', 'bad-hdf5']).toContain(code);
      }),
      { numRuns: 200 },
    ));

  test('wrong bytes give rows or a clean error', () =>
    fc.assert(
      fc.asyncProperty(
        versions,
        fc.nat(),
        fc.array(fc.tuple(fc.nat(), fc.constantFrom(0, 1, 2, 3, 4, 8, 64, 127, 254, 255)), {
          minLength: 1,
          maxLength: 40,
        }),
        fc.boolean(),
        async (version, which, changes, atHead) => {
          const changed = file(version);
          const datasets = datasetsOf(version);
          const length = atHead ? 4000 : changed.length;
          for (const [at, value] of changes) changed[at % length] = value;
          const dataset = datasets[which % datasets.length]!;
          await read(changed, { dataset, pieceLength: 500, type: { name: 'text' } }).catch((error) => {
            if (!(error instanceof PgvError)) throw error;
          });
        },
      ),
      { numRuns: 800 },
    ));
});

test('on the built program', async () => {
  const { url, open } = await emptyDatabase('embedded');
  const cwd = await temporaryDirectory();
  await writeFile(path.join(cwd, 'ann.hdf5'), file('ann'));
  const env = { PGV_URL: url };
  expect(await pgv(['ingest', 'ann.hdf5'], { cwd, env })).toMatchObject({ code: 0 });
  const test = ['ingest', 'ann.hdf5', '--dataset', 'test', '-t', 'queries', '--map', 'embedding=v'];
  expect(await pgv(test, { cwd, env })).toMatchObject({ code: 0 });
  const database = await open();
  const { rows } = await database.query(
    `SELECT (SELECT array_agg(embedding::text ORDER BY id) FROM ann) AS ann,
      (SELECT array_agg(v::text ORDER BY id) FROM queries) AS queries`,
  );
  const texts = (rows: number[][]) => rows.map((row) => `[${row}]`);
  expect(rows).toEqual([{ ann: texts(counting(40, 6)), queries: texts(counting(4, 6)) }]);
});
