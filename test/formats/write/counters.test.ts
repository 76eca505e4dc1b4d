import fc from 'fast-check';
import { expect, test } from 'vitest';
import { binaryFormat, TupleCounter } from '../../../src/formats/write/binary.ts';
import { CsvRecordCounter } from '../../../src/formats/write/csv.ts';

/** The bytes in pieces of 1 to 7, cut where the seeds say. */
function* pieces(bytes: Buffer, sizes: number[]): Iterable<Buffer> {
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length]!;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

const field = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom('"', '\n', ',', 'a') }));
const sizes = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 });

function csvField(text: string): string {
  return /["\n\r,]/.test(text) || text === '' ? `"${text.replaceAll('"', '""')}"` : text;
}

test('records of CSV are counted wherever the bytes are cut', () => {
  fc.assert(
    fc.property(fc.array(fc.array(field, { minLength: 1 })), sizes, (rows, cuts) => {
      const text = rows.map((row) => `${row.map(csvField).join(',')}\n`).join('');
      const counter = new CsvRecordCounter();
      for (const piece of pieces(Buffer.from(text), cuts)) counter.count(piece);
      expect(counter.total).toBe(rows.length);
    }),
  );
});

const pgcopyHeader = Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.alloc(8)]);

function tuple(fields: (Uint8Array | null)[]): Buffer {
  const count = Buffer.alloc(2);
  count.writeInt16BE(fields.length);
  const parts = fields.map((value) => {
    const length = Buffer.alloc(4);
    length.writeInt32BE(value?.byteLength ?? -1);
    return Buffer.concat([length, value ?? Buffer.alloc(0)]);
  });
  return Buffer.concat([count, ...parts]);
}

test('tuples of a PGCOPY stream are counted wherever the bytes are cut', () => {
  const fields = fc.array(fc.option(fc.uint8Array({ maxLength: 20 })));
  fc.assert(
    fc.property(fc.array(fields), sizes, (rows, cuts) => {
      const stream = Buffer.concat([pgcopyHeader, ...rows.map(tuple), Buffer.from([0xff, 0xff])]);
      const counter = new TupleCounter();
      for (const piece of pieces(stream, cuts)) {
        expect(counter.complete).toBe(false);
        counter.count(piece);
      }
      expect(counter).toMatchObject({ total: rows.length, complete: true });
    }),
  );
});

test('a PGCOPY stream without its trailer is an error', async () => {
  async function* wire() {
    yield Buffer.concat([pgcopyHeader, tuple([Buffer.from('a')])]);
  }
  const options = { header: true, null: '', delimiter: ',' };
  const file = binaryFormat.encode(wire(), options, () => {});
  const drained = (async () => {
    for await (const chunk of file) expect(chunk.byteLength).toBeGreaterThan(0);
  })();
  await expect(drained).rejects.toThrow('COPY ended before its trailer');
});
