import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { csv } from '../../../src/formats/read/csv/csv.ts';
import type { OpenedFile } from '../../../src/formats/read/format.ts';
import { json } from '../../../src/formats/read/json/json.ts';
import { parquet } from '../../../src/formats/read/parquet/parquet.ts';
import { doubts } from '../../../src/operations/ingest/mapping/doubts.ts';
import { mapFields } from '../../../src/operations/ingest/mapping.ts';
import { type DesignOptions, designTable } from '../../../src/operations/ingest/new-table.ts';
import { streamSource } from '../../../src/source.ts';
import { bytesSource } from '../../support/read-columnar.ts';

const textSource = (text: string) =>
  streamSource(Readable.from([Buffer.from(text)], { objectMode: true }), 'test');

function doubtsOf(file: OpenedFile, options: DesignOptions = {}): string[] {
  const mapped = mapFields(file, options, undefined);
  const extension = { schema: 'public', version: '0.8.0' };
  return doubts(designTable('t', file, mapped, options, extension as never), file, mapped);
}

test.each<[what: string, text: string, doubt: RegExp]>([
  [
    'decimal commas',
    'embedding\n"-0,081 -0,642 -0,908"\n',
    /^embedding becomes text, for -0,081 .* is no vector: decimal commas are not read: /,
  ],
  ['decimal commas in brackets', 'v\n"[0,1; 2,5]"\n', /decimal commas are not read/],
  [
    'a late row that is none',
    'id,v\n1,"[1,2]"\n2,"[3,4]"\n3,none\n',
    /^v becomes text, as row 3 is no vector as the others are: none; --types v='vector\(2\)' refuses such rows$/,
  ],
  [
    'another form',
    'v\n"[1,2,3]"\n"[1,2,3]"\n1.5 2 3\n',
    /^v becomes text, as row 3 is written 1\.5 2 3, and others \[0\.1,0\.2,0\.3\]; /,
  ],
  ['no vector at all, though it is called so', 'id,text_embedding\n1,\n2,x\n', /as row 2 is no vector: x$/],
  ['nothing but NULL', 'id,embedding\n1,\n2,\n', /^embedding becomes text, as it is NULL in all rows/],
  ['what may be a vector', 'vec\nAACAPwAAAEA=\n', /though AACAPw.* could be a vector; .*vector\(2\)/],
])('CSV: %s', async (_what, text, doubt) => {
  const found = doubtsOf(await csv.open(textSource(text), {}));
  expect(found).toEqual([expect.stringMatching(doubt)]);
});

test.each<[what: string, text: string, doubt: RegExp]>([
  [
    'an element that is null',
    '[{"embedding":[1,2]},{"embedding":[3,null]}]',
    /^embedding becomes jsonb, as row 2 is no vector as the others are: \[3,null\]; --types embedding='vector\(2\)'/,
  ],
  ['a word among lists', '[{"e":[1,2]},{"e":"x"}]', /^e becomes jsonb, as row 2 is no vector .*: x;/],
  [
    'lists within lists',
    '[{"embedding":[[1,2],[3,4]]}]',
    /^embedding becomes jsonb, as row 1 is no vector: \[\[1,2/,
  ],
])('JSON: %s', async (_what, text, doubt) => {
  expect(doubtsOf(await json.open(textSource(text), {}))).toEqual([expect.stringMatching(doubt)]);
});

test('Parquet: lists that the file itself makes arrays of', async () => {
  const bytes = await readFile(
    new URL('../../../fixtures/columnar/duckdb-bad-rows.parquet', import.meta.url),
  );
  const found = doubtsOf(await parquet.open(bytesSource(bytes, 'bad'), {}));
  expect(found).toEqual([expect.stringMatching(/^embedding becomes real\[\], as .*row \d/)]);
});

test.each([
  ['an ordinary file', 'id,title,tags,n\n1,a,"[""x"",""y""]",5\n2,"1, 2",[],6\n'],
  ['a file with vectors, and a column called after some others', 'id,v,vec\n1,"[1,2]",x\n'],
  ['the type was given', 'id,embedding\n1,"(1,2)"\n', new Map([['embedding', 'text']])],
])('none of %s', async (_what, text, types = new Map<string, string>()) => {
  expect(doubtsOf(await csv.open(textSource(text), {}), { types })).toEqual([]);
});
