import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Batch, Column } from '../../../src/batch.ts';
import { encodeBinary } from '../../../src/copy/binary.ts';
import { fvecsFormat } from '../../../src/formats/write/arrays/fvecs.ts';
import { npyFormat } from '../../../src/formats/write/arrays/npy.ts';
import type { WriteColumn, WriteFormat } from '../../../src/formats/write/format.ts';
import { writeColumn } from '../../support/written.ts';

const alwaysValid = { validity: undefined };
const dirty = (length: number) => new Uint8Array(length + 9).fill(0xdb);

/** The format's encoder of batches, of columns of these types. */
function encoderOf(format: WriteFormat, ...types: WriteColumn['type'][]) {
  const columns = types.map((type, i) => writeColumn(format, `c${i}`, type));
  const plan = { columns, text: { header: true, null: '', delimiter: ',' }, compression: undefined };
  const encoder = format.encoder({ ...plan, measured: { rows: 0, values: [] } }, dirty);
  if (encoder.takes !== 'batches') throw new Error('a format that takes tuples');
  return encoder;
}

/** Columns of so many rows, by the type's name. */
const columnsOf: Record<string, (rows: number) => Column> = {
  int2: (rows) => ({
    kind: 'int16',
    values: Int16Array.from({ length: rows }, (_, i) => -i * 3),
    ...alwaysValid,
  }),
  int4: (rows) => ({
    kind: 'int32',
    values: Int32Array.from({ length: rows }, (_, i) => -i * 70_001),
    ...alwaysValid,
  }),
  int8: (rows) => ({
    kind: 'int64',
    values: BigInt64Array.from({ length: rows }, (_, i) => 2n ** 61n - BigInt(i)),
    ...alwaysValid,
  }),
  float8: (rows) => ({
    kind: 'float64',
    values: Float64Array.from({ length: rows }, (_, i) => i / 7),
    ...alwaysValid,
  }),
  bool: (rows) => ({
    kind: 'boolean',
    values: Uint8Array.from({ length: rows }, (_, i) => i % 2),
    ...alwaysValid,
  }),
};

const vectorsOf = (values: Float32Array, dimensions: number): Column => ({
  kind: 'vector',
  dimensions,
  values,
  ...alwaysValid,
});

describe.each([npyFormat, fvecsFormat])('$name', (format) => {
  test.each(Object.keys(columnsOf))('tuples with ids of %s become what their decoded rows do', (name) => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1100 }),
        fc.integer({ min: 1, max: 40 }),
        fc.boolean(),
        fc.infiniteStream(fc.float()),
        (dimensions, rows, idsFirst, floats) => {
          const some = [...floats.take(97)];
          const values = Float32Array.from({ length: rows * dimensions }, (_, i) => some[i % 97]!);
          const vectors = vectorsOf(values, dimensions);
          const ids = columnsOf[name]!(rows);
          const types = [{ name }, { name: 'vector', length: dimensions }];
          const encoder = encoderOf(format, ...(idsFirst ? types : types.toReversed()));
          const batch: Batch = { rows, columns: idsFirst ? [ids, vectors] : [vectors, ids] };
          const part = encoder.encodeTuples!(encodeBinary(batch), rows)!;
          const expected = encoder.encode(batch);
          expect(part.rows).toBe(rows);
          expect(part.streams.map((stream) => Buffer.from(stream).toString('hex'))).toEqual(
            expected.streams.map((stream) => Buffer.from(stream).toString('hex')),
          );
        },
      ),
      { numRuns: 30 },
    );
  });

  test('vectors alone, and no rows', () => {
    const encoder = encoderOf(format, { name: 'vector', length: 2 });
    const batch = { rows: 2, columns: [vectorsOf(Float32Array.of(1, -0, Number.NaN, 3e38), 2)] };
    const hex = (streams: Uint8Array[]) => streams.map((stream) => Buffer.from(stream).toString('hex'));
    expect(hex(encoder.encodeTuples!(encodeBinary(batch), 2)!.streams)).toEqual(
      hex(encoder.encode(batch).streams),
    );
    expect(encoder.encodeTuples!(new Uint8Array(0), 0)).toEqual({ rows: 0, streams: [new Uint8Array(0)] });
  });

  test('tuples that are not alike are left to be decoded', () => {
    const encoder = encoderOf(format, { name: 'int8' }, { name: 'vector', length: 2 });
    const tuplesOf = (...columns: Column[]) => encodeBinary({ rows: 3, columns });
    const ids = columnsOf.int8!(3);
    const vectors = vectorsOf(new Float32Array(6), 2);
    const ragged: Column = {
      kind: 'ragged-vector',
      // As many elements as alike ones have.
      offsets: Int32Array.of(0, 2, 5, 6),
      values: new Float32Array(6),
      ...alwaysValid,
    };
    expect(encoder.encodeTuples!(tuplesOf(ids, vectors), 3)).toBeDefined();
    expect(encoder.encodeTuples!(tuplesOf(ids, ragged), 3)).toBeUndefined();
    expect(encoder.encodeTuples!(tuplesOf(ids, vectorsOf(new Float32Array(9), 3)), 3)).toBeUndefined();
    expect(
      encoder.encodeTuples!(tuplesOf(ids, { ...vectors, validity: Uint8Array.of(5) }), 3),
    ).toBeUndefined();
    expect(
      encoder.encodeTuples!(tuplesOf({ ...ids, validity: Uint8Array.of(3) }, vectors), 3),
    ).toBeUndefined();
  });

  test('there is no short way for other types', () => {
    const types = ['uuid', 'text'].map((name) => [{ name }, { name: 'vector', length: 2 }]);
    for (const columns of [...types, [{ name: 'halfvec', length: 2 }]]) {
      expect(encoderOf(format, ...columns).encodeTuples).toBeUndefined();
    }
  });
});

test('fvecs has none where the column does not tell its dimensions', () => {
  expect(encoderOf(fvecsFormat, { name: 'vector' }).encodeTuples).toBeUndefined();
});
