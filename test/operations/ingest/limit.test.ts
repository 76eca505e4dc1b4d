import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readFormat } from '../../../src/formats/read/formats.ts';
import { npz } from '../../../src/formats/read/npz/npz.ts';
import type { Input } from '../../../src/operations/ingest/input.ts';
import { firstRecords, LimitingDecoder } from '../../../src/operations/ingest/limit.ts';
import { seekableSource } from '../../support/read-vectors.ts';

const bytes = readFileSync(new URL('../../../fixtures/npz/beside.npz', import.meta.url));

const input: Input = {
  name: 'beside.npz',
  describe: async () => ({ name: 'beside.npz' }),
  open: async ({ pieceLength }) => ({
    file: await npz.open(
      seekableSource(bytes, 'beside.npz'),
      pieceLength === undefined ? {} : { pieceLength },
    ),
    byteLength: undefined,
    close: async () => {},
  }),
};

// Arrays lie one behind the other in a piece: where each begins depends on the records that the piece holds.
test.each([1, 3, 39, 40, 41])('the first %i rows of arrays side by side', async (limit) => {
  for (const pieceLength of [undefined, 500]) {
    const { file } = await firstRecords([input], limit)[0]!.open({ pieceLength });
    const column = { name: 'weight', field: file.fieldNames!.indexOf('weight'), inferred: false };
    const decoder = new LimitingDecoder(
      readFormat('npz')!.decoder(file.layout, [{ ...column, type: { name: 'float8' } }], 'binary', {
        utc: true,
      }),
    );
    const weights: number[] = [];
    for await (const piece of file.pieces()) {
      for (const { rows, columns } of decoder.batches(piece)) {
        weights.push(...(columns[0] as { values: Float64Array }).values.subarray(0, rows));
      }
    }
    expect(weights).toEqual(Array.from({ length: Math.min(limit, 40) }, (_, row) => row / 7));
  }
});

test('what goes on as it is goes on whole', () => {
  const layout = { format: 'binary', file: 'a.bin', fields: 1 };
  const column = { name: 'a', field: 0, type: { name: 'text' }, inferred: false };
  const decoder = new LimitingDecoder(
    readFormat('binary')!.decoder(layout, [column], 'binary', { utc: true }),
  );
  const location = { sequence: 0, firstRow: 1, records: 1, byteOffset: 0, byteLength: 7 };
  const piece = { location, bytes: Uint8Array.from([0, 1, 0, 0, 0, 1, 0x61]) };
  expect([...decoder.tuples(piece)!]).toEqual([piece.bytes]);
  expect(decoder.tuples({ ...piece, held: 2 })).toBeUndefined();
});
