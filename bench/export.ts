import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { rounds, scaled } from './arguments.ts';
import { folder } from './files.ts';
import { limit, peakOf, tellPeak } from './memory.ts';
import { benchServer, contestant } from './programs.ts';
import { atMost, compare } from './table-row.ts';
import { timeInTurns } from './turns.ts';

// A table out of PostgreSQL, side by side with psql on the same server.

const [rows, dimensions] = [scaled(200_000), 768];
const server = await benchServer(`id bigint PRIMARY KEY, title text, embedding vector(${dimensions})`);
const target = path.join(folder, 'export');
mkdirSync(target, { recursive: true });
const file = (name: string) => path.join(target, name);

try {
  await server.run(
    // Values as embeddings have them: seven or eight digits, most below 0.1.
    `INSERT INTO docs SELECT i, 'title ' || i, (SELECT array_agg((random() - 0.5)::float4 / 10) FROM generate_series(1, ${dimensions}) WHERE i > 0)
     FROM generate_series(1, ${rows}) i`,
    'VACUUM ANALYZE docs',
  );
  const works = [
    { name: 'binary', goal: atMost(0.75), against: 'binary', args: ['-o', file('docs.bin')] },
    { name: 'npy', goal: atMost(0.75), against: 'binary', args: ['-o', file('docs.npy')] },
    { name: 'fvecs', goal: atMost(0.75), against: 'binary', args: ['-o', file('docs.fvecs')] },
    { name: 'csv', goal: atMost(0.55), against: 'csv', args: ['-o', file('docs.csv')] },
    { name: 'parquet', goal: atMost(1), against: 'csv', args: ['-o', file('docs.parquet')] },
  ];
  const [binary, csv, ...timed] = await timeInTurns(
    [
      contestant(
        'psql `\\copy`, binary',
        server.psql(`\\copy docs TO '${file('psql.bin')}' (FORMAT binary)`),
      ),
      contestant(
        'psql `\\copy`, CSV',
        server.psql(`\\copy docs TO '${file('psql.csv')}' (FORMAT csv, HEADER)`),
      ),
      ...works.map(({ name, args }) =>
        contestant(`pgv export --jobs 2, ${name}`, server.export(...args, '--force')),
      ),
    ],
    rounds(),
  );
  works.forEach(({ name, goal, against }, i) => {
    const size = `${rows.toLocaleString('en')} × ${dimensions}`;
    compare(`export, ${name}, ${size}`, timed[i]!, against === 'csv' ? csv! : binary!, goal);
  });
  for (const { name, args } of works.filter(({ name }) => name !== 'fvecs')) {
    tellPeak(`export, ${name}`, await peakOf(server.export(...args, '--force')), limit);
  }
} finally {
  rmSync(target, { recursive: true, force: true });
  await server.stop();
}
