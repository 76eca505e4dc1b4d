import { rounds, scaled } from './arguments.ts';
import { madeOnce } from './files.ts';
import { benchServer, contestant } from './programs.ts';
import { atMost, compare } from './table-row.ts';
import { timeInTurns } from './turns.ts';
import { vectorCorpus } from './vector-corpus.ts';

// Files of vectors into PostgreSQL, side by side with psql on the same server.
// The limit is psql's \copy of a ready-made binary file of the same rows.

const [rows, dimensions] = [scaled(250_000), 384];
const files = await vectorCorpus(rows, dimensions);
const server = await benchServer(`id bigint PRIMARY KEY, embedding vector(${dimensions})`);
const copyBinary = `\\copy docs FROM '${files.binary}' (FORMAT binary)`;

try {
  const jsonLines = await madeOnce(`${rows}x${dimensions}.jsonl`, async (target) => {
    const line = `SELECT '{"id":' || id || ',"embedding":' || embedding || '}' FROM docs`;
    await server.run(copyBinary, `\\copy (${line}) TO '${target}'`);
  });
  const works = [
    { name: 'npy', command: server.ingest(files.npy, '--map', 'row=id'), goal: atMost(0.9) },
    { name: 'fvecs', command: server.ingest(files.fvecs, '--map', 'row=id'), goal: atMost(0.9) },
    { name: 'binary', command: server.ingest(files.binary), goal: atMost(0.9) },
    { name: 'JSON lines', command: server.ingest(jsonLines), goal: atMost(2) },
    { name: 'Parquet, zstd', command: server.ingest(files.parquet.zstd), goal: atMost(2.5) },
    { name: 'Parquet, snappy', command: server.ingest(files.parquet.snappy), goal: atMost(2.5) },
  ];
  const [limit, ...timed] = await timeInTurns(
    [
      contestant('psql `\\copy`, binary', server.psql(copyBinary)),
      ...works.map(({ name, command }) => contestant(`pgv ingest --jobs 2, ${name}`, command)),
    ],
    rounds(),
    { before: server.empty, after: () => server.expectRows(rows) },
  );
  works.forEach(({ name, goal }, i) => {
    compare(`${name}, ${rows.toLocaleString('en')} × ${dimensions}`, timed[i]!, limit!, goal);
  });
} finally {
  await server.stop();
}
