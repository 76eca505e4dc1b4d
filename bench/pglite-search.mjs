// The least that searches in an embedded database can be: node pglite-search.mjs <directory> <queries.json> <count> <k>

import { readFile } from 'node:fs/promises';
import { PGlite } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';

const [directory, file, count, k] = process.argv.slice(2);
const queries = JSON.parse(await readFile(file, 'utf8'));
const database = await PGlite.create(directory, { extensions: { vector } });
const search = 'SELECT id, embedding <=> $1 AS distance FROM docs ORDER BY embedding <=> $1 LIMIT $2';
const lines = [];
for (let i = 0; i < Number(count); i++) {
  const { rows } = await database.query(search, [queries[i % queries.length], Number(k)]);
  for (const row of rows) lines.push(JSON.stringify({ query: i, ...row }));
}
process.stdout.write(`${lines.join('\n')}\n`);
await database.close();
