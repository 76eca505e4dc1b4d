import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { rounds, scaled } from './arguments.ts';
import { folder } from './files.ts';
import { benchServer, contestant, pgv } from './programs.ts';
import { atMost, compare } from './table-row.ts';
import { median, type Timed, timeInTurns } from './turns.ts';

// A table into another table, against the slower half of what takes a file between: the export to one and its load.

const [rows, dimensions] = [scaled(200_000), 768];
const columns = `id bigint PRIMARY KEY, title text, embedding vector(${dimensions})`;
const server = await benchServer(columns);
mkdirSync(folder, { recursive: true });
const file = path.join(folder, 'copy.bin');
const flags = ['-d', server.url, '--jobs', '2', '-q'];

try {
  await server.run(
    `INSERT INTO docs SELECT i, 'title ' || i, (SELECT array_agg((random() - 0.5)::float4 / 10) FROM generate_series(1, ${dimensions}) WHERE i > 0)
     FROM generate_series(1, ${rows}) i`,
    'VACUUM ANALYZE docs',
    `CREATE TABLE copied (${columns})`,
  );
  const [out, into, ours] = (await timeInTurns(
    [
      contestant('pgv export, binary', pgv('export', 'docs', '-o', file, '--force', ...flags)),
      contestant('pgv ingest of that', pgv('ingest', file, '-t', 'copied', ...flags)),
      contestant(
        'pgv copy',
        pgv('copy', server.url, server.url, '-t', 'docs', '--to-table', 'copied', '--jobs', '2', '-q'),
      ),
    ],
    rounds(),
    { before: () => server.run('TRUNCATE copied', 'CHECKPOINT') },
  )) as [Timed, Timed, Timed];
  await server.run(`SELECT 1 / (count(*) = ${rows})::int FROM copied`);
  const slower = median(out.seconds) > median(into.seconds) ? out : into;
  compare(`copy, ${rows.toLocaleString('en')} × ${dimensions}`, ours, slower, atMost(1.2));
} finally {
  rmSync(file, { force: true });
  await server.stop();
}
