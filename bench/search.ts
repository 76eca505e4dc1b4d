import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { rounds, scaled } from './arguments.ts';
import { folder } from './files.ts';
import { benchServer, contestant, pgv } from './programs.ts';
import { searchCorpus } from './search-corpus.ts';
import { atMost, compare, inSeconds, row } from './table-row.ts';
import { median, run, timeInTurns } from './turns.ts';

// The ten nearest by an index, as whole processes: one search against psql, a batch against pgbench with as many clients
// as there are lanes, and a batch on the embedded database against a script of PGlite's.

const [lanes, different, embeddedCount] = [2, 100, 2000];
const count = scaled(10_000);
const corpus = await searchCorpus(scaled(50_000), 128, { count, different });
const load = ['ingest', corpus.vectors, '-t', 'docs', '--map', 'row=id', '-q'];
const index = 'CREATE INDEX ON docs USING hnsw (embedding vector_cosine_ops)';
const near = (vector: string) =>
  `SELECT id, embedding <=> ${vector} AS distance FROM docs ORDER BY embedding <=> ${vector} LIMIT 10`;
const batch = (...flags: string[]) =>
  pgv('search', '--file', corpus.queries, '-t', 'docs', '--format', 'jsonl', '-q', ...flags);
const [single] = corpus.texts as [string];

const server = await benchServer(`id bigint PRIMARY KEY, embedding vector(${corpus.dimensions})`);
try {
  await run(contestant('the load', pgv(...load, '-d', server.url)));
  await server.run(index, 'VACUUM ANALYZE docs');
  const [node, psql, ours] = await timeInTurns(
    [
      contestant('`node -e 0`', { command: [process.execPath, '-e', '0'] }),
      contestant('psql', server.psql(near(`'${single}'`))),
      contestant('pgv search', pgv('search', single, '-t', 'docs', '-d', server.url)),
    ],
    rounds(21),
  );
  const [bare, theirs, own] = [node!, psql!, ours!].map(({ seconds }) => median(seconds)) as [
    number,
    number,
    number,
  ];
  row('search, one vector', inSeconds(own), `psql: ${inSeconds(theirs)}`, (own - theirs) / bare, {
    text: '≤ 2 × `node -e 0` more',
    isMet: (ratio) => ratio <= 2,
    show: (ratio) => `${ratio.toFixed(1)} × \`node -e 0\` more`,
  });

  const statements = corpus.texts.map((_, i) => `${near(`:v${i}`)};\n`).join('');
  const values = corpus.texts.flatMap((text, i) => ['-D', `v${i}=${text}`]);
  const transactions = Math.round(count / lanes / different);
  const [pgbench, lanesOfOurs] = await timeInTurns(
    [
      contestant(
        `pgbench, ${lanes} clients`,
        server.pgbench(
          statements,
          ...['-n', '-M', 'prepared', '-c', `${lanes}`, '-t', `${transactions}`, ...values],
        ),
      ),
      contestant(`pgv search --jobs ${lanes}`, batch('-d', server.url, '--jobs', `${lanes}`)),
    ],
    rounds(),
  );
  // Nine tenths of its rate.
  compare(`search, ${count.toLocaleString('en')} vectors`, lanesOfOurs!, pgbench!, atMost(1.11));
} finally {
  await server.stop();
}

const directory = path.join(folder, `search-${process.pid}`);
const queries = path.join(folder, `queries-${process.pid}.json`);
const script = fileURLToPath(new URL('pglite-search.mjs', import.meta.url));
try {
  writeFileSync(queries, JSON.stringify(corpus.texts));
  const few = await searchCorpus(scaled(5000), 128, { count: embeddedCount, different });
  const embedded = ['-d', `pglite:${directory}`];
  const [command, , ...flags] = load;
  await run(contestant('the load', pgv(command!, few.vectors, ...flags, ...embedded)));
  await run(contestant('the index', pgv('sql', index, ...embedded)));
  const [pglite, ours] = await timeInTurns(
    [
      contestant('PGlite', {
        command: [process.execPath, script, directory, queries, `${embeddedCount}`, '10'],
      }),
      contestant(
        'pgv search',
        pgv('search', '--file', few.queries, '-t', 'docs', '-q', '--format', 'jsonl', ...embedded),
      ),
    ],
    rounds(),
  );
  compare(`search, ${embeddedCount.toLocaleString('en')} vectors, embedded`, ours!, pglite!, atMost(1.1));
} finally {
  rmSync(directory, { recursive: true, force: true });
  rmSync(queries, { force: true });
}
