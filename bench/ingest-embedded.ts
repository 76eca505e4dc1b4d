import { rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { rounds, scaled } from './arguments.ts';
import { csvCorpus } from './corpus.ts';
import { folder, madeOnce } from './files.ts';
import { contestant, pgv } from './programs.ts';
import { atMost, compare } from './table-row.ts';
import { run, timeInTurns } from './turns.ts';

// CSV into a new embedded database, against a script of ten lines that copies a ready-made binary file of the same
// rows into one.

const corpus = await csvCorpus(scaled(20_000), 128);
const directory = path.join(folder, `embedded-${process.pid}`);
const script = fileURLToPath(new URL('pglite-copy.mjs', import.meta.url));
const remove = async () => rmSync(directory, { recursive: true, force: true });
const ingest = pgv('ingest', corpus.path, '-t', 'docs', '-d', `pglite:${directory}`, '-q');

try {
  const name = `${corpus.rows}x${corpus.dimensions}-documents.pgcopy`;
  const binary = await madeOnce(name, async (target) => {
    const output = pgv('export', 'docs', '-d', `pglite:${directory}`, '--format', 'binary', '-o', target);
    await run(contestant('a first load', ingest));
    await run(contestant('an export of it', output));
  });
  const [limit, ours] = await timeInTurns(
    [
      contestant('PGlite, one binary `COPY`', {
        command: [process.execPath, script, directory, binary, String(corpus.dimensions)],
      }),
      contestant('pgv ingest', ingest),
    ],
    rounds(),
    { before: remove },
  );
  const work = `CSV, ${corpus.rows.toLocaleString('en')} × ${corpus.dimensions} into a new embedded database`;
  compare(work, ours!, limit!, atMost(1.5));
} finally {
  await remove();
}
