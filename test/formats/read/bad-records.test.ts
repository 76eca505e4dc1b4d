import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { csv, tsv } from '../../../src/formats/read/csv/csv.ts';
import {
  type DecodedColumn,
  NeedsText,
  type ReadFormat,
  type Road,
} from '../../../src/formats/read/format.ts';
import { json, jsonl } from '../../../src/formats/read/json/json.ts';
import { npy } from '../../../src/formats/read/vectors/npy.ts';
import { fvecs } from '../../../src/formats/read/vectors/vecs.ts';
import type { ValueType } from '../../../src/values/types.ts';
import { readAround } from '../../support/bad-records.ts';
import { cases } from '../../support/cases.ts';
import { chunkedSource } from '../../support/read-vectors.ts';
import { fvecsFile, npyFile } from '../../support/vector-files.ts';

const column = (name: string, field: number, type: ValueType, inferred = false): DecodedColumn => ({
  name,
  field,
  type,
  inferred,
});

/** id, t, v and h of a table; `h` comes first, so that columns and fields are in another order. */
const textColumns = [
  column('h', 3, { name: 'halfvec', length: 2 }),
  column('id', 0, { name: 'int8' }),
  column('t', 1, { name: 'text' }),
  column('v', 2, { name: 'vector', length: 3 }),
];

interface BadRecord {
  text: string;
  column?: string | undefined;
  message: RegExp;
}

const bad = (text: string, message: RegExp, columnName?: string): BadRecord => ({
  text,
  message,
  column: columnName,
});

/** Good and bad records as one list, the bad ones spread among a thousand good ones; the last of them at the very end. */
function spread(good: (row: number) => string, bads: readonly BadRecord[]): (string | BadRecord)[] {
  const every = Math.ceil(1001 / bads.length);
  const records: (string | BadRecord)[] = [];
  for (const record of bads) {
    while (records.filter((r) => typeof r === 'string').length % every !== every - 1) {
      records.push(good(records.length + 1));
    }
    records.push(good(records.length + 1), record);
  }
  return records;
}

/** Reads the records in pieces of several lengths: the good rows come, the bad ones are told, all just as they stood. */
async function expectAround(
  format: ReadFormat,
  head: string,
  records: readonly (string | BadRecord)[],
  decoded: readonly DecodedColumn[],
  road: Road = 'binary',
): Promise<void> {
  const body = records.map((record) => (typeof record === 'string' ? record : record.text)).join('');
  const file = Buffer.from(head + body);
  const goodOnes = records.filter((record) => typeof record === 'string');
  const alone = await readAround(format, Buffer.from(head + goodOnes.join('')), { decoded, road });
  for (const pieceLength of [undefined, 4096, 100]) {
    const { rows, told } = await readAround(format, file, { decoded, road, pieceLength });
    const numbers = records.flatMap((record, i) => (typeof record === 'string' ? [i + 1] : []));
    expect(rows.map(({ number }) => number)).toEqual(numbers);
    expect(rows.map((row) => row.values)).toEqual(alone.rows.map((row) => row.values));
    const bads = records.flatMap((record, i) =>
      typeof record === 'string' ? [] : [{ ...record, row: i + 1 }],
    );
    expect(told.map(({ row, column: name, bytes }) => ({ row, column: name, bytes }))).toEqual(
      bads.map(({ row, column: name, text }) => ({ row, column: name, bytes: text })),
    );
    bads.forEach(({ message }, i) => {
      expect(told[i]!.message).toMatch(message);
    });
    for (const { byteOffset, bytes } of [...rows, ...told]) {
      expect(file.toString('latin1', byteOffset, byteOffset! + bytes.length)).toBe(bytes);
    }
  }
}

describe.each([
  ['csv', csv, ','],
  ['tsv', tsv, '\t'],
] as const)('%s', (_, format, comma) => {
  const line = (...fields: string[]) => `${fields.join(comma)}\n`;
  const head = line('id', 't', 'v', 'h');
  const good = (row: number) => line(`${row}`, `"a${comma}\n""b"""`, '"[1,2.5,-3e-2]"', '"[1,2]"');

  const bads = [
    bad(line('1', 'a', '"[1,2]"', '"[1,2]"'), /expected 3 dimensions, not 2/, 'v'),
    bad(line('1', 'a', '"[1,2,3,4]"', '"[1,2]"'), /expected 3 dimensions, not 4/, 'v'),
    bad(line('1', '"a\nb"', '"[1,NaN,3]"', '"[1,2]"'), /element 2 is NaN/, 'v'),
    bad(line('1', 'a', '"[1,2,-inf]"', '"[1,2]"'), /element 3 is infinite/, 'v'),
    bad(line('1', 'a', '"[1e39,2,3]"', '"[1,2]"'), /element 1 is out of range/, 'v'),
    bad(line('1', 'a', '"[1,2,3]"', '"[1,70000]"'), /out of range for type halfvec/, 'h'),
    bad(line('1', 'a', 'none', '"[1,2]"'), /not a vector/, 'v'),
    bad(line('1', 'a', '"[1,2,3]"'), /the row has 3 fields, not 4: h is missing/, 'h'),
    bad(line('1'), /the row has 1 field, not 4: t is missing/, 't'),
    bad(line('1', 'a', '"[1,2,3]"', '"[1,2]"', '"x\ny"', ''), /the row has 6 fields, not 4/),
    bad(line('1', 'a\rb', '"[1,2,3]"', `"\n"`), /a carriage return stands outside quotes/),
    bad(line('1', 'a', '"[1,2,3]"', '"[1,2]"\r'.padEnd(12, 'x')), /a carriage return stands outside/),
    bad(`${['1', 'a', '"[1,2', ''].join(comma)}\n`, /a quote is opened and never closed/),
  ];

  test('one bad record of every kind among a thousand', () =>
    expectAround(format, head, spread(good, bads), textColumns));

  test('the last line is cut short, and gets its line end', async () => {
    const short = `1${comma}a`;
    const { rows, told } = await readAround(format, Buffer.from(head + good(1) + short), {
      decoded: textColumns,
    });
    expect(rows).toHaveLength(1);
    expect(told).toMatchObject([
      { row: 2, column: 'v', bytes: `${short}\n`, byteOffset: (head + good(1)).length },
    ]);
  });

  test('on the text road, values that are not as the first rows are', () => {
    const columns = textColumns.map((each) => ({ ...each, inferred: true }));
    const records = spread(good, [
      bad(line('01', 'a', '"[1,2,3]"', '"[1,2]"'), /"01" is no int8, which the first rows are/, 'id'),
      bad(line('1', 'a', '"[1,2]"', '"[1,2]"'), /expected 3 dimensions, not 2/, 'v'),
      bad(line('1', 'a', '"[1,2,3]"'), /h is missing/, 'h'),
    ]);
    return expectAround(format, head, records, columns, 'text');
  });
});

test('csv of old Macintosh files: a line feed outside quotes', () =>
  expectAround(
    csv,
    'id,t\r',
    ['1,a\r', bad('2,b\nc,"d\r"\r', /a line feed stands outside quotes/), '3,d\r'],
    textColumns.slice(1, 3),
  ));

test('csv: empty lines count, and belong to no row', async () => {
  const { rows, told } = await readAround(csv, Buffer.from('id,t\n1,a\n\n2\n\n3,c\n'), {
    decoded: textColumns.slice(1, 3),
  });
  expect(rows).toMatchObject([
    { number: 1, values: [1, 'a'], bytes: '1,a\n', byteOffset: 5 },
    { number: 5, values: [3, 'c'], bytes: '3,c\n', byteOffset: 13 },
  ]);
  expect(told).toMatchObject([{ row: 3, bytes: '2\n', byteOffset: 10 }]);
});

test('csv: what stands before the rows is the header, without its byte order mark', async () => {
  const open = (text: string, header: boolean) =>
    csv.open(chunkedSource(Buffer.from(text), 'test.csv'), { header });
  const file = await open('\ufeffid,"t\n"\r\n1,a\r\n', true);
  expect(Buffer.from(file.rejectHead!).toString()).toBe('id,"t\n"\r\n');
  expect((await open('1,a\n', false)).rejectHead).toBeUndefined();
});

test('what only PostgreSQL can read ends the piece all the same', () =>
  expect(
    readAround(csv, Buffer.from('id,t\n1\nx,a\n'), { decoded: textColumns.slice(1, 3) }),
  ).rejects.toBeInstanceOf(NeedsText));

const object = (id: string, rest = '', v = '[1,2.5,-3e-2]') =>
  `{"id":${id},"t":"a\\n","v":${v},"h":[1,2]${rest}}`;

/** What may be wrong with an object that ends where it seems to. */
const badObjects = [
  bad(object('1', '', '[1,2]'), /expected 3 dimensions, not 2/, 'v'),
  bad(object('1', '', '[1,NaN,3]'), /element 2 is NaN/, 'v'),
  bad(object('1', '', '[1,2,1e39]'), /element 3 is out of range/, 'v'),
  bad('{"h":[1,70000],"t":"a","v":[1,2,3],"id":1}', /out of range for type halfvec/, 'h'),
  bad(object('1', ',"t":"b"'), /the key "t" twice/),
  bad('{"t":"\\u0000"}', /\\u0000 cannot be stored/, 't'),
  bad('{"id":1,"t":tru}', /tru is no value in JSON/, 't'),
  bad('{"id":1 "t":"a"}', /a comma or the end of the object is missing/),
  bad('[1,2]', /holds a list, not an object/),
];

/** Behind the thousand objects that tell the keys. */
const unknownKey = bad(object('1', ',"x":1'), /the key "x" is none of the first rows'/);

test('jsonl: one bad record of every kind among a thousand', () => {
  const records = spread(
    (row) => `${object(`${row}`)}\r\n`,
    [
      ...badObjects.map((record) => ({ ...record, text: `${record.text} \r\n` })),
      bad('{"id":1,"t":"a\n', /a string is never closed/, 't'),
      bad('{"id":1}{}\n', /the line goes on behind its object/),
      bad('1\n', /holds something else than an object/),
      bad('\x00\x01\n', /holds something else than an object/),
      { ...unknownKey, text: `${unknownKey.text}\n` },
    ],
  );
  return expectAround(jsonl, '', records, textColumns);
});

test('jsonl: the last line is cut short, and gets its line end', async () => {
  const text = `${object('1')}\n{"id":2,"t":"ab`;
  const { rows, told } = await readAround(jsonl, Buffer.from(text), { decoded: textColumns });
  expect(rows).toHaveLength(1);
  expect(told).toMatchObject([{ row: 2, bytes: '{"id":2,"t":"ab\n', byteOffset: text.indexOf('\n') + 1 }]);
});

describe('an array of objects', () => {
  const read = (text: string, pieceLength?: number) =>
    readAround(json, Buffer.from(text), { decoded: textColumns, pieceLength });

  test.each([undefined, 4096, 100])(
    'bad ones among a thousand, in pieces of %s bytes',
    async (pieceLength) => {
      const bads = [...badObjects, unknownKey];
      const records = spread((row) => object(`${row}`), bads);
      const text = `[${records.map((record) => (typeof record === 'string' ? record : record.text)).join(' ,\n ')}]\n`;
      const { rows, told } = await read(text, pieceLength);
      const all = [...rows, ...told.map(({ row, ...rest }) => ({ ...rest, number: row! }))].sort(
        (a, b) => a.number - b.number,
      );
      expect(all.map(({ number, bytes }) => [number, bytes])).toEqual(
        records.map((record, i) => [i + 1, `${typeof record === 'string' ? record : record.text}\n`]),
      );
      for (const { byteOffset, bytes } of all) {
        expect(`${text.slice(byteOffset, byteOffset! + bytes.length - 1)}\n`).toBe(bytes);
      }
      expect(told.map(({ column: name }) => name)).toEqual(bads.map(({ column: name }) => name));
      bads.forEach(({ message }, i) => {
        expect(told[i]!.message).toMatch(message);
      });
    },
  );

  test('one that is written over several lines becomes one', async () => {
    const { rows, told } = await read(`[${object('1')},\n{\r\n  "t": 1,\n  "t": 2\n}]`);
    expect(rows).toHaveLength(1);
    expect(told[0]!.bytes).toBe('{    "t": 1,   "t": 2 }\n');
  });

  test.each([
    ['a comma is missing', `[${object('1')} ${object('2')}]`, /a comma is missing/],
    ['it goes on behind its end', `[${object('1')}] ${object('2')}`, /goes on behind its array/],
    ['it ends within an object', `[${object('1')},{"id":2,"t":"x`, /never closed/],
    ['a comma too many', `[${object('1')},]`, /something else than an object/],
  ])('ends it all where %s', async (_, text, message) => {
    await expect(read(text)).rejects.toThrow(message);
  });
});

const vectorColumns = [column('v', 0, { name: 'halfvec', length: 2 }), column('n', 1, { name: 'int8' })];
const values = Array.from({ length: 1000 }, (_, i) => [i, 0.5]);
const badRows = new Map([
  [0, [Number.NaN, 1]],
  [17, [1, Number.NEGATIVE_INFINITY]],
  [18, [70000, 1]],
  [999, [1, Number.NaN]],
]);
const rowsWithBad = values.map((row, i) => badRows.get(i) ?? row);

describe.each(['binary', 'text'] as const)('vectors by the %s road', (road) => {
  // What halfvec cannot hold, PostgreSQL is asked on the text road.
  const known = [...badRows.keys()].filter((row) => road === 'binary' || row !== 18);
  const options = { decoded: vectorColumns, road };

  test.each([undefined, 120])('fvecs in pieces of %s bytes', async (pieceLength) => {
    const file = fvecsFile(rowsWithBad);
    file.writeInt32LE(5, 12 * 30);
    const cut = file.subarray(0, -3);
    const { rows, told } = await readAround(fvecs, cut, { ...options, pieceLength });
    const expected = [...new Set([...known, 30, 999])].sort((a, b) => a - b);
    expect(told.map(({ row }) => row! - 1)).toEqual(expected);
    expect(told.map(({ byteOffset }) => byteOffset)).toEqual(expected.map((row) => row * 12));
    for (const { byteOffset, bytes } of [...rows, ...told]) {
      expect(cut.toString('latin1', byteOffset, byteOffset! + 12)).toBe(bytes);
    }
    expect(rows.map(({ number }) => number - 1)).toEqual(
      values.flatMap((_, i) => (expected.includes(i) ? [] : [i])),
    );
    expect(rows.map((row) => Number(row.values[1]))).toEqual(rows.map(({ number }) => number - 1));
    expect(told.at(-1)).toMatchObject({ message: expect.stringMatching(/ends within the row, after 9 of/) });
    expect(told.find(({ row }) => row === 31)).toMatchObject({
      message: 'the row has 5 dimensions, row 1 has 2',
    });
  });

  test.each([false, true])('npy, big-endian: %s', async (bigEndian) => {
    const bytes = Buffer.from(Float32Array.from(rowsWithBad.flat()).buffer);
    const array = {
      kind: 'f4',
      rows: 1000,
      dimensions: 2,
      bytes: bigEndian ? bytes.swap32() : bytes,
    } as const;
    const file = npyFile({ ...array, bigEndian });
    const { rows, told } = await readAround(npy, file, { ...options, pieceLength: 4096 });
    expect(told.map(({ row, column: name }) => [row! - 1, name])).toEqual(known.map((row) => [row, 'v']));
    expect(told.map(({ byteOffset }) => byteOffset)).toEqual(
      known.map((row) => file.length - 8000 + row * 8),
    );
    expect(told[0]!.bytes).toBe('{"row":0,"embedding":["NaN",1]}\n');
    expect(told[1]!.bytes).toBe('{"row":17,"embedding":[1,"-Infinity"]}\n');
    expect(rows).toHaveLength(1000 - known.length);
    expect(rows.at(-1)).toMatchObject({ number: 999, bytes: '{"row":998,"embedding":[998,0.5]}\n' });
  });
});

describe('the sample', () => {
  const sampleOf = async (format: ReadFormat, text: string) => {
    const { fieldNames, sample } = await format.open(chunkedSource(Buffer.from(text), 'test'), {});
    return { fieldNames, sample };
  };

  test('of csv leaves out what is broken, or of other fields', async () => {
    expect(await sampleOf(csv, 'a,b\n1,x\ry\n1\n2,"\n",\n\n3,c\n4,"d\n')).toEqual({
      fieldNames: ['a', 'b'],
      sample: [['3', 'c']],
    });
    expect(await sampleOf(csv, 'a,b\n1\n1,"x\n')).toMatchObject({ sample: [] });
  });

  test('of objects leaves out what is broken, its keys too', async () => {
    const expected = {
      fieldNames: ['a', 'b'],
      sample: [
        ['1', null],
        ['2', 'c'],
      ],
    };
    const objects = ['{"a":1}', '{"x":1,"a":tru}', '{"y":2', '[]', '{"a":2,"b":"c"}'];
    expect(await sampleOf(jsonl, objects.join('\n'))).toEqual(expected);
    expect(await sampleOf(json, `[${objects.toSpliced(2, 1)}]`)).toEqual(expected);
    await expect(sampleOf(jsonl, '\n{"a"}\n[]')).rejects.toMatchObject({ code: 'bad-json', row: 2 });
  });
});

describe('pieces of several batches', () => {
  const badOnes = [3, 40_000, 40_001, 99_999];

  test('csv', async () => {
    const lines = Array.from({ length: 100_000 }, (_, i) => (badOnes.includes(i) ? `${i}\n` : `${i},text\n`));
    const decoded = textColumns.slice(1, 3);
    const { rows, told } = await readAround(csv, Buffer.from(`id,t\n${lines.join('')}`), { decoded });
    expect(told.map(({ bytes }) => bytes)).toEqual(badOnes.map((i) => `${i}\n`));
    expect(rows.map(({ bytes }) => bytes)).toEqual(lines.filter((_, i) => !badOnes.includes(i)));
    expect(rows.every((row) => row.bytes === `${row.values.join(',')}\n`)).toBe(true);
  });

  test('npy', async () => {
    const floats = new Float32Array(200_000).fill(0.5);
    for (const row of badOnes) floats[2 * row] = Number.NaN;
    const array = { kind: 'f4', rows: 100_000, dimensions: 2, bytes: Buffer.from(floats.buffer) } as const;
    const { rows, told } = await readAround(npy, npyFile(array), { decoded: vectorColumns });
    expect(told.map(({ row }) => row! - 1)).toEqual(badOnes);
    expect(rows).toHaveLength(99_996);
    expect(rows.every(({ number, values: [, n] }) => n === number - 1)).toBe(true);
  });
});

describe('random files', () => {
  const goodText = fc.constantFrom('a', '"b\n,c"', '""', '"é""d"');
  const goodLine = fc
    .tuple(fc.nat(99), goodText, fc.constantFrom('"[1,2,3]"', ''))
    .map((f) => `${f.join(',')}\n`);
  const badLine = fc.constantFrom(
    '1\n',
    '1,"\n","[1,2]"\n',
    '1,a,"[1,2,3]","\n"\n',
    '1,a\rb\n',
    '1,"x"y\r"z\n"\n',
  );
  const goodObject = fc
    .tuple(fc.nat(99), fc.constantFrom('"a"', 'null', '"\\u00e9"'), fc.constantFrom('[1,2,3]', 'null'))
    .map(([id, t, v]) => `{"id":${id}, "t":${t}, "v":${v}}\n`);
  const badObject = fc.constantFrom(
    '{\n',
    '{"v":[1,2]}\n',
    '{"id":1,"id":2}\n',
    '{"t":"\\x"}\n',
    '[]\n',
    '"\n',
  );
  const decoded = textColumns.slice(1);

  test.each([
    ['csv', csv, 'id,t,v\n', goodLine, badLine],
    ['jsonl', jsonl, '', goodObject, badObject],
  ] as const)('%s: every record comes or is told, as it stood', (_, format, head, goodOne, badOne) =>
    fc.assert(
      fc.asyncProperty(
        goodOne,
        fc.array(
          fc.oneof(
            goodOne.map((text) => ({ text, ok: true })),
            badOne.map((text) => ({ text, ok: false })),
          ),
        ),
        fc.integer({ min: 8, max: 120 }),
        async (first, others, pieceLength) => {
          const records = [{ text: first, ok: true }, ...others];
          const file = Buffer.from(head + records.map(({ text }) => text).join(''));
          const { rows, told } = await readAround(format, file, { decoded, pieceLength });
          const all = [
            ...rows.map(({ number, bytes, byteOffset }) => ({ number, bytes, byteOffset, ok: true })),
            ...told.map(({ row, bytes, byteOffset }) => ({ number: row!, bytes, byteOffset, ok: false })),
          ].sort((a, b) => a.number - b.number);
          const goodOnes = records.flatMap(({ text, ok }) => (ok ? [text] : []));
          const alone = await readAround(format, Buffer.from(head + goodOnes.join('')), { decoded });
          expect(rows.map((row) => row.values)).toEqual(alone.rows.map((row) => row.values));
          let at = Buffer.byteLength(head);
          const expected = records.map(({ text, ok }, i) => {
            const byteOffset = at;
            at += Buffer.byteLength(text);
            return { number: i + 1, bytes: Buffer.from(text).toString('latin1'), byteOffset, ok };
          });
          expect(all).toEqual(expected);
        },
      ),
      cases(60),
    ),
  );
});
