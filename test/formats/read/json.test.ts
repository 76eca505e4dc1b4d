import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type BytesColumn, isValid, type VectorColumn } from '../../../src/batch.ts';
import type { DecodedColumn, OpenOptions, ReadFormat } from '../../../src/formats/read/format.ts';
import { json, jsonl } from '../../../src/formats/read/json/json.ts';
import { streamSource } from '../../../src/source.ts';
import type { ValueType } from '../../../src/values/types.ts';
import { cases } from '../../support/cases.ts';
import { randomObjects } from '../../support/random-json.ts';

interface ReadRow {
  /** The row's number in the file. */
  number: number;
  values: Map<string, string | null>;
}

const session = { utc: true };

function open(format: ReadFormat, text: string, options: OpenOptions = {}, chunkLength = 1 << 20) {
  const bytes = Buffer.from(text);
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += chunkLength) chunks.push(bytes.subarray(at, at + chunkLength));
  return format.open(streamSource(Readable.from(chunks, { objectMode: true }), 'test.json'), options);
}

/** All rows of a file as text, by way of its pieces; every piece by the same decoder. */
async function readAll(
  format: ReadFormat,
  text: string,
  options: OpenOptions = {},
  chunkLength?: number,
): Promise<ReadRow[]> {
  const file = await open(format, text, options, chunkLength);
  const names = file.fieldNames!;
  const columns = names.map(
    (name, field): DecodedColumn => ({ name, field, type: { name: 'text' }, inferred: false }),
  );
  const decoder = format.decoder(file.layout, columns, 'binary', session);
  const rows: ReadRow[] = [];
  for await (const piece of file.pieces()) {
    let n = 0;
    for (const batch of decoder.batches(piece)) {
      for (let row = 0; row < batch.rows; row++) {
        const values = batch.columns.map((column, i) => [names[i]!, textAt(column, row)] as const);
        rows.push({ number: decoder.rowNumber(piece, n++), values: new Map(values) });
      }
    }
    expect(decoder.bytesRead).toBe(piece.bytes.length);
  }
  return rows;
}

function textAt(column: unknown, row: number): string | null {
  const { validity, bytes, offsets } = column as BytesColumn;
  if (!isValid(validity, row)) return null;
  return Buffer.from(bytes.subarray(offsets[row], offsets[row + 1])).toString('utf8');
}

/** The batch's only column. */
async function readColumn(format: ReadFormat, text: string, type: ValueType) {
  const file = await open(format, text);
  const decoder = format.decoder(
    file.layout,
    [{ name: 'v', field: 0, type, inferred: false }],
    'binary',
    session,
  );
  for await (const piece of file.pieces()) {
    for (const batch of decoder.batches(piece)) return batch.columns[0]!;
  }
  throw new Error('no rows');
}

/** Reads a file of a text and a vector of two, in pieces of 48 bytes; what goes wrong. */
async function problemOf(format: ReadFormat, text: string, options: OpenOptions = {}): Promise<unknown> {
  try {
    const file = await open(format, text, { pieceLength: 48, ...options });
    const columns: DecodedColumn[] = [
      { name: 't', field: file.fieldNames!.indexOf('t'), type: { name: 'text' }, inferred: false },
      {
        name: 'v',
        field: file.fieldNames!.indexOf('v'),
        type: { name: 'vector', length: 2 },
        inferred: false,
      },
    ];
    const decoder = format.decoder(file.layout, columns, 'binary', session);
    for await (const piece of file.pieces()) Array.from(decoder.batches(piece));
    return undefined;
  } catch (error) {
    return error;
  }
}

describe('random objects', () => {
  const separators = fc.array(fc.constantFrom(',', ' ,', ',\n', ' , \r\n\t'), {
    minLength: 12,
    maxLength: 12,
  });
  const lengths = [fc.integer({ min: 2, max: 80 }), fc.integer({ min: 1, max: 40 })] as const;

  /** The rows as the file's first keys name them: what an object lacks is NULL. */
  const expected = (objects: readonly { values: Map<string, string | null> }[], numbers: number[]) => {
    const names = [...new Set(objects.flatMap(({ values }) => [...values.keys()]))];
    return objects.map(({ values }, i) => ({
      number: numbers[i]!,
      values: new Map(names.map((name) => [name, values.get(name) ?? null])),
    }));
  };

  test('one a line: the rows that were written, wherever a piece ends', () =>
    fc.assert(
      fc.asyncProperty(
        randomObjects,
        fc.array(fc.constantFrom('\n', '\r\n', '\n\n', ' \n \t\r\n'), { minLength: 12, maxLength: 12 }),
        ...lengths,
        fc.boolean(),
        async (objects, ends, pieceLength, chunkLength, ended) => {
          let [text, line] = ['', 1];
          const numbers = objects.map((object, i) => {
            const number = line;
            const end = i < objects.length - 1 || ended ? ends[i]! : '';
            text += object.text + end;
            line += end.split('\n').length - 1;
            return number;
          });
          const rows = await readAll(jsonl, text, { pieceLength }, chunkLength);
          expect(rows).toEqual(expected(objects, numbers));
        },
      ),
      cases(250),
    ));

  test('in an array: likewise', () =>
    fc.assert(
      fc.asyncProperty(
        randomObjects,
        separators,
        ...lengths,
        async (objects, between, pieceLength, chunkLength) => {
          const text = `\ufeff\n[ ${objects.map((object, i) => object.text + (i < objects.length - 1 ? between[i] : '')).join('')}\n] \n`;
          // The brackets must be within the first piece.
          const rows = await readAll(json, text, { pieceLength: pieceLength + 8 }, chunkLength);
          expect(rows).toEqual(
            expected(
              objects,
              Array.from(objects, (_, i) => i + 1),
            ),
          );
        },
      ),
      cases(250),
    ));

  test('JSON.parse reads them alike', () =>
    fc.assert(
      fc.asyncProperty(randomObjects, async (objects) => {
        const rows = await readAll(jsonl, objects.map(({ text }) => text).join('\n'));
        for (const [i, { text }] of objects.entries()) {
          for (const [key, value] of Object.entries(JSON.parse(text) as Record<string, unknown>)) {
            const ours = rows[i]!.values.get(key)!;
            expect(typeof value === 'string' || value === null ? ours : JSON.parse(ours)).toEqual(value);
          }
        }
      }),
      cases(150),
    ));

  test('a byte anywhere changed: JSON.parse and we agree whether it is JSON', () =>
    fc.assert(
      fc.asyncProperty(
        randomObjects,
        fc.nat(),
        fc.constantFrom('"', '\\', '{', '}', '[', ']', ',', ':', 'x', '1', '-', '.', 'e', ' ', '0', ''),
        async (objects, where, byte) => {
          const lines = objects.slice(1, 2).map(({ text }) => {
            const at = where % text.length;
            return text.slice(0, at) + byte + text.slice(at + 1);
          });
          const text = `{"id":1}\n${lines.join('\n')}\n`;
          let theirs: unknown;
          try {
            theirs = JSON.parse(lines[0]!);
          } catch {}
          const isObject = typeof theirs === 'object' && theirs !== null && !Array.isArray(theirs);
          const ours = await readAll(jsonl, text, { columns: ['id'] }).catch((error: Error) => error);
          if (isObject && ours instanceof Error) {
            // JSON.parse takes half a surrogate pair, and the last of several keys.
            expect(ours.message).toMatch(/surrogate|twice|\\u0000/);
          } else expect(Array.isArray(ours)).toBe(isObject || lines[0]!.trim() === '');
        },
      ),
      cases(250),
    ));
});

describe('vectors', () => {
  test('come bit for bit from their digits', async () => {
    const doubles = fc.double({ min: -3e38, max: 3e38, noNaN: true });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(doubles, { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 5 }),
        async (rows) => {
          const text = rows
            .map((row) => `{"v": [ ${row.map((x) => JSON.stringify(x)).join(' , ')}]}`)
            .join('\n');
          const column = (await readColumn(jsonl, text, { name: 'vector', length: 3 })) as VectorColumn;
          // A double's shortest digits are the double to the nearest float but for halfway cases, which these are not.
          const theirs = new Float32Array(rows.flat().map((x) => (x === 0 ? 0 : x)));
          expect(column.values).toEqual(theirs);
        },
      ),
      { numRuns: 100 },
    );
  });

  test('a list behind a bracket in a string before it', async () => {
    const column = await readColumn(json, '[{"v":[1,2]},{"v":null}]', { name: 'vector', length: 2 });
    expect(column).toMatchObject({ kind: 'vector', values: new Float32Array([1, 2, 0, 0]) });
    expect(isValid(column.validity, 1)).toBe(false);
  });
});

describe('the beginning of a file', () => {
  test('names are the keys of the sample, in the order of their first sight', async () => {
    const file = await open(jsonl, '\ufeff{"b":1}\n\n{"a":null,"b":"x"}\n{"c":[1],"a":{}}\n');
    expect(file.fieldNames).toEqual(['b', 'a', 'c']);
    expect(file.sample).toEqual([
      ['1', null, null],
      ['x', null, null],
      [null, '{}', '[1]'],
    ]);
    expect(file.kinds).toEqual(['scalar', 'document', 'list']);
  });

  test('a thousand objects at most', async () => {
    const file = await open(json, `[${'{"a":1},'.repeat(1500)}{"z":1}]`);
    expect(file.sample).toHaveLength(1000);
    expect(file.fieldNames).toEqual(['a']);
  });

  test.each<[string, ReadFormat, string, object]>([
    ['an empty file', jsonl, '', { code: 'empty-file' }],
    ['an empty file', json, '', { code: 'empty-file' }],
    ['empty lines alone', jsonl, '\n \n', { code: 'no-rows' }],
    ['an empty array', json, '[]', { code: 'no-rows' }],
    ['objects without keys', json, '[{},{}]', { code: 'no-rows' }],
    ['a bare vector', jsonl, '[1,2,3]\n', { row: 1, message: 'the line holds a list, not an object' }],
    ['a bare number', jsonl, '\n5\n', { row: 2, message: 'the line holds something else than an object' }],
    ['an array of lists', json, '[[1,2]]', { row: 1, message: 'the array holds a list, not an object' }],
    ['an array in a file of lines', jsonl, '[{"a":1}]', { hint: expect.stringMatching(/--format json$/) }],
    ['lines in a file of an array', json, '{"a":1}\n', { hint: expect.stringMatching(/--format jsonl$/) }],
    ['no JSON', json, 'id,a\n1,2\n', { code: 'bad-json' }],
    ['an object cut off', jsonl, '{"a":1,\n', { row: 1, message: 'a key in quotes is missing at the end' }],
  ])('%s is refused', async (_, format, text, details) => {
    await expect(open(format, text)).rejects.toMatchObject({
      name: 'DataError',
      file: 'test.json',
      ...details,
    });
  });

  test.each(['delimiter', 'quote', 'escape', 'null'])('--%s is for CSV', async (name) => {
    await expect(open(jsonl, '{"a":1}', { [name]: 'x' })).rejects.toThrow(
      `--${name} says how CSV is written`,
    );
    await expect(open(json, '[{"a":1}]', { header: false })).rejects.toThrow('--no-header');
  });
});

describe('broken records', () => {
  const good = '{"t":"x","v":[1,2]}';
  test.each<[string, object]>([
    ['{"t":"y","v":[1]}', { column: 'v', sqlstate: '22000', message: 'expected 2 dimensions, not 1' }],
    [
      '{"t":"y","v":[1,NaN]}',
      { column: 'v', sqlstate: '22000', message: expect.stringMatching(/^element 2 /) },
    ],
    ['{"t":"y","v":[1,1e400]}', { column: 'v', sqlstate: '22003' }],
    ['{"t":"y","v":[1,"]"]}', { column: 'v', sqlstate: '22P02' }],
    ['{"t":"y","v":[[1,2]]}', { column: 'v', sqlstate: '22P02' }],
    ['{"t":"y","v":{"a":1}}', { column: 'v', sqlstate: '22P02' }],
    ['{"t":"y","v":[1,2}', { column: 'v' }],
    ['{"t":"y","v":NaN}', { column: 'v', code: 'bad-json', message: 'NaN is no value in JSON' }],
    ['{"t":"y\\ud800","v":[1,2]}', { column: 't', sqlstate: '22021' }],
    ['{"t":"\\udc00\\ud800","v":[1,2]}', { column: 't', sqlstate: '22021' }],
    ['{"t":"\\u0000","v":[1,2]}', { column: 't', sqlstate: '22021' }],
    ['{"t":"\\x","v":[1,2]}', { column: 't', message: 'a backslash in a string begins no escape of JSON' }],
    ['{"t":"\t","v":[1,2]}', { column: 't', message: expect.stringMatching(/control character/) }],
    ['{"t":01,"v":[1,2]}', { column: 't', message: '01 is no value in JSON' }],
    ['{"t":"y","t":"z","v":[1,2]}', { code: 'repeated-key', message: 'the object has the key "t" twice' }],
    [
      '{"t":"y" "v":[1,2]}',
      { code: 'bad-json', message: 'a comma or the end of the object is missing before "\\""' },
    ],
    ['{t:"y"}', { code: 'bad-json', message: 'a key in quotes is missing before t' }],
    ['[1,2]', { code: 'bad-json' }],
    ['null', { code: 'bad-json' }],
  ])('%s: named with the row, in whichever piece', async (bad, details) => {
    for (let before = 1; before < 8; before++) {
      const lines = `${`${good}\n`.repeat(before)}\n${bad}\n${`${good}\n`.repeat(10)}`;
      expect(await problemOf(jsonl, lines)).toMatchObject({ ...details, file: 'test.json', row: before + 2 });
      const array = `[${`${good},\n`.repeat(before)}${bad}${`,${good}`.repeat(10)}]`;
      expect(await problemOf(json, array)).toMatchObject({ ...details, file: 'test.json', row: before + 1 });
    }
  });

  test.each<[string, number | undefined, string]>([
    ['', undefined, 'the array is never closed: the file ends before its ]'],
    [',', 6, 'the file ends behind a comma'],
    [`,${good.slice(0, -1)}`, 6, 'a comma or the end of the object is missing at the end'],
    [' {"t":1}]', 6, 'a comma is missing before it'],
    ['] ]', 6, 'the file goes on behind its array'],
    [',]', 6, 'the array holds something else than an object'],
  ])('an array that ends with %j', async (end, row, message) => {
    // Whether the end has a piece of its own or not.
    for (let pieceLength = 24; pieceLength < 200; pieceLength++) {
      const error = await problemOf(json, `[${Array(5).fill(good).join(',')}${end}`, { pieceLength });
      expect(error).toMatchObject({ row, message, file: 'test.json' });
    }
  });

  test('a line that goes on, a line feed within an object', async () => {
    expect(await problemOf(jsonl, `${good}\n${good} ${good}\n`)).toMatchObject({ row: 2 });
    expect(await problemOf(jsonl, `${good}\n{"t":\n"x"}\n`)).toMatchObject({
      row: 2,
      column: 't',
      message: 'a value is missing at the end',
    });
  });

  test('a key that none of the first objects has', async () => {
    const text = `${good}\n${good}\n{"t":"y","w":1}\n`;
    expect(await problemOf(jsonl, text)).toMatchObject({
      code: 'unknown-key',
      row: 3,
      message: 'the key "w" is none of the first rows\' (t, v)',
      hint: expect.stringMatching(/--columns t,v\b/),
    });
  });

  test('with --columns, keys that none of the first objects has are left out', async () => {
    const text = `${good}\n{"w":[{"a":"]}"}],"t":"y","v":[3,4],"é\\n":1}\n`;
    expect(await problemOf(jsonl, text, { columns: ['t', 'v'], pieceLength: 1 << 20 })).toBeUndefined();
  });
});
