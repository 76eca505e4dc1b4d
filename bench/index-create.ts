import { rounds, scaled } from './arguments.ts';
import { benchServer, contestant, pgv } from './programs.ts';
import { atMost, compare, timesAsFast } from './table-row.ts';
import { textCorpus } from './text-corpus.ts';
import { timeInTurns } from './turns.ts';

// An HNSW index of text embeddings without a flag, against the same built by somebody who knows what to set, and by
// somebody who sets nothing for the build: then maintenance_work_mem is 64 MB, PostgreSQL's default, and the graph takes
// more than twice as much. With the server's other defaults (128 MB of shared buffers, full-page writes) all three take
// as long: the work is comparing vectors.

const [rows, dimensions] = [scaled(63_000), 384];
const { rows: file } = await textCorpus(rows, dimensions);
const server = await benchServer(`id bigint PRIMARY KEY, embedding vector(${dimensions})`);
const index = 'hnsw (embedding vector_cosine_ops)';

try {
  const { command } = server.ingest(file, '--map', 'row=id');
  await timeInTurns([contestant('(the rows)', { command })], 1);
  await server.run('VACUUM ANALYZE docs');
  const [byHand, plain, ours] = await timeInTurns(
    [
      contestant(
        'CREATE INDEX CONCURRENTLY, set by hand',
        server.psql(
          "SET maintenance_work_mem = '256MB'",
          'SET max_parallel_maintenance_workers = 2',
          `CREATE INDEX CONCURRENTLY docs_by_hand ON docs USING ${index}`,
        ),
      ),
      contestant(
        'CREATE INDEX, nothing set for it',
        server.psql(`CREATE INDEX docs_plain ON docs USING ${index}`),
      ),
      contestant(
        'pgv index create',
        pgv('index', 'create', '-t', 'docs', '--name', 'docs_pgv', '-d', server.url, '-q'),
      ),
    ],
    rounds(3),
    {
      before: () => server.run('DROP INDEX IF EXISTS docs_by_hand, docs_plain, docs_pgv', 'CHECKPOINT'),
      after: () => server.run('SELECT 1 / bool_and(indisvalid)::int FROM pg_index'),
    },
  );
  const work = `index create, ${rows.toLocaleString('en')} × ${dimensions} text embeddings`;
  compare(work, ours!, byHand!, atMost(1.1));
  compare(work, ours!, plain!, timesAsFast(2.8));
} finally {
  await server.stop();
}
