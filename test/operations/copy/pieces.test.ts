import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Piece } from '../../../src/batch.ts';
import type { Part } from '../../../src/formats/write/format.ts';
import { PieceGatherer } from '../../../src/operations/copy/pieces.ts';

/** Parts of some rows each, every row a byte. */
const parts = fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 30 });

async function* given(lengths: readonly number[]): AsyncGenerator<Part> {
  let next = 0;
  for (const rows of lengths) {
    yield { rows, streams: [Uint8Array.from({ length: rows }, () => next++)] };
  }
}

async function gathered(lengths: readonly number[], pieceLength: number, stored?: Map<number, never>) {
  const gatherer = new PieceGatherer(pieceLength);
  const pieces: Piece[] = [];
  for await (const piece of gatherer.pieces(given(lengths), stored)) {
    pieces.push({ ...piece, bytes: piece.bytes.slice() });
    // What is recycled is written over.
    gatherer.recycle(piece.bytes.fill(0xff).buffer);
  }
  return pieces;
}

test('pieces are all parts in their order, cut alike, with or without those that are stored', () =>
  fc.assert(
    fc.asyncProperty(
      parts,
      fc.integer({ min: 1, max: 100 }),
      fc.func(fc.boolean()),
      async (lengths, most, isStored) => {
        const pieces = await gathered(lengths, most);
        const rows = lengths.reduce((sum, length) => sum + length, 0);
        expect(pieces.flatMap(({ bytes }) => [...bytes])).toEqual(
          Array.from({ length: rows }, (_, i) => i & 0xff),
        );
        let [firstRow, byteOffset] = [1, 0];
        for (const [sequence, { location, bytes }] of pieces.entries()) {
          const { length } = bytes;
          expect(location).toEqual({ sequence, firstRow, records: length, byteOffset, byteLength: length });
          expect(length <= most || lengths.includes(length)).toBe(true);
          firstRow += length;
          byteOffset += length;
        }
        const stored = new Map(pieces.flatMap((_, i) => (isStored(i) ? [[i, {} as never] as const] : [])));
        expect(await gathered(lengths, most, stored)).toEqual(pieces.filter((_, i) => !stored.has(i)));
      },
    ),
  ));
