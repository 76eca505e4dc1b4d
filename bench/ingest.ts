import { rounds, scaled } from './arguments.ts';
import { corpusColumns, csvCorpus, halvesOf } from './corpus.ts';
import { madeOnce } from './files.ts';
import { benchServer, contestant } from './programs.ts';
import { atMost, compare, timesAsFast } from './table-row.ts';
import { type Timed, timeInTurns } from './turns.ts';

// CSV into PostgreSQL, side by side with psql on the same server.
// The limit is psql's \copy of a ready-made binary file of the same rows: there the server does nothing but store.

const corpus = await csvCorpus(scaled(50_000), 768);
const halves = await halvesOf(corpus);
const server = await benchServer(corpusColumns(corpus.dimensions));
const copyCsv = (file: string) => server.psql(`\\copy docs FROM '${file}' (FORMAT csv, HEADER)`);

try {
  const binary = await madeOnce(`${corpus.rows}x${corpus.dimensions}-documents.pgcopy`, async (target) => {
    await server.run(
      `\\copy docs FROM '${corpus.path}' (FORMAT csv, HEADER)`,
      `\\copy docs TO '${target}' (FORMAT binary)`,
    );
  });
  const [csv, split, limit, ours] = (await timeInTurns(
    [
      contestant('psql `\\copy`, CSV', copyCsv(corpus.path)),
      contestant('two psql at once, half each', ...halves.map(copyCsv)),
      contestant('psql `\\copy`, binary', server.psql(`\\copy docs FROM '${binary}' (FORMAT binary)`)),
      contestant('pgv ingest --jobs 2', server.ingest(corpus.path)),
    ],
    rounds(),
    { before: server.empty, after: () => server.expectRows(corpus.rows) },
  )) as [Timed, Timed, Timed, Timed];
  const work = `CSV, ${corpus.rows.toLocaleString('en')} × ${corpus.dimensions} with id, text, jsonb`;
  compare(work, ours, limit, atMost(1.5));
  compare(work, ours, csv, timesAsFast(3.3));
  compare(work, ours, split, timesAsFast(1.9));
} finally {
  await server.stop();
}
