import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { csv, tsv } from '../../../src/formats/read/csv/csv.ts';
import type { OpenedFile, OpenOptions, ReadFormat } from '../../../src/formats/read/format.ts';
import { json } from '../../../src/formats/read/json/json.ts';
import { streamSource } from '../../../src/source.ts';

function open(format: ReadFormat, text: string, options: OpenOptions = {}): Promise<OpenedFile> {
  const bytes = Readable.from([Buffer.from(text)], { objectMode: true });
  return format.open(streamSource(bytes, 'test'), options);
}

describe('a first line that is one field, and holds another delimiter', () => {
  test.each<[name: string, string, OpenOptions, hint: RegExp]>([
    ['csv', 'id,title,embedding\n1,a,"[1]"\n', { delimiter: '\\t' }, /^say .*: --delimiter ','$/],
    ['tsv', 'id,title\n1,a\n', {}, /--delimiter ','$/],
    ['csv', 'id;title\n1;a\n', { delimiter: ',' }, /--delimiter ';' \(or --columns 'id;title' where/],
  ])('%s: %j is refused', async (name, text, options, hint) => {
    await expect(open(name === 'tsv' ? tsv : csv, text, options)).rejects.toMatchObject({
      code: 'wrong-delimiter',
      hint: expect.stringMatching(hint),
    });
  });

  test('is one where --columns says so, or where a comma is one of prose', async () => {
    expect((await open(csv, 'a;b\nx\n', { columns: ['a;b'] })).fieldNames).toEqual(['a;b']);
    expect((await open(tsv, 'Last, first\nx\n')).fieldNames).toEqual(['Last, first']);
  });
});

describe('records that all are bad', () => {
  test.each([
    ['id,t,v\n\n1,a,b,c\n2,x\n', { message: 'the row has 4 fields, not 3', row: 2, code: 'extra-field' }],
    ['id,t,v\n1,x\n', { message: 'the row has 2 fields, not 3', row: 1, code: 'missing-field' }],
    ['id,t\n1,"a\n', { message: 'a quote is opened and never closed', row: 1 }],
    ['id,t\n1,a\r2\n', { message: 'a carriage return stands outside quotes', row: 1 }],
  ])('%j: what is wrong with the first', async (text, problem) => {
    const { sample, unreadable } = await open(csv, text);
    expect(sample).toEqual([]);
    expect(unreadable).toMatchObject({ file: 'test', ...problem });
  });

  test('one good one among them is a sample', async () => {
    const { sample, unreadable } = await open(csv, 'id,t\n1\n2,b\n');
    expect(sample).toEqual([['2', 'b']]);
    expect(unreadable).toBeUndefined();
  });
});

describe('JSON that is no list', () => {
  test.each([
    ['{"object":"list","data":[{"embedding":[1]}],"model":"x"}', /under data: jq -c '\.data\[\]'/],
    ['{"a b": [ {"x":1}', /under a b: jq -c/],
    ['{"tags":[1,2]}\n', /--format jsonl$/],
    ['{"id":1,"parts":[{"x":1}]}\n{"id":2}\n', /^one object a line is --format jsonl$/],
    ['"x"', /^is it a JSON file/],
  ])('%s: what to do', async (text, hint) => {
    await expect(open(json, text)).rejects.toMatchObject({ hint: expect.stringMatching(hint) });
  });
});
