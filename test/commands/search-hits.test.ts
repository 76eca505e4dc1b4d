import { expect, test } from 'vitest';
import type { Output } from '../../commands/output/output.ts';
import { document, showHits } from '../../commands/search/hits.ts';

const summary = { database: 'd', table: 'docs', metric: 'l2' as const, k: 1, columns: ['query', 'score'] };
const hits = [{ id: 1, distance: 0, score: 1, values: ['a', 'b'] }];

async function jsonl(numbered: boolean): Promise<unknown> {
  let written = '';
  const output = {
    write: async (data: string) => {
      written += data;
    },
  };
  await showHits(summary, [{ query: 7, hits }], numbered, 'jsonl', output as unknown as Output);
  return JSON.parse(written);
}

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
