import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CutOptions, TupleCutter } from '../../src/copy/tuple-parts.ts';

const header = Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.alloc(8)]);
const trailer = Buffer.from([0xff, 0xff]);

/** A tuple with one field of so many bytes, each the row's number. */
function tuple(row: number, length: number): Buffer {
  const head = Buffer.alloc(6);
  head.writeInt16BE(1, 0);
  head.writeInt32BE(length, 2);
  return Buffer.concat([head, Buffer.alloc(length, row)]);
}

function cut(chunks: Iterable<Uint8Array>, options: Omit<CutOptions, 'fields'>) {
  const runs: { bytes: Buffer; rows: number }[] = [];
  // A buffer holds what was there before.
  const take = (length: number) => new Uint8Array(length + 7).fill(0xee);
  const cutter = new TupleCutter({ fields: 1, ...options }, take, (bytes, rows) => {
    runs.push({ bytes: Buffer.from(bytes), rows });
    // It has been given away.
    new Uint8Array(bytes.buffer).fill(0xdd);
  });
  for (const chunk of chunks) cutter.add(chunk);
  cutter.finish();
  return runs;
}

function* inChunks(bytes: Buffer, sizes: readonly number[]): Generator<Buffer> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length]!;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

test('whole tuples, in runs of about the length asked for, whatever the chunks', () => {
  const lengths = fc.array(fc.oneof(fc.nat(20), fc.nat(300_000)), { maxLength: 30 });
  const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 200_000 })), {
    minLength: 1,
    maxLength: 5,
  });
  const options = fc.record({
    partLength: fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 400_000 })),
    skip: fc.nat(5),
    every: fc.option(fc.integer({ min: 1, max: 7 }), { nil: undefined }),
    firstRow: fc.nat(20),
  });
  fc.assert(
    fc.property(lengths, sizes, options, (rowLengths, chunkSizes, given) => {
      const tuples = rowLengths.map((length, row) => tuple(row, length));
      // Small chunks of much data would take all day.
      const whole = Buffer.concat([header, ...tuples, trailer]);
      const pieces = chunkSizes.map((size) => Math.max(size, Math.ceil(whole.length / 2000)));
      const runs = cut(inChunks(whole, pieces), given);
      expect(
        Buffer.concat(runs.map(({ bytes }) => bytes)).equals(Buffer.concat(tuples.slice(given.skip))),
      ).toBe(true);
      let row = given.firstRow;
      for (const [i, { bytes, rows }] of runs.entries()) {
        expect(rows).toBeGreaterThan(0);
        row += rows;
        const isLast = i === runs.length - 1;
        const { every } = given;
        if (every !== undefined) expect(Math.floor((row - 1) / every)).toBe(Math.floor((row - rows) / every));
        if (!isLast) expect(bytes.length >= given.partLength || row % every! === 0).toBe(true);
      }
    }),
    { numRuns: 300 },
  );
});

describe('what is no whole COPY', () => {
  test.each([
    ['nothing', Buffer.alloc(0), 'before its trailer'],
    ['no trailer', Buffer.concat([header, tuple(1, 3)]), 'before its trailer'],
    ['a tuple cut short', Buffer.concat([header, tuple(1, 3).subarray(0, 7), trailer]), 'before its trailer'],
    ['other fields', Buffer.concat([header, Buffer.from([0, 2]), trailer]), 'the row has 2 fields'],
  ])('%s', (_, bytes, message) => {
    expect(() => cut([bytes], { partLength: 100 })).toThrow(message);
  });
});
