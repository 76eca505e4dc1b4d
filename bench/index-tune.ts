import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { scaled } from './arguments.ts';
import { benchServer, pgv } from './programs.ts';
import { atMost, inSeconds, row } from './table-row.ts';
import { textCorpus } from './text-corpus.ts';

// The tuning of an index on text embeddings: how long it takes, and whether the setting that it recommends does what was
// asked on queries that it never saw, which are no rows of the table either, and what it costs beside the cheapest.

const [rows, dimensions, target] = [scaled(63_000), 384, 0.95];
/** A recall within this of the target reaches it: the queries are few hundred. */
const within = 0.01;

interface Point {
  efSearch: number;
  recall: number;
  p50Ms: number;
}

const corpus = await textCorpus(rows, dimensions);
const server = await benchServer(`id bigint PRIMARY KEY, embedding vector(${dimensions})`);

async function json<T>(...args: string[]): Promise<T> {
  const [program, ...rest] = pgv(...args, '--json', '-q').command;
  const { stdout } = await promisify(execFile)(program, rest, { maxBuffer: 2 ** 26 });
  return JSON.parse(stdout) as T;
}

/** What new queries find with this ef_search. */
function onNewQueries(efSearch: number): Promise<Point> {
  const url = `${server.url}?options=${encodeURIComponent(`-c hnsw.ef_search=${efSearch}`)}`;
  return json('index', 'recall', '-t', 'docs', '-d', url, '--queries', corpus.queries);
}

try {
  await json('ingest', corpus.rows, '-t', 'docs', '-d', server.url, '--map', 'row=id');
  await json('index', 'create', '-t', 'docs', '-d', server.url);
  const started = performance.now();
  const { recommendation } = await json<{ recommendation: Point | null }>(
    'index',
    'tune',
    '-t',
    'docs',
    '-d',
    server.url,
    '--target-recall',
    String(target),
  );
  const seconds = (performance.now() - started) / 1000;
  const work = `index tune, ${rows.toLocaleString('en')} × ${dimensions}`;
  row(work, inSeconds(seconds), 'a minute', seconds / 60, atMost(1));
  if (recommendation === null) throw new Error('there is no recommendation');
  const recommended = await onNewQueries(recommendation.efSearch);
  const points: Point[] = [];
  for (let share = 0.25; share <= 2; share *= 2 ** 0.25) {
    points.push(await onNewQueries(Math.max(10, Math.round(recommendation.efSearch * share))));
  }
  const enough = points.filter(({ recall }) => recall >= target - within).map(({ p50Ms }) => p50Ms);
  const cheapest = Math.min(recommended.p50Ms, ...enough);
  row(
    'the recall it promises, on new queries',
    recommended.recall.toFixed(3),
    `asked: ${target}`,
    (1 - recommended.recall) / (1 - target + within),
    atMost(1),
  );
  row(
    'the cost of the recommended setting',
    `${recommended.p50Ms.toFixed(2)} ms`,
    `the cheapest: ${cheapest.toFixed(2)} ms`,
    recommended.p50Ms / cheapest,
    atMost(1.3),
  );
} finally {
  await server.stop();
}
