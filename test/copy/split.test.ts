import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Batch, BytesColumn } from '../../src/batch.ts';
import { encodeBinary } from '../../src/copy/binary.ts';
import { rowOffsets } from '../../src/copy/split.ts';
import { encodeText } from '../../src/copy/text.ts';

type Row = (string | null)[];

/** The rows as columns of text. */
function batchOf(rows: readonly Row[], columns: number): Batch {
  return { rows: rows.length, columns: Array.from({ length: columns }, (_, i) => columnOf(rows, i)) };
}

function columnOf(rows: readonly Row[], index: number): BytesColumn {
  const values = rows.map((row) => Buffer.from(row[index] ?? ''));
  const offsets = new Int32Array(rows.length + 1);
  values.forEach((value, i) => {
    offsets[i + 1] = offsets[i]! + value.length;
  });
  const validity = new Uint8Array((rows.length + 7) >> 3);
  rows.forEach((row, i) => {
    if (row[index] !== null) validity[i >> 3]! |= 1 << (i & 7);
  });
  return { kind: 'utf8', offsets, bytes: Buffer.concat(values), validity };
}

const text = fc.oneof(fc.constantFrom('\n', '\r\n', '\\', '\\N', '\t', ''), fc.string());
const rowsOf = (columns: number) =>
  fc.array(fc.array(fc.option(text), { minLength: columns, maxLength: columns }), { maxLength: 12 });

describe.each([
  ['binary', encodeBinary],
  ['text', encodeText],
] as const)('the rows of a body in %s', (road, encode) => {
  test('are those that were encoded, one by one', () =>
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3 }).chain((n) => fc.tuple(fc.constant(n), rowsOf(n))),
        ([columns, rows]) => {
          const body = encode(batchOf(rows, columns));
          const offsets = rowOffsets(body, road);
          expect(offsets).toHaveLength(rows.length + 1);
          rows.forEach((row, i) => {
            const alone = Buffer.from(encode(batchOf([row], columns)));
            expect(Buffer.from(body.subarray(offsets[i], offsets[i + 1])).equals(alone)).toBe(true);
          });
          expect(offsets.at(-1)).toBe(body.length);
        },
      ),
    ));

  test('are none in an empty one', () => {
    expect(rowOffsets(new Uint8Array(0), road)).toEqual(Uint32Array.of(0));
  });
});
