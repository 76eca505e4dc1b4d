import { CompressionType, compressionRegistry, MapRow, tableFromIPC, Vector } from 'apache-arrow';
import { decompress } from 'fzstd';
import { expect, test } from 'vitest';
import { FooterMessages, readFooter } from '../../../src/formats/read/arrow/footer.ts';
import { readBatchHeader } from '../../../src/formats/read/arrow/message.ts';
import { arrowFormat } from '../../../src/formats/write/arrow/arrow.ts';
import { fileOf } from '../../support/columnar-files.ts';
import { bytesSource } from '../../support/read-columnar.ts';
import { sampleBatches, typedValues } from '../../support/typed-values.ts';
import { writeColumn } from '../../support/written.ts';

const kinds = Object.entries(typedValues);
const everyColumn = kinds.map(([name, { type }]) => writeColumn(arrowFormat, name, type));

compressionRegistry.set(CompressionType.ZSTD, { decode: (bytes: Uint8Array) => decompress(bytes) });

/** As Apache's library, which is not ours, reads it; lists and maps as arrays and objects. */
function readByOthers(bytes: Uint8Array): { types: Record<string, string>; rows: Record<string, unknown>[] } {
  const table = tableFromIPC(bytes);
  const plain = (value: unknown): unknown => {
    if (value instanceof Vector) return Array.from(value, plain);
    return value instanceof MapRow ? value.toJSON() : value;
  };
  return {
    types: Object.fromEntries(table.schema.fields.map(({ name, type }) => [name, String(type)])),
    rows: table.toArray().map((row) => Object.fromEntries(kinds.map(([name]) => [name, plain(row[name])]))),
  };
}

test.each([undefined, 'zstd' as const])(
  'values of every kind as another reader has them, compressed by %s',
  async (compression) => {
    const { types, rows } = readByOthers(
      await fileOf(arrowFormat, everyColumn, sampleBatches(), compression),
    );
    expect(types).toMatchObject({
      vector: 'FixedSizeList[3]<Float32>',
      anyVector: 'List<Float32>',
      half: 'FixedSizeList[2]<Float16>',
      sparse: 'Map<{key:Int32, value:Float32}>',
      moment: 'Timestamp<MICROSECOND>',
      instant: 'Timestamp<MICROSECOND, UTC>',
    });
    const [nulls, values, , others] = rows;
    expect(new Set(Object.values(nulls!))).toEqual(new Set([null]));
    expect(values).toEqual({
      flag: true,
      small: -7,
      whole: 2147483647,
      large: -9223372036854775808n,
      single: 0.25,
      double: 0.1,
      words: 'Ünïcode 😀',
      document: '{"a":[1,null]}',
      bytes: Uint8Array.of(0, 255),
      uuid: new Uint8Array(Buffer.from('0a1b2c3d000040008000000000000001', 'hex')),
      day: Date.parse('1969-12-31'),
      clock: 45_000_250_000n,
      moment: Date.parse('2024-02-29T01:02:03.456Z'),
      instant: -1,
      vector: [1, -0.5, 3],
      anyVector: [1, 2],
      half: [0.5, -2],
      sparse: { 2: 1.5, 9: -1 },
      integers: [1, null, 3],
      flags: [true, null],
      days: [Date.parse('1970-01-02')],
      list: ['', null, 'b'],
    });
    expect(others).toMatchObject({ vector: null, sparse: {}, integers: [], list: [] });
  },
);

test('everything lies at multiples of 64 bytes, for programs that work with files where they lie', async () => {
  const bytes = await fileOf(arrowFormat, everyColumn, sampleBatches());
  const source = bytesSource(bytes, 'file');
  const footer = await readFooter(source.readAt!, bytes.length, 'file');
  const messages = new FooterMessages(source.readAt!, bytes.length, 'file', footer);
  const places: number[] = [];
  for (let message = await messages.next(); message !== undefined; message = await messages.next()) {
    const { buffers } = readBatchHeader(message.header);
    places.push(message.offset, ...buffers.filter((_, i) => i % 2 === 0));
  }
  expect(places.length).toBeGreaterThan(2 * kinds.length);
  expect(places.filter((place) => place % 64 !== 0)).toEqual([]);
});
