import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { csv } from '../../../src/formats/read/csv/csv.ts';
import type { OpenOptions } from '../../../src/formats/read/format.ts';
import { streamSource } from '../../../src/source.ts';

/** The file's names and the fields of its rows, NULL as null. */
async function read(text: string, options: OpenOptions) {
  const source = streamSource(Readable.from([Buffer.from(text)], { objectMode: true }), 'odd.csv');
  const file = await csv.open(source, options);
  await source.close();
  return [file.fieldNames, ...file.sample];
}

test('delimiters and quotes of several characters, or of several bytes', async () => {
  expect(await read("id||t\n1||'a||b'\n2||'it''s, \"so\"'\n", { delimiter: '||', quote: "'" })).toEqual([
    ['id', 't'],
    ['1', 'a||b'],
    ['2', 'it\'s, "so"'],
  ]);
  expect(await read('id§t\r\n1§«é\r\n', { delimiter: '§' })).toEqual([
    ['id', 't'],
    ['1', '«é'],
  ]);
  expect(await read('id,t\n1,%%a,b%%\n', { quote: '%%' })).toEqual([
    ['id', 't'],
    ['1', 'a,b'],
  ]);
});

test('NULL is what is not quoted', async () => {
  expect(await read('a||b\n||""\nNA||"NA"\n', { delimiter: '||' })).toEqual([
    ['a', 'b'],
    [null, ''],
    ['NA', 'NA'],
  ]);
  expect(await read('a||b\n||""\nNA||"NA"\n', { delimiter: '||', null: 'NA' })).toEqual([
    ['a', 'b'],
    ['', ''],
    [null, 'NA'],
  ]);
});

test('what is broken is told', async () => {
  await expect(read('a||b\n1||"2\n', { delimiter: '||' })).rejects.toMatchObject({
    code: 'bad-csv',
    file: 'odd.csv',
    row: 1,
  });
  await expect(read('a||b\n1,"2",3\n', { delimiter: '||' })).rejects.toMatchObject({
    code: 'bad-csv',
    row: 1,
    hint: expect.stringContaining('--delimiter'),
  });
  await expect(read('a\n', { delimiter: '' })).rejects.toMatchObject({ code: 'usage' });
  await expect(read('a\n', { delimiter: '\n' })).rejects.toMatchObject({ code: 'usage' });
});
