import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Piece, StoredPieces } from '../../../src/batch.ts';
import { PieceCutter } from '../../../src/formats/read/piece-cutter.ts';
import { openFile, type Source, streamSource } from '../../../src/source.ts';
import { temporaryFile } from '../../support/temporary.ts';

const NEWLINE = 0x0a;

/** Records are lines. */
function cutLines(bytes: Buffer, length: number, atEnd: boolean) {
  const text = bytes.subarray(0, length);
  const records = text.filter((byte) => byte === NEWLINE).length;
  const end = text.lastIndexOf(NEWLINE) + 1;
  return atEnd && end < length ? { end: length, records: records + 1 } : { end, records };
}

interface Handling {
  /** Whether buffers are given back. */
  recycle?: boolean;
  /** Whether more than a piece has been looked at before. */
  ahead?: boolean;
  stored?: StoredPieces;
}

async function cut(
  source: Source,
  pieceLength: number,
  { recycle, ahead, stored }: Handling = {},
): Promise<Piece[]> {
  const cutter = new PieceCutter(source, pieceLength);
  if (ahead) {
    await cutter.peek();
    await cutter.lengthen();
    await cutter.lengthen();
  }
  const pieces: Piece[] = [];
  for await (const { location, bytes } of cutter.pieces(cutLines, stored)) {
    pieces.push({ location, bytes: bytes.slice() });
    // As a lane gives it back: whoever looks at it again sees that.
    bytes.fill(0x78);
    if (recycle) cutter.recycle(bytes.buffer);
  }
  await source.close();
  return pieces;
}

function chunked(bytes: Uint8Array, size = bytes.length || 1): Source {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.slice(at, at + size));
  return streamSource(Readable.from(chunks, { objectMode: true }), 'test');
}

function seekable(bytes: Uint8Array): Source {
  const read = (target: Uint8Array, from: number) => {
    const found = bytes.subarray(from, from + target.length);
    target.set(found);
    return found.length;
  };
  let position = 0;
  return {
    name: 'test',
    byteLength: bytes.length,
    read: async (target) => {
      const length = read(target, position);
      position += length;
      return length;
    },
    readAt: async (target, from) => read(target, from),
    close: async () => {},
  };
}

const lines = fc
  .array(fc.oneof(fc.string({ maxLength: 6 }), fc.string({ maxLength: 60 })), { maxLength: 40 })
  .chain((parts) => fc.constantFrom(parts.join('\n'), `${parts.join('\n')}\n`))
  .map((text) => Buffer.from(text));
const pieceLength = fc.integer({ min: 1, max: 50 });

describe('pieces', () => {
  test('together they are the source, each of whole records, numbered through', () =>
    fc.assert(
      fc.asyncProperty(lines, pieceLength, fc.boolean(), async (bytes, length, recycle) => {
        const pieces = await cut(chunked(bytes), length, { recycle });
        expect(Buffer.concat(pieces.map((piece) => piece.bytes))).toEqual(bytes);
        let [offset, row] = [0, 1];
        for (const [i, piece] of pieces.entries()) {
          const newlines = piece.bytes.filter((byte) => byte === NEWLINE).length;
          expect(piece.location).toEqual({
            sequence: i,
            firstRow: row,
            records: piece.bytes.at(-1) === NEWLINE ? newlines : newlines + 1,
            byteOffset: offset,
            byteLength: piece.bytes.length,
          });
          if (i < pieces.length - 1) expect(piece.bytes.at(-1)).toBe(NEWLINE);
          offset += piece.bytes.length;
          row += newlines;
        }
      }),
    ));

  test('whatever chunks the source comes in, and however far it was looked at, they are the same', () =>
    fc.assert(
      fc.asyncProperty(lines, pieceLength, fc.integer({ min: 1, max: 20 }), async (bytes, length, size) => {
        const pieces = await cut(chunked(bytes), length);
        expect(await cut(chunked(bytes, size), length)).toEqual(pieces);
        expect(await cut(chunked(bytes, size), length, { ahead: true })).toEqual(pieces);
      }),
    ));

  test('of a file they are those of a stream', async () => {
    const bytes = Buffer.from(Array.from({ length: 500 }, (_, i) => 'x'.repeat((i * 7) % 40)).join('\n'));
    const path = await temporaryFile('lines.txt', bytes);
    const source = await openFile(path, 'lines.txt');
    expect(source.byteLength).toBe(bytes.length);
    expect(await cut(source, 64)).toEqual(await cut(chunked(bytes, 13), 64));
  });

  test('cutting from the beginning of any of them gives those behind it', () =>
    fc.assert(
      fc.asyncProperty(lines, pieceLength, async (bytes, length) => {
        const pieces = await cut(chunked(bytes), length);
        for (const { location } of pieces) {
          const behind = await cut(chunked(bytes.subarray(location.byteOffset)), length);
          expect(behind.map((piece) => piece.bytes)).toEqual(
            pieces.slice(location.sequence).map((piece) => piece.bytes),
          );
        }
      }),
    ));

  test('without those that are stored, read or sought behind, the others are what they were', () =>
    fc.assert(
      fc.asyncProperty(lines, pieceLength, fc.infiniteStream(fc.boolean()), async (bytes, length, choice) => {
        const pieces = await cut(chunked(bytes), length);
        const stored = new Map(
          pieces.filter(() => choice.next().value).map(({ location }) => [location.sequence, location]),
        );
        const others = pieces.filter(({ location }) => !stored.has(location.sequence));
        expect(await cut(chunked(bytes), length, { stored })).toEqual(others);
        expect(await cut(seekable(bytes), length, { stored, ahead: true })).toEqual(others);
      }),
    ));

  test('a record that is longer than a piece is one', async () => {
    const long = `${'x'.repeat(100)}\n`;
    const pieces = await cut(chunked(Buffer.from(`a\n${long}b\n${long}`)), 8);
    expect(pieces.map(({ bytes }) => bytes.length)).toEqual([2, 103, 101]);
  });
});
