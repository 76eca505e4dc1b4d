import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RaggedVectorColumn, SparseVectorColumn, VectorColumn } from '../../src/batch.ts';
import type { ValueProblem } from '../../src/text-reader.ts';
import { converter, densify } from '../../src/vector/convert.ts';
import { Transformer } from '../../src/vector/transform.ts';
import { vectorText } from '../../src/vector/vector-text.ts';

const vectors = (...rows: number[][]): VectorColumn => ({
  kind: 'vector',
  dimensions: rows[0]!.length,
  values: Float32Array.from(rows.flat()),
  validity: undefined,
});

function ragged(...rows: (number[] | null)[]): RaggedVectorColumn {
  const offsets = new Int32Array(rows.length + 1);
  rows.forEach((row, i) => {
    offsets[i + 1] = offsets[i]! + (row?.length ?? 0);
  });
  const validity = new Uint8Array((rows.length + 7) >> 3);
  rows.forEach((row, i) => {
    if (row !== null) validity[i >> 3]! |= 1 << (i & 7);
  });
  return {
    kind: 'ragged-vector',
    offsets,
    values: Float32Array.from(rows.flatMap((row) => row ?? [])),
    validity,
  };
}

const never = (row: number, problem: ValueProblem) => {
  throw new Error(`row ${row}: ${problem.message}`);
};

describe('vectors', () => {
  test('are brought to length 1 by a norm in float64, and those of zeros left and counted', () => {
    const transformer = new Transformer({ normalize: true });
    const column = vectors([3, 4], [0, 0], [3e38, 3e38], [1e-45, 0]);
    const { values } = transformer.dense(column, 4, never);
    const half = Math.fround(Math.SQRT1_2);
    expect([...values]).toEqual([Math.fround(0.6), Math.fround(0.8), 0, 0, half, half, 1, 0]);
    expect(transformer.zeros).toBe(1);
    // What was given may be a piece's own bytes.
    expect([...column.values.subarray(0, 2)]).toEqual([3, 4]);
  });

  test('any vector comes out with length 1, as near as float32 can', () => {
    const element = fc.float({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(fc.array(element, { minLength: 1, maxLength: 40 }), (vector) => {
        const { values } = new Transformer({ normalize: true }).dense(vectors(vector), 1, never);
        const norm = Math.hypot(...vector);
        expect([...values]).toEqual(norm === 0 ? vector : [...values]);
        if (norm > 0) expect(Math.hypot(...values)).toBeCloseTo(1, 6);
        if (norm > 0) {
          values.forEach((value, i) => {
            expect(value).toBeCloseTo(vector[i]! / norm, 6);
          });
        }
      }),
    );
  });

  test('are cut and brought to length 1 again; those of that many dimensions stay as they are', () => {
    const transformer = new Transformer({ cut: 2, length: 2 });
    const bad: [number, string][] = [];
    const out = transformer.dense(ragged([3, 4, 9], [5, 6], null, [1], [0, 0, 1]), 5, (row, { message }) =>
      bad.push([row, message]),
    );
    expect(out).toMatchObject({ kind: 'vector', dimensions: 2 });
    expect([...out.values]).toEqual([Math.fround(0.6), Math.fround(0.8), 5, 6, 0, 0, 0, 0, 0, 0]);
    expect(bad).toEqual([[3, 'expected at least 2 dimensions, not 1']]);
    expect(transformer.zeros).toBe(1);
  });

  test('of another length than the column has are bad', () => {
    const bad: [number, string][] = [];
    new Transformer({ length: 2 }).dense(ragged([1, 2], [1, 2, 3], null), 3, (row, { message }) =>
      bad.push([row, message]),
    );
    expect(bad).toEqual([[1, 'expected 2 dimensions, not 3']]);
  });

  test('of any length stay of any length', () => {
    const out = new Transformer({ normalize: true }).dense(ragged([2], [3, 4], null), 3, never);
    expect(out).toMatchObject({ kind: 'ragged-vector', offsets: Int32Array.of(0, 1, 3, 3) });
    expect([...out.values]).toEqual([1, Math.fround(0.6), Math.fround(0.8)]);
  });
});

test('sparse vectors are cut and brought to length 1 by what they hold', () => {
  const column: SparseVectorColumn = {
    kind: 'sparsevec',
    dimensions: Int32Array.of(9, 9, 3),
    offsets: Int32Array.of(0, 3, 5, 6),
    indices: Int32Array.of(0, 4, 8, 5, 8, 0),
    values: Float32Array.of(3, 4, 7, 2, 1, 1),
    validity: undefined,
  };
  const bad: number[] = [];
  const out = new Transformer({ cut: 5 }).sparse(column, 3, (row) => bad.push(row));
  expect(vectorText(out, 0)).toBe(`{1:${Math.fround(0.6)},5:${Math.fround(0.8)}}/5`);
  expect(vectorText(out, 1)).toBe('{}/5');
  expect(bad).toEqual([2]);
  const dense = densify({ ...column, dimensions: Int32Array.of(9, 9, 20_000) }, 3, (row) => bad.push(row));
  expect(bad).toEqual([2, 2]);
  expect(vectorText(dense, 0)).toBe('[3,0,0,0,4,0,0,0,7]');
});

test('conversions: halves in range, no zeros kept, a bit where an element is above 0', () => {
  const column = vectors([1, -0, 65519, 1e-8], [0.5, 0, -1, 2]);
  expect(vectorText(converter('halfvec')(column, 2, never) as VectorColumn, 0)).toBe('[1,-0,65504,0]');
  expect(vectorText(converter('sparsevec')(column, 2, never) as SparseVectorColumn, 1)).toBe(
    '{1:0.5,3:-1,4:2}/4',
  );
  expect(vectorText(converter('bit')(column, 2, never) as never, 1)).toBe('1001');
  expect(vectorText(converter('vector')(column, 2, never) as VectorColumn, 1)).toBe('[0.5,0,-1,2]');
  const bad: [number, string][] = [];
  converter('halfvec')(vectors([1, 2], [1, -65520]), 2, (row, { message }) => bad.push([row, message]));
  expect(bad).toEqual([[1, 'element 2 (-65520) is out of range for type halfvec']]);
});
