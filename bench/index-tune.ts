import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { rounds, scaled } from './arguments.ts';
import { benchServer, pgv } from './programs.ts';
import { atMost, inSeconds, row } from './table-row.ts';
import { textCorpus } from './text-corpus.ts';
import { median } from './turns.ts';

// The tuning of an index on text embeddings: how long it takes, and whether the setting that it recommends does what was
// asked on queries that it never saw, which are no rows of the table either, and what it costs beside the cheapest that
// does on these same queries: which nobody can know beforehand.

const [rows, dimensions, target] = [scaled(63_000), 384, 0.95];
/** A recall within this of the target reaches it: the queries are few hundred. */
const within = 0.01;
/** What hnsw.ef_search may be at most. */
const most = 1000;

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

/**
 * The least ef_search that reaches the target on new queries: recall is the same each time, and as good as never falls.
 * @throws Error where none does
 */
async function leastEnough(guess: number): Promise<number> {
  const isEnough = async (efSearch: number) => (await onNewQueries(efSearch)).recall >= target - within;
  const isAbove = !(await isEnough(guess));
  if (isAbove && !(await isEnough(most))) throw new Error(`not even ef_search ${most} reaches ${target}`);
  let [low, high] = isAbove ? [guess + 1, most] : [10, guess];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (await isEnough(middle)) high = middle;
    else low = middle + 1;
  }
  return high;
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
  const { efSearch } = recommendation;
  const cheapest = await leastEnough(efSearch);
  const points: Record<'recommended' | 'cheapest', Point[]> = { recommended: [], cheapest: [] };
  for (let round = 0; round < rounds(); round++) {
    points.recommended.push(await onNewQueries(efSearch));
    points.cheapest.push(await onNewQueries(cheapest));
  }
  const { recall } = points.recommended[0]!;
  const [ours, least] = [points.recommended, points.cheapest].map((each) =>
    median(each.map(({ p50Ms }) => p50Ms)),
  );
  row(
    'the recall it promises, on new queries',
    recall.toFixed(3),
    `asked: ${target}`,
    (1 - recall) / (1 - target + within),
    atMost(1),
  );
  row(
    'the cost of the recommended setting',
    `${ours!.toFixed(2)} ms (ef_search ${efSearch})`,
    `the cheapest: ${least!.toFixed(2)} ms (ef_search ${cheapest})`,
    ours! / least!,
    atMost(1.3),
  );
} finally {
  await server.stop();
}
