import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Batch, Column } from '../../src/batch.ts';
import { BinaryFrames, encodeBinary } from '../../src/copy/binary.ts';

const bits = (rows: number, isNull: (row: number) => boolean): Uint8Array => {
  const validity = new Uint8Array((rows + 7) >> 3);
  for (let row = 0; row < rows; row++) if (!isNull(row)) validity[row >> 3]! |= 1 << (row & 7);
  return validity;
};

/** Rows of a text of `length` bytes and a vector; every third vector is NULL. */
function batchOf(rows: number, dimensions: number, length: number): Batch {
  const values = Float32Array.from({ length: rows * dimensions }, (_, i) => Math.sin(i));
  const text: Column = {
    kind: 'utf8',
    offsets: Int32Array.from({ length: rows + 1 }, (_, i) => i * length),
    bytes: new Uint8Array(rows * length).fill(0x61),
    validity: undefined,
  };
  const vector: Column = { kind: 'vector', dimensions, values, validity: bits(rows, (row) => row % 3 === 2) };
  return { rows, columns: [text, vector] };
}

/** A tuple by the format's description. */
function tuples({ rows, columns }: Batch): Buffer {
  const [text, vector] = columns as [Column & { kind: 'utf8' }, Column & { kind: 'vector' }];
  const { dimensions } = vector;
  const written: Buffer[] = [];
  for (let row = 0; row < rows; row++) {
    const value = text.bytes.subarray(text.offsets[row], text.offsets[row + 1]);
    const head = Buffer.alloc(6);
    head.writeInt16BE(2);
    head.writeInt32BE(value.length, 2);
    const isNull = row % 3 === 2;
    const field = Buffer.alloc(isNull ? 4 : 8 + 4 * dimensions);
    field.writeInt32BE(isNull ? -1 : field.length - 4);
    if (!isNull) {
      field.writeInt16BE(dimensions, 4);
      for (let i = 0; i < dimensions; i++) {
        field.writeFloatBE(vector.values[row * dimensions + i]!, 8 + 4 * i);
      }
    }
    written.push(head, Buffer.from(value), field);
  }
  return Buffer.concat(written);
}

/** Copies, each before the next is asked for. */
function taken(frames: BinaryFrames, batches: readonly Batch[]): { body: Buffer; longest: number } {
  const chunks: Buffer[] = [];
  for (const batch of batches) for (const chunk of frames.add(batch)) chunks.push(Buffer.from(chunk));
  for (const chunk of frames.take()) chunks.push(Buffer.from(chunk));
  return { body: Buffer.concat(chunks), longest: Math.max(0, ...chunks.map(({ length }) => length)) };
}

test('frames hold the tuples of all batches, of whatever size, one after the other', () => {
  const frames = new BinaryFrames();
  const shape = fc.tuple(
    fc.integer({ min: 0, max: 7 }),
    fc.constantFrom(0, 1, 3, 4, 5, 384, 3000),
    fc.constantFrom(0, 5, 100, 100_000, 150_000),
  );
  fc.assert(
    fc.property(fc.array(shape, { maxLength: 12 }), (shapes) => {
      const batches = shapes.map((each) => batchOf(...each));
      const expected = Buffer.concat(batches.map(tuples));
      expect(taken(frames, batches).body.equals(expected)).toBe(true);
      expect(Buffer.concat(batches.map(encodeBinary)).equals(expected)).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test.each([
  ['a vector and a number', 1, 384],
  ['two vectors', 2, 7],
  ['vectors of which one is a block', 1, 16_000],
  ['many small ones', 1, 1],
])('rows without a NULL, of fields of one length: %s', (_, vectors, dimensions) => {
  const rows = dimensions > 1000 ? 7 : 500;
  const columns: Column[] = [
    {
      kind: 'int64',
      values: BigInt64Array.from({ length: rows + 9 }, (_, i) => BigInt(i) * -(2n ** 33n)),
      validity: undefined,
    },
    ...Array.from({ length: vectors }, (_, n): Column => {
      const values = Float32Array.from({ length: (rows + 3) * dimensions }, (_, i) => Math.cos(i + n));
      return { kind: 'vector', dimensions, values, validity: undefined };
    }),
    { kind: 'boolean', values: Uint8Array.from({ length: rows }, (_, i) => i % 2), validity: undefined },
    {
      kind: 'halfvec',
      dimensions: 3,
      values: Uint16Array.from({ length: 3 * rows }, (_, i) => i),
      validity: undefined,
    },
  ];
  const batch = { rows, columns };
  const body = taken(new BinaryFrames(), [batch, batchOf(2, 5, 6), batch]).body;
  const expected = [batch, batchOf(2, 5, 6), batch].map((each) => Buffer.from(encodeBinary(each)));
  expect(body.equals(Buffer.concat(expected))).toBe(true);
});

test('a frame is of a size to send, and small batches come together', () => {
  const small = Array.from({ length: 3000 }, () => batchOf(1, 384, 10));
  const { body, longest } = taken(new BinaryFrames(), small);
  expect(body.length).toBeGreaterThan(3_000_000);
  expect(longest).toBeGreaterThan(200_000);
  expect(longest).toBeLessThan(2 ** 20);
});

test('what was not taken is forgotten when it is cleared', () => {
  const frames = new BinaryFrames();
  frames.addBytes(Buffer.from('of another piece'));
  frames.clear();
  const batch = batchOf(2, 3, 4);
  expect(taken(frames, [batch]).body.equals(tuples(batch))).toBe(true);
});
