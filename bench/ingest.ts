import { fileURLToPath } from 'node:url';
import { startServer } from '../test/support/server/provision.ts';
import { csvCorpus } from './corpus.ts';
import { type Contestant, median, run, timeInTurns } from './turns.ts';

// CSV into PostgreSQL, side by side with psql on the same server: `node scripts/run.mjs bench/ingest.ts`.
// The limit is psql's \copy of a ready-made binary file of the same rows: there the server does nothing but store.

const rounds = Number(process.argv[2] ?? 5);
const corpus = await csvCorpus(50_000, 768);
const server = await startServer({ settings: { shared_buffers: '1GB', max_wal_size: '4GB', fsync: 'on' } });
const program = fileURLToPath(new URL('../dist/pgv.js', import.meta.url));
const binaryFile = corpus.path.replace(/csv$/, 'bin');

const psql = (name: string, ...commands: string[]): Contestant => ({
  name,
  command: [...server.psql.command, '-qAtX', ...commands.flatMap((command) => ['-c', command])],
  environment: server.psql.environment,
});

run(
  psql(
    'set-up',
    'CREATE EXTENSION IF NOT EXISTS vector',
    'DROP TABLE IF EXISTS docs',
    `CREATE TABLE docs (id bigint PRIMARY KEY, title text, metadata jsonb, embedding vector(${corpus.dimensions}))`,
    `\\copy docs FROM '${corpus.path}' (FORMAT csv, HEADER)`,
    `\\copy docs TO '${binaryFile}' (FORMAT binary)`,
  ),
);

const contestants: Contestant[] = [
  psql('psql \\copy, CSV', `\\copy docs FROM '${corpus.path}' (FORMAT csv, HEADER)`),
  {
    name: 'pgv ingest --jobs 2, CSV',
    command: [
      process.execPath,
      program,
      'ingest',
      corpus.path,
      '-t',
      'docs',
      '-d',
      server.url,
      '--jobs',
      '2',
      '-q',
    ],
  },
  psql('psql \\copy, binary', `\\copy docs FROM '${binaryFile}' (FORMAT binary)`),
];

try {
  const seconds = timeInTurns(contestants, rounds, () => run(psql('empty', 'TRUNCATE docs', 'CHECKPOINT')));
  const medians = contestants.map(({ name }) => median(seconds.get(name)!));
  const [csv, pgv, binary] = medians as [number, number, number];
  const line = (text: string) => process.stdout.write(`${text}\n`);
  line(
    `${corpus.rows.toLocaleString('en')} rows × ${corpus.dimensions} dimensions, median of ${rounds} in turns`,
  );
  contestants.forEach(({ name }, i) => {
    const all = seconds.get(name)!.map((value) => value.toFixed(2));
    line(`  ${name.padEnd(26)} ${medians[i]!.toFixed(2)} s   (${all.join(', ')})`);
  });
  line(
    `pgv ingest takes ${(pgv / csv).toFixed(2)} of psql's CSV \\copy: ${(csv / pgv).toFixed(1)} times as fast`,
  );
  line(`pgv ingest takes ${(pgv / binary).toFixed(2)} of the limit, psql's binary \\copy`);
} finally {
  await server.stop();
}
