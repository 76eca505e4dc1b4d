import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ReadFormat } from '../../../src/formats/read/format.ts';
import { bvecs, fvecs, ivecs } from '../../../src/formats/read/vectors/vecs.ts';
import { chunkedSource, readVectors } from '../../support/read-vectors.ts';
import { fvecsFile, type KindName, kinds, valuesOf, vecsFile } from '../../support/vector-files.ts';

const formats: readonly [ReadFormat, KindName][] = [
  [fvecs, 'f4'],
  [bvecs, 'u1'],
  [ivecs, 'i4'],
];

/** A format, and rows of any bytes for it. */
const files = fc
  .record({
    format: fc.constantFrom(...formats),
    rows: fc.integer({ min: 1, max: 40 }),
    dimensions: fc.integer({ min: 1, max: 9 }),
  })
  .chain(({ format: [format, kind], rows, dimensions }) => {
    const length = dimensions * kinds[kind].size;
    const row = fc.uint8Array({ minLength: length, maxLength: length });
    return fc
      .array(row, { minLength: rows, maxLength: rows })
      .map((parts) => ({ format, kind, dimensions, rows: parts.map((part) => Buffer.from(part)) }));
  });

describe('random files', () => {
  test('give their elements as float32, or name the first that has none, wherever a piece ends', () =>
    fc.assert(
      fc.asyncProperty(
        files,
        fc.integer({ min: 4, max: 200 }),
        fc.integer({ min: 1, max: 50 }),
        async ({ format, kind, dimensions, rows }, pieceLength, chunkLength) => {
          const bytes = vecsFile(rows, kinds[kind].size);
          const array = { kind, rows: rows.length, dimensions, bytes: Buffer.concat(rows) };
          const expected = valuesOf(array).map((row) => row.map((value) => Math.fround(Number(value))));
          const reading = readVectors(format, chunkedSource(bytes, 'a', chunkLength), { pieceLength });
          const bad = expected.findIndex((row) => !row.every(Number.isFinite));
          if (bad < 0) {
            expect(await reading).toEqual({ values: expected, numbers: expected.map((_, i) => i) });
          } else
            await expect(reading).rejects.toMatchObject({ row: bad + 1, sqlstate: '22000', column: 'v' });
        },
      ),
      { numRuns: 600 },
    ));

  test('a row of another length is named, and so is one that is cut off', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom([1, 2, 3], [1, 2], [1, 2, 3, 4, 5]), { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 0, max: 11 }),
        fc.integer({ min: 4, max: 90 }),
        async (rows, cut, pieceLength) => {
          const all = [[7, 8, 9], ...rows, [7, 8, 9]];
          const bytes = fvecsFile(all);
          const other = all.findIndex(({ length }) => length !== 3);
          fc.pre(other >= 0 ? true : cut > 0);
          const short = other >= 0 ? bytes : bytes.subarray(0, bytes.length - cut);
          const reading = readVectors(fvecs, chunkedSource(short, 'a.fvecs', 5), { pieceLength });
          await expect(reading).rejects.toMatchObject(
            other >= 0
              ? { row: other + 1, code: 'bad-dimensions', sqlstate: '22000' }
              : { row: all.length, code: 'truncated' },
          );
        },
      ),
    ));
});

describe('broken files', () => {
  test.each([
    ['empty', Buffer.alloc(0), { code: 'empty-file' }],
    ['of three bytes', Buffer.from([3, 0, 0]), { code: 'truncated', row: 1 }],
    ['cut in the first row', fvecsFile([[1, 2, 3]]).subarray(0, 10), { code: 'truncated', row: 1 }],
    ['of text', Buffer.from('id,embedding\n'), { code: 'not-fvecs' }],
    ['of no dimensions', Buffer.alloc(8), { code: 'not-fvecs' }],
    ['of negative dimensions', Buffer.alloc(8, 0xff), { code: 'not-fvecs' }],
  ])('%s', async (_, bytes, details) => {
    const reading = readVectors(fvecs, chunkedSource(bytes, 'a.fvecs', 3), {});
    await expect(reading).rejects.toMatchObject({ name: 'DataError', file: 'a.fvecs', ...details });
  });
});
