import { expect, test } from 'vitest';
import { createOutput } from '../../commands/output/output.ts';
import { styleFor } from '../../commands/output/style.ts';
import { document, type HitsFormat, showHits } from '../../commands/search/hits.ts';
import { memoryIo } from './memory-io.ts';

const summary = { database: 'd', table: 'docs', metric: 'l2' as const, k: 1, columns: ['query', 'score'] };
const hits = [{ id: 1, distance: 0, score: 1, values: ['a', 'b'] }];

async function written(numbered: boolean, format: HitsFormat, shown = hits): Promise<string[]> {
  const { stdout } = memoryIo();
  const slices: string[] = [];
  const output = createOutput({
    stdout: Object.assign(stdout, {
      write: (slice: string, done: () => void) => {
        slices.push(slice);
        done();
      },
    }),
    json: false,
    style: styleFor(stdout, {}, false),
    hideProgress: () => {},
    note: () => {},
  });
  await showHits(summary, [{ query: 7, hits: shown }], numbered, format, output);
  return slices;
}

const jsonl = async (numbered: boolean) => JSON.parse((await written(numbered, 'jsonl')).join(''));

test('a column called like a field beside it has its table before it', async () => {
  const alone = { id: 1, distance: 0, score: 1, query: 'a', 'docs.score': 'b' };
  expect(document({ ...summary, hits }).hits).toEqual([alone]);
  expect(await jsonl(false)).toEqual(alone);
  expect(await jsonl(true)).toEqual({
    query: 7,
    id: 1,
    distance: 0,
    score: 1,
    'docs.query': 'a',
    'docs.score': 'b',
  });
});

test('so it is in CSV and in a table', async () => {
  expect(await written(true, 'csv')).toEqual([
    'query,id,distance,score,docs.query,docs.score\n7,1,0,1,a,b\n',
  ]);
  expect(await written(false, 'csv')).toEqual(['id,distance,score,query,docs.score\n1,0,1,a,b\n']);
  expect((await written(true, 'table')).join('')).toMatch(
    /^query +id +distance +score +docs.query +docs.score\n/,
  );
});

test.each(['jsonl', 'csv', 'table', 'trec'] as const)('%s is written in slices', async (format) => {
  const many = Array.from({ length: 10_000 }, (_, id) => ({ ...hits[0]!, id }));
  const slices = await written(true, format, many);
  expect(slices.length).toBeGreaterThan(1);
  for (const slice of slices) expect(slice.length).toBeLessThan(2 ** 16 + 200);
  const lines = slices.join('').trimEnd().split('\n');
  expect(lines.length - lines.findIndex((line) => line.includes('7'))).toBe(many.length);
});
