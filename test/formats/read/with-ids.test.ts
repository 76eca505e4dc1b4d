import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ReadFormat } from '../../../src/formats/read/format.ts';
import { npy } from '../../../src/formats/read/vectors/npy.ts';
import { bvecs, fvecs } from '../../../src/formats/read/vectors/vecs.ts';
import { bytesSource, readRows } from '../../support/read-columnar.ts';
import { chunkedSource } from '../../support/read-vectors.ts';
import { floatsNpy, npyFile, vecsFile } from '../../support/vector-files.ts';

type IdKind = 'i8' | 'i2' | 'u1' | 'S3';

/** Ids of every width, so that the vectors behind them begin anywhere. */
const idKinds: Record<IdKind, (id: number) => readonly [bytes: Buffer, value: unknown]> = {
  i8: (id: number) => [Buffer.from(BigInt64Array.of(BigInt(id)).buffer), id],
  i2: (id: number) => [Buffer.from(Int16Array.of(id).buffer), id],
  u1: (id: number) => [Buffer.of(id), id],
  S3: (id: number) => [Buffer.from(`s${id}`.padEnd(3, '\0').slice(0, 3)), `s${id}`],
};

const arrays = fc.record({
  kind: fc.constantFrom(...(Object.keys(idKinds) as IdKind[])),
  ids: fc.array(fc.integer({ min: 0, max: 99 }), { maxLength: 40 }),
  dimensions: fc.integer({ min: 1, max: 5 }),
  pieceLength: fc.integer({ min: 1, max: 400 }),
});

/** Whole numbers, which fit a byte: row r, element c. */
const element = (row: number, column: number) => (row * 7 + column) % 256;
const vector = (row: number, dimensions: number) =>
  Array.from({ length: dimensions }, (_, column) => element(row, column));

const files: [string, ReadFormat, (rows: number, dimensions: number) => Buffer][] = [
  ['npy', npy, (rows, dimensions) => npyOf(rows, dimensions, false)],
  ['npy, column by column', npy, (rows, dimensions) => npyOf(rows, dimensions, true)],
  [
    'fvecs',
    fvecs,
    (rows, dimensions) =>
      vecsFile(
        Array.from({ length: rows }, (_, row) =>
          Buffer.from(Float32Array.from(vector(row, dimensions)).buffer),
        ),
        4,
      ),
  ],
  [
    'bvecs',
    bvecs,
    (rows, dimensions) =>
      vecsFile(
        Array.from({ length: rows }, (_, row) => Buffer.from(vector(row, dimensions))),
        1,
      ),
  ],
];

function npyOf(rows: number, dimensions: number, fortran: boolean): Buffer {
  const [outer, inner] = fortran ? [dimensions, rows] : [rows, dimensions];
  const values = Array.from({ length: outer * inner }, (_, i) => {
    const [a, b] = [Math.floor(i / inner), i % inner];
    return fortran ? element(b, a) : element(a, b);
  });
  return npyFile({
    kind: 'f4',
    fortran,
    rows,
    dimensions,
    bytes: Buffer.from(Float32Array.from(values).buffer),
  });
}

function idsOf(kind: IdKind, ids: readonly number[]): { file: Buffer; values: unknown[] } {
  const made = ids.map(idKinds[kind]);
  const bytes = Buffer.concat(made.map(([each]) => each));
  const plain = npyFile({ kind: 'u1', rows: ids.length, dimensions: undefined, bytes });
  // The same width of header whatever the type is called.
  const file = Buffer.from(
    plain.toString('latin1').replace("'|u1'", `'${kind === 'S3' || kind === 'u1' ? '|' : '<'}${kind}'`),
    'latin1',
  );
  return { file, values: made.map(([, value]) => value) };
}

describe.each(files)('%s', (_, format, fileOf) => {
  test('has the ids beside it as the field id, wherever a piece ends, and without those that are stored', () =>
    fc.assert(
      fc.asyncProperty(arrays, async ({ kind, ids, dimensions, pieceLength }) => {
        fc.pre(format === npy || ids.length > 0);
        const { file, values } = idsOf(kind, ids);
        const expected = values.map((id, row) => ({ id, embedding: vector(row, dimensions) }));
        const options = () => ({ pieceLength, ids: bytesSource(file, 'a.ids.npy') });
        const source = () => bytesSource(fileOf(ids.length, dimensions), 'a');
        const { names, rows, pieces } = await readRows(format, source(), options());
        expect({ names, rows }).toEqual({ names: ['id', 'embedding'], rows: expected });
        const [first] = pieces;
        if (first === undefined) return;
        const stored = new Map([[0, first.location]]);
        const rest = await readRows(format, source(), options(), stored);
        expect(rest.rows).toEqual(expected.slice(first.location.records));
      }),
      { numRuns: 60 },
    ));
});

test('what is read from front to back alone is refused', async () => {
  const ids = bytesSource(idsOf('i8', [1]).file, 'a.ids.npy');
  const stream = chunkedSource(floatsNpy([[1, 2]]), 'a.npy');
  await expect(npy.open(stream, { ids })).rejects.toMatchObject({ name: 'UsageError', code: 'needs-file' });
});
