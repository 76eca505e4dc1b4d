import { rounds, scaled } from './arguments.ts';
import { corpusColumns, csvCorpus } from './corpus.ts';
import { benchServer, contestant } from './programs.ts';
import { atMost, compare } from './table-row.ts';
import { timeInTurns } from './turns.ts';

// Ten times the rows should take ten times the time, that of the process as a whole.

const dimensions = 384;
const few = await csvCorpus(scaled(20_000), dimensions);
const many = await csvCorpus(few.rows * 10, dimensions);
const server = await benchServer(corpusColumns(dimensions));
const name = (rows: number) => `${rows.toLocaleString('en')} rows`;

try {
  const [short, long] = await timeInTurns(
    [few, many].map(({ rows, path }) => contestant(name(rows), server.ingest(path))),
    rounds(),
    { before: server.empty },
  );
  compare(`CSV, ${name(many.rows)} × ${dimensions}: ten times the rows`, long!, short!, atMost(10.5));
} finally {
  await server.stop();
}
