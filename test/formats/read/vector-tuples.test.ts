import { describe, expect, test } from 'vitest';
import type { Location } from '../../../src/batch.ts';
import type { DecodedColumn } from '../../../src/formats/read/format.ts';
import { vectorDecoder } from '../../../src/formats/read/vectors/decoder.ts';
import type { VectorLayout } from '../../../src/formats/read/vectors/layout.ts';
import { expectSameTuples } from '../../support/read-vectors.ts';

const dimensions = 33;
/** More than are written in one go, and than are sent. */
const rows = 5000;

const vector: DecodedColumn = { name: 'v', field: 0, type: { name: 'vector' }, inferred: false };
const number: DecodedColumn = { name: 'n', field: 1, type: { name: 'int8' }, inferred: false };
const plain: VectorLayout = {
  ...{ format: 'npy', file: 'a.npy', element: 'f4', bigEndian: false },
  ...{ dimensions, prefix: 0, columnMajor: false, scalar: false },
};
const decoderOf = (layout: VectorLayout, columns: readonly DecodedColumn[]) =>
  vectorDecoder(layout, columns, 'binary', { utc: true });

function pieceOf({ prefix, dimensions: each }: VectorLayout, firstRow = 1) {
  const record = prefix / 4 + each;
  const floats = Float32Array.from({ length: rows * record }, (_, i) => Math.sin(i));
  const words = new Int32Array(floats.buffer);
  if (prefix > 0) for (let row = 0; row < rows; row++) words[row * record] = each;
  const bytes = new Uint8Array(floats.buffer);
  const location: Location = {
    sequence: 0,
    firstRow,
    records: rows,
    byteOffset: 0,
    byteLength: bytes.length,
  };
  return { floats, words, piece: { location, bytes } };
}

describe.each([
  ['plain rows', plain],
  ['rows with their dimensions in front', { ...plain, prefix: 4 }],
  ['rows of one', { ...plain, dimensions: 1 }],
  ['rows longer than is written in one go', { ...plain, dimensions: 9000 }],
] satisfies [string, VectorLayout][])('%s', (_, layout) => {
  test.each([
    ['the vector', [vector]],
    ['number and vector', [number, vector]],
    ['vector and number', [vector, number]],
  ])('are written as %s', (_columns, columns) => {
    const decoder = decoderOf(layout, columns);
    // Numbers of more than 32 bits, and then of fewer by the same decoder.
    for (const firstRow of [2 ** 33, 1]) {
      const { piece } = pieceOf(layout, firstRow);
      expect(decoder.tuples!(piece)).toBeDefined();
      expectSameTuples(decoder, piece);
      expect(decoder.bytesRead).toBe(piece.bytes.length);
    }
  });

  test.each([Number.NaN, Number.NEGATIVE_INFINITY])('%s is found wherever it is', (bad) => {
    const decoder = decoderOf(layout, [number, vector]);
    const { floats, piece } = pieceOf(layout);
    const record = floats.length / rows;
    for (const row of [0, 1, 247, 248, 2500, rows - 1]) {
      const at = (row + 1) * record - (row % layout.dimensions) - 1;
      const before = floats[at]!;
      floats[at] = bad;
      expect(() => [...decoder.tuples!(piece)!]).toThrow(expect.objectContaining({ row: row + 1 }));
      expectSameTuples(decoder, piece);
      floats[at] = before;
    }
    expectSameTuples(decoder, piece);
  });
});

test('a row of other dimensions is told', () => {
  const layout: VectorLayout = { ...plain, prefix: 4 };
  const decoder = decoderOf(layout, [number, vector]);
  const { words, piece } = pieceOf(layout);
  words[1000 * (dimensions + 1)] = dimensions + 1;
  expect(() => [...decoder.tuples!(piece)!]).toThrow(expect.objectContaining({ row: 1001 }));
  expectSameTuples(decoder, piece);
});

test.each<[string, Partial<VectorLayout>, DecodedColumn[]]>([
  ['another element', { element: 'f8' }, [vector]],
  ['the other order of bytes', { bigEndian: true }, [vector]],
  ['columns one behind the other', { columnMajor: true }, [vector]],
  ['more dimensions than a vector has', { dimensions: 40_000 }, [vector]],
  ['another type', {}, [{ ...vector, type: { name: 'halfvec' } }]],
  ['a number as text', {}, [vector, { ...number, type: { name: 'text' } }]],
  ['other dimensions than the column', {}, [{ ...vector, type: { name: 'vector', length: 3 } }]],
  ['two columns of vectors', {}, [vector, vector]],
  ['no vector', {}, [number]],
])('there is no shorter way for %s', (_, layout, columns) => {
  const decoder = decoderOf({ ...plain, ...layout }, columns);
  expect(decoder.tuples!(pieceOf(plain).piece)).toBeUndefined();
});

test('nor where bad rows are left out, or the last is cut short', () => {
  const decoder = decoderOf(plain, [vector]);
  const { piece } = pieceOf(plain);
  expect(decoder.tuples!(piece, () => {})).toBeUndefined();
  expect(decoder.tuples!({ ...piece, bytes: piece.bytes.subarray(0, -1) })).toBeUndefined();
});
