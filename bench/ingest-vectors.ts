import { fileURLToPath } from 'node:url';
import { startServer } from '../test/support/server/provision.ts';
import { type Contestant, median, run, timeInTurns } from './turns.ts';
import { vectorCorpus } from './vector-corpus.ts';

// npy, fvecs and binary COPY files into PostgreSQL, side by side with psql on the same server: `node scripts/run.mjs
// bench/ingest-vectors.ts [rounds]`. The limit is psql's \copy of a ready-made binary file of the same rows.

const rounds = Number(process.argv[2] ?? 5);
const [rows, dimensions] = [250_000, 384];
const corpus = await vectorCorpus(rows, dimensions);
const server = await startServer({ settings: { shared_buffers: '1GB', max_wal_size: '4GB', fsync: 'on' } });
const program = fileURLToPath(new URL('../dist/pgv.js', import.meta.url));

const psql = (name: string, ...commands: string[]): Contestant => ({
  name,
  command: [...server.psql.command, '-qAtX', ...commands.flatMap((command) => ['-c', command])],
  environment: server.psql.environment,
});

const pgv = (name: string, file: string, ...flags: string[]): Contestant => ({
  name,
  command: [
    process.execPath,
    program,
    'ingest',
    file,
    '-t',
    'docs',
    ...flags,
    '-d',
    server.url,
    '--jobs',
    '2',
    '-q',
  ],
});

run(
  psql(
    'set-up',
    'CREATE EXTENSION IF NOT EXISTS vector',
    `CREATE TABLE docs (id bigint PRIMARY KEY, embedding vector(${dimensions}))`,
  ),
);

const contestants = [
  psql('psql \\copy, binary', `\\copy docs FROM '${corpus.binary}' (FORMAT binary)`),
  pgv('pgv ingest --jobs 2, npy', corpus.npy, '--map', 'row=id'),
  pgv('pgv ingest --jobs 2, fvecs', corpus.fvecs, '--map', 'row=id'),
  pgv('pgv ingest --jobs 2, binary', corpus.binary),
];

try {
  const seconds = timeInTurns(contestants, rounds, () => run(psql('empty', 'TRUNCATE docs', 'CHECKPOINT')));
  const medians = contestants.map(({ name }) => median(seconds.get(name)!));
  const line = (text: string) => process.stdout.write(`${text}\n`);
  line(`${rows.toLocaleString('en')} rows × ${dimensions} dimensions, median of ${rounds} in turns`);
  contestants.forEach(({ name }, i) => {
    const all = seconds.get(name)!.map((value) => value.toFixed(2));
    const ratio = (medians[i]! / medians[0]!).toFixed(2);
    line(
      `  ${name.padEnd(26)} ${medians[i]!.toFixed(2)} s   ${ratio} of psql's binary \\copy   (${all.join(', ')})`,
    );
  });
} finally {
  await server.stop();
}
