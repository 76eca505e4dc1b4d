import { Readable } from 'node:stream';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type BytesColumn, isValid, type Piece } from '../../../src/batch.ts';
import { csv } from '../../../src/formats/read/csv/csv.ts';
import type { DecodedColumn, OpenOptions } from '../../../src/formats/read/format.ts';
import { streamSource } from '../../../src/source.ts';
import { cases } from '../../support/cases.ts';
import { type Dialect, fileText, randomFile, type WrittenRow } from '../../support/random-csv.ts';

interface ReadRow {
  /** The row's number in the file. */
  number: number;
  fields: (string | null)[];
}

const session = { utc: true };

async function open(bytes: Uint8Array, options: OpenOptions, chunkLength = bytes.length || 1) {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += chunkLength) chunks.push(bytes.slice(at, at + chunkLength));
  return csv.open(streamSource(Readable.from(chunks, { objectMode: true }), 'test.csv'), options);
}

/** All rows of a file, by way of its pieces; every piece by the same decoder. */
async function readAll(bytes: Uint8Array, options: OpenOptions, chunkLength?: number): Promise<ReadRow[]> {
  const file = await open(bytes, options, chunkLength);
  const columns = Array.from(
    { length: file.fieldCount },
    (_, field): DecodedColumn => ({ name: `c${field}`, field, type: { name: 'text' }, inferred: false }),
  );
  const decoder = csv.decoder(file.layout, columns, 'binary', session);
  const rows: ReadRow[] = [];
  for await (const piece of file.pieces()) {
    let n = 0;
    for (const batch of decoder.batches(piece)) {
      for (let row = 0; row < batch.rows; row++) {
        const fields = batch.columns.map((column) => textAt(column as BytesColumn, row));
        rows.push({ number: decoder.rowNumber(piece, n++), fields });
      }
    }
    expect(decoder.bytesRead).toBe(piece.bytes.length);
  }
  return rows;
}

function textAt({ validity, bytes, offsets }: BytesColumn, row: number): string | null {
  if (!isValid(validity, row)) return null;
  return Buffer.from(bytes.subarray(offsets[row], offsets[row + 1])).toString('utf8');
}

function asOptions({ nullText, ...dialect }: Dialect): OpenOptions {
  return { ...dialect, null: nullText };
}

/** The rows that were written, numbered with the blank lines among them. */
function numbered(rows: readonly WrittenRow[]): ReadRow[] {
  return rows.flatMap((row, i) =>
    row === 'blank' ? [] : [{ number: i + 1, fields: row.map(({ text }) => text) }],
  );
}

describe('random files', () => {
  test('give the rows that were written, wherever a piece ends', () =>
    fc.assert(
      fc.asyncProperty(
        randomFile,
        fc.integer({ min: 12, max: 80 }),
        fc.integer({ min: 1, max: 40 }),
        async (file, pieceLength, chunkLength) => {
          const options = { ...asOptions(file.dialect), pieceLength };
          const rows = await readAll(Buffer.from(fileText(file)), options, chunkLength);
          expect(rows).toEqual(numbered(file.rows));
        },
      ),
      cases(400),
    ));

  test('so do those with few quotes and line ends far apart', () =>
    fc.assert(
      fc.asyncProperty(
        randomFile,
        fc.array(fc.integer({ min: 0, max: 6000 }), { minLength: 36, maxLength: 36 }),
        fc.integer({ min: 5000, max: 40_000 }),
        async (file, lengths, pieceLength) => {
          let next = 0;
          const lengthened = (row: WrittenRow): WrittenRow =>
            row === 'blank'
              ? row
              : row.map(({ text, style }) => ({
                  text: text === null ? null : text + 'x'.repeat(lengths[next++ % lengths.length]!),
                  style,
                }));
          const long = { ...file, rows: file.rows.map(lengthened) };
          const rows = await readAll(Buffer.from(fileText(long)), {
            ...asOptions(file.dialect),
            pieceLength,
          });
          expect(rows).toEqual(numbered(long.rows));
        },
      ),
      { numRuns: 150 },
    ));

  test('csv-parse reads them alike', () =>
    fc.assert(
      fc.asyncProperty(randomFile, async (file) => {
        const { delimiter, quote, newline, nullText } = file.dialect;
        // Quotes in the middle of a field are COPY's own; so is an escape that stands before neither.
        fc.pre(file.rows.every((row) => row === 'blank' || row.every(({ style }) => style !== 'middle')));
        const text = fileText(file);
        const theirs = parse(text, {
          delimiter,
          quote,
          escape: file.dialect.escape ?? quote,
          record_delimiter: newline,
          from: 2,
          skip_empty_lines: file.columns > 1,
          cast: (value, { quoting }) => (!quoting && value === nullText ? null : value),
        });
        const ours = await readAll(Buffer.from(text), asOptions(file.dialect));
        expect(ours.map(({ fields }) => fields)).toEqual(theirs);
      }),
      cases(150),
    ));
});

describe('the beginning of a file', () => {
  test('a byte order mark is no part of the first name, nor of the first value', async () => {
    const file = await open(Buffer.from('\ufeffa,b\n1,2\n'), {});
    expect(file.fieldNames).toEqual(['a', 'b']);
    const rows = await readAll(Buffer.from('\ufeff"x",2\n'), { header: false });
    expect(rows).toEqual([{ number: 1, fields: ['x', '2'] }]);
  });

  test.each(['1,2', '"[1,2]"', '1.5,"[0.1]"', '{1:2}/3,-4', '-1e5'])('%s is no header', async (line) => {
    const header = open(Buffer.from(`${line}\n`), {});
    await expect(header).rejects.toMatchObject({
      code: 'no-header',
      hint: expect.stringMatching(/--no-header/),
    });
    expect((await open(Buffer.from(`${line}\n`), { header: false })).fieldNames).toBeUndefined();
  });

  test.each(['{"id": 1, "v": [1,2]}', '[{"id": 1}]', '{"v":[1,2]}'])('%s is JSON', async (line) => {
    await expect(open(Buffer.from(`${line}\n`), {})).rejects.toMatchObject({
      code: 'wrong-format',
      hint: expect.stringMatching(/--format jsonl/),
    });
  });

  test.each(['"{""a"": 1}",x', 'a,1', 'id,"[x]"', '"1,2",x'])('%s is a header', async (line) => {
    expect((await open(Buffer.from(`${line}\n`), {})).fieldNames).toHaveLength(2);
  });

  test('the sample: whole records, a thousand at most, without blank lines', async () => {
    const sample = async (text: string, pieceLength?: number) =>
      (await open(Buffer.from(text), { pieceLength })).sample;
    expect(await sample('a,b\n1,\n\n"2\n",""\n')).toEqual([
      ['1', null],
      ['2\n', ''],
    ]);
    expect(await sample(`a\n${'x\n'.repeat(2000)}`)).toHaveLength(1000);
    // What stands for NULL does not change what a blank line is.
    const asNull = async (text: string) => (await open(Buffer.from(text), { null: 'NULL' })).sample;
    expect(await asNull('a,b\n1,NULL\n\n2,\n')).toEqual([
      ['1', null],
      ['2', ''],
    ]);
    expect(await asNull('a\n1\n\n')).toEqual([['1'], ['']]);
    expect(await sample(`a,b\n${'x'.repeat(100)},1\n2,3`, 16)).toEqual([
      ['x'.repeat(100), '1'],
      ['2', '3'],
    ]);
  });
});

describe('broken records', () => {
  const vector = { name: 'vector', length: 2 };

  /** Reads a file of a text and a vector, in pieces of 32 bytes. */
  async function problemOf(text: string): Promise<unknown> {
    const file = await open(Buffer.from(text), { pieceLength: 32 });
    const columns: DecodedColumn[] = [
      { name: 't', field: 0, type: { name: 'text' }, inferred: false },
      { name: 'v', field: 1, type: vector, inferred: false },
    ];
    const decoder = csv.decoder(file.layout, columns, 'binary', session);
    const decode = (piece: Piece) => Array.from(decoder.batches(piece), ({ rows }) => rows);
    try {
      for await (const piece of file.pieces()) decode(piece);
      return undefined;
    } catch (error) {
      return error;
    }
  }

  const good = 'x,"[1,2]"\n';
  test.each([
    ['"[1]"', { column: 'v', sqlstate: '22000', message: 'expected 2 dimensions, not 1' }],
    ['"[1,nan]"', { column: 'v', sqlstate: '22000' }],
    ['"[1,1e400]"', { column: 'v', sqlstate: '22003', message: expect.stringMatching(/^element 2 /) }],
    ['junk', { column: 'v', sqlstate: '22P02' }],
    ['"[1,2]",z', { code: 'extra-field', sqlstate: '22P04' }],
  ])('%s: named with the row, in whichever piece', async (field, details) => {
    for (let before = 0; before < 12; before++) {
      // A blank line and a quoted line end count as what they are.
      const text = `t,v\n\n"two\nlines","[1,2]"\n${good.repeat(before)}y,${field}\n${good.repeat(20)}`;
      expect(await problemOf(text)).toMatchObject({ ...details, file: 'test.csv', row: before + 3 });
    }
  });

  test('a line end of another kind than the first line has', async () => {
    const error = await problemOf('t,v\rx,"[1,2]"\ry\nz,"[1,2]"\r');
    expect(error).toMatchObject({
      code: 'bad-line-end',
      row: 2,
      message: 'a line feed stands outside quotes',
    });
    // But for a line feed alone in a file of both, which is as clear as can be.
    expect(await problemOf('t,v\r\nx,"[1,2]"\ny,"[1,2]"\r\n')).toBeUndefined();
  });

  test('a quote that is never closed, a lone carriage return, a missing field', async () => {
    expect(await problemOf(`t,v\n${good.repeat(5)}"x,"[1,2]"\n${good}`)).toMatchObject({ row: 6 });
    expect(await problemOf(`t,v\n${good.repeat(5)}x\ry,"[1,2]"\n`)).toMatchObject({
      code: 'bad-line-end',
      row: 6,
    });
    expect(await problemOf(`t,v\n${good.repeat(5)}x\n${good}`)).toMatchObject({
      code: 'missing-field',
      row: 6,
    });
  });
});
