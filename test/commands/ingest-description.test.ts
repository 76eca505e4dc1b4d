import { expect, test } from 'vitest';
import { renderDescription } from '../../commands/ingest/description.ts';

const description = {
  database: 'embedded database in memory',
  table: 'docs',
  createTable: null,
  truncate: false,
  deleteMissing: false,
  through: 'pieces' as const,
  lanes: 2,
  files: [
    {
      path: 'docs.csv',
      status: 'loaded' as const,
      format: 'csv',
      details: { fieldCount: 1, delimiter: ',' },
      bytes: 2048,
      sampledRows: 1,
      columns: [{ column: 'embedding', type: 'vector(3)', from: 'v' }],
    },
  ],
};

test('what a load would do', () => {
  expect(renderDescription(description)).toBe(`into docs, which is there
piece by piece, 2 lanes

docs.csv (csv, 2 kB, field count 1, delimiter ",", is loaded already: nothing is done), 1 row looked at
  v → embedding vector(3)
`);
});

test('rows that would go are said to go', () => {
  expect(renderDescription({ ...description, truncate: true })).toMatch(
    /^into docs, which is there and is emptied$/m,
  );
  expect(renderDescription({ ...description, deleteMissing: true })).toMatch(
    /^rows whose key .* are deleted$/m,
  );
});
