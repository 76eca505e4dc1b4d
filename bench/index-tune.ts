import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { rounds, scaled } from './arguments.ts';
import { benchServer, pgv } from './programs.ts';
import { atMost, inSeconds, row } from './table-row.ts';
import { rowsAsQueries, textCorpus, vectorsIn } from './text-corpus.ts';
import { median } from './turns.ts';

// The tuning of an index on text embeddings: how long it takes, and whether the setting that it recommends does what was
// asked on queries that it never saw, which are no rows of the table either, and what it costs beside the cheapest that
// does on these same queries: which nobody can know beforehand.
//
// The texts beyond the rows are few, and would tell recall to 0.017 at best, for which the effort of a search changes by
// half. So there are further tables, as large and of the same texts, each without others of them: what is new to each is
// asked of its own index.

const [rows, dimensions, target] = [scaled(63_000), 384, 0.95];
/** A recall within this of the target reaches it. */
const within = 0.01;
/** New queries that the truth rests on. */
const wanted = scaled(3000);
/** What hnsw.ef_search may be at most. */
const most = 1000;
/** Standard errors on either side of what is true in 95 % of cases. */
const z = 1.96;

interface Point {
  efSearch: number;
  recall: number;
  p50Ms: number;
}

interface Recall extends Point {
  recallLow: number;
  recallHigh: number;
  queries: number;
}

/** A table, and a file of vectors that are new to it. */
interface Asked {
  table: string;
  queries: string;
}

/** What new queries find, over all tables. */
interface Truth {
  recall: number;
  /** Its standard error. */
  error: number;
  queries: number;
}

const corpus = await textCorpus(rows, dimensions);
const server = await benchServer(`id bigint PRIMARY KEY, embedding vector(${dimensions})`);

async function json<T>(...args: string[]): Promise<T> {
  const [program, ...rest] = pgv(...args, '--json', '-q').command;
  const { stdout } = await promisify(execFile)(program, rest, { maxBuffer: 2 ** 26 });
  return JSON.parse(stdout) as T;
}

/** The first table, and as many others as it takes. */
async function makeTables(): Promise<Asked[]> {
  const left = vectorsIn(corpus.queries, corpus);
  await json('ingest', corpus.rows, '-t', 'docs', '-d', server.url, '--map', 'row=id');
  await json('index', 'create', '-t', 'docs', '-d', server.url);
  await server.run('CREATE TABLE beyond (id bigint PRIMARY KEY, embedding vector)');
  await json('ingest', corpus.queries, '-t', 'beyond', '-d', server.url, '--map', 'row=id');
  const all: Asked[] = [{ table: 'docs', queries: corpus.queries }];
  for (let from = 0; left * all.length < wanted; from += left) {
    const table = `without_${from}`;
    await server.run(
      `CREATE TABLE ${table} AS
       SELECT embedding FROM docs WHERE id < ${from} OR id >= ${from + left}
       UNION ALL SELECT embedding::vector(${dimensions}) FROM beyond`,
      `ANALYZE ${table}`,
    );
    await json('index', 'create', '-t', table, '-d', server.url);
    all.push({ table, queries: await rowsAsQueries(corpus, from, from + left) });
  }
  return all;
}

/** What queries that are new to a table find with this ef_search. */
function onNewQueries({ table, queries }: Asked, efSearch: number): Promise<Recall> {
  const url = `${server.url}?options=${encodeURIComponent(`-c hnsw.ef_search=${efSearch}`)}`;
  return json('index', 'recall', '-t', table, '-d', url, '--queries', queries);
}

const known = new Map<number, Truth>();

async function truth(tables: readonly Asked[], efSearch: number): Promise<Truth> {
  const found = known.get(efSearch);
  if (found !== undefined) return found;
  const each: Recall[] = [];
  for (const asked of tables) each.push(await onNewQueries(asked, efSearch));
  const squares = each.map(({ recallLow, recallHigh }) => ((recallHigh - recallLow) / (2 * z)) ** 2);
  const made = {
    recall: sum(each.map(({ recall }) => recall)) / each.length,
    error: Math.sqrt(sum(squares)) / each.length,
    queries: sum(each.map(({ queries }) => queries)),
  };
  known.set(efSearch, made);
  return made;
}

/**
 * The least ef_search that reaches the target on new queries: recall is the same each time, and as good as never falls.
 * @param errors that the truth is taken to be above what was measured, in standard errors
 * @throws Error where none does
 */
async function leastEnough(tables: readonly Asked[], guess: number, errors = 0): Promise<number> {
  const isEnough = async (efSearch: number) => {
    const { recall, error } = await truth(tables, efSearch);
    return recall + errors * error >= target - within;
  };
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

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

try {
  const tables = await makeTables();
  const docs = tables[0]!;
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
  const { recall, error, queries } = await truth(tables, efSearch);
  row(
    `the recall it promises, on ${queries.toLocaleString('en')} new queries`,
    `${recall.toFixed(3)} ± ${(z * error).toFixed(3)}`,
    `asked: ${target}`,
    (1 - recall) / (1 - target + within),
    atMost(1),
  );
  // The cheapest, and which it may be in truth.
  const cheapest = await leastEnough(tables, efSearch);
  const [from, to] = [await leastEnough(tables, cheapest, z), await leastEnough(tables, cheapest, -z)];
  const times = new Map([efSearch, cheapest, from, to].map((each) => [each, [] as number[]]));
  for (let round = 0; round < rounds(); round++) {
    for (const [each, all] of times) all.push((await onNewQueries(docs, each)).p50Ms);
  }
  const cost = (each: number) => median(times.get(each)!);
  row(
    'the cost of the recommended setting',
    `${cost(efSearch).toFixed(2)} ms (ef_search ${efSearch})`,
    `the cheapest: ${cost(cheapest).toFixed(2)} ms (ef_search ${cheapest}, in truth ${from} to ${to})`,
    cost(efSearch) / cost(cheapest),
    atMost(1.3),
  );
  const ratios = [to, from].map((each) => (cost(efSearch) / cost(each)).toFixed(2)).join(' to ');
  process.stderr.write(`  the last ratio is ${ratios} in 95 % of cases, as ${queries} queries tell\n`);
} finally {
  await server.stop();
}
