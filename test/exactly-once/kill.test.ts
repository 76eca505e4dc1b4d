import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { beforeAll, expect, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { pgv } from '../support/cli.ts';
import { emptyDatabase, type Fixture } from '../support/databases.ts';
import { noOwnServer, noServer, ownServer } from '../support/servers.ts';
import { temporaryFile } from '../support/temporary.ts';
import { bigCsv, type Corpus, contentsOf, contentsOfWhole, contentsQuery } from './corpus.ts';

// The program and the server's backends are killed at moments all over a load; the same command, given until it is done,
// makes the table equal to the file. Some 40 and 17 kills, over loads of several kinds; PGV_TEST_KILLS=3 has three times
// as many.

const thoroughness = Number(process.env.PGV_TEST_KILLS ?? 1);

let corpus: Corpus;

beforeAll(async () => {
  corpus = await bigCsv(12_000);
});

interface Kind {
  name: string;
  flags: readonly string[];
  /** How often the program is killed, and how often the server's backends. */
  program: number;
  backends: number;
}

const kinds: readonly Kind[] = [
  { name: 'straight, into a new table', flags: [], program: 14, backends: 7 },
  { name: 'all or nothing', flags: ['--atomic'], program: 9, backends: 5 },
  { name: 'updating', flags: ['--on-conflict', 'update'], program: 9, backends: 5 },
];

/** Moments from 0 to 1 that lie evenly however few they are: steps of the golden ratio from anywhere. */
function spread(): () => number {
  let moment = Math.random();
  return () => {
    moment = (moment + (Math.sqrt(5) - 1) / 2) % 1;
    return moment;
  };
}

/** Runs the command and ends it with SIGKILL after some time, unless it ends before. */
async function killedAfter(milliseconds: number, args: readonly string[]): Promise<boolean> {
  const { signal, code, stderr } = await pgv(args, { signalAfter: { milliseconds, signal: 'SIGKILL' } });
  if (signal === null && code !== 0) throw new Error(stderr);
  return signal === 'SIGKILL';
}

/** Loads into a table until `kills` processes were killed, and at last one was not. @returns loads that were done */
async function loadDespiteKills(fixture: Fixture, database: Database, { name, flags, program }: Kind) {
  let [kills, loads] = [0, 0];
  let longest = 800;
  const wanted = program * thoroughness;
  const moment = spread();
  while (kills < wanted) {
    const table = `k${++loads}`;
    const args = ['ingest', corpus.path, '-t', table, '-d', fixture.url, '-q', ...flags];
    for (let done = false; !done; ) {
      const started = performance.now();
      done = !(await killedAfter(kills < wanted ? moment() * longest : 60_000, args));
      if (done) longest = Math.max(400, performance.now() - started);
      else kills++;
    }
    expect(await contentsOf(database, table), `${name}: ${table} after ${kills} kills`).toEqual(
      contentsOfWhole(corpus),
    );
    const again = await pgv(['ingest', corpus.path, '-t', table, '-d', fixture.url, '--json', ...flags]);
    expect(JSON.parse(again.stdout)).toMatchObject(
      flags.includes('update')
        ? { inserted: 0, updated: 0, unchanged: corpus.rows }
        : { status: 'already-loaded', rows: 0 },
    );
    await database.query(`DROP TABLE ${table}`);
  }
}

const staging = "SELECT relname FROM pg_class WHERE relname LIKE '%staging_%'";

test.skipIf(noServer !== null).each(kinds)(
  'kill -9 of the program on a server: $name',
  async (kind) => {
    const fixture = await emptyDatabase('server');
    const database = await fixture.open();
    await loadDespiteKills(fixture, database, kind);
    expect((await database.query(staging)).rows).toEqual([]);
  },
  180_000 * thoroughness,
);

test.skipIf(noServer !== null)(
  'kill -9 of the program, and the reject file',
  async () => {
    const fixture = await emptyDatabase('server');
    const lines = (await readFile(corpus.path, 'utf8')).split('\n');
    const bad = Array.from({ length: 40 }, (_, i) => `bad ${i},x,"[1]"`);
    for (const [i, line] of bad.entries()) lines.splice(5 + i * 290, 0, line);
    const file = await temporaryFile('mixed.csv', lines.join('\n'));
    const rejects = path.join(path.dirname(file), 'bad.csv');
    const args = [
      'ingest',
      file,
      '-t',
      'docs',
      '-d',
      fixture.url,
      '-q',
      '--on-error',
      'skip',
      '--reject-file',
      rejects,
    ];
    const moment = spread();
    for (let kills = 0; kills < 6 * thoroughness; kills++) {
      const { signal } = await pgv(args, {
        signalAfter: { milliseconds: 150 + moment() * 700, signal: 'SIGKILL' },
      });
      if (signal === null) break;
    }
    const { code, stderr } = await pgv([...args, '--allow-rejects']);
    expect(code, stderr).toBe(0);
    const database = await fixture.open();
    expect(await contentsOf(database, 'docs')).toEqual(contentsOfWhole(corpus));
    const kept = (await readFile(rejects, 'utf8')).trimEnd().split('\n');
    expect(kept.slice(1).toSorted()).toEqual(bad.toSorted());
    const errors = (await readFile(`${rejects}.errors.jsonl`, 'utf8')).trimEnd().split('\n');
    expect(errors).toHaveLength(bad.length);
  },
  120_000 * thoroughness,
);

test.skipIf(noServer !== null)('two processes with one load: one does it, the other waits', async () => {
  const fixture = await emptyDatabase('server');
  const args = ['ingest', corpus.path, '-t', 'docs', '-d', fixture.url, '--json'];
  const both = await Promise.all([pgv(args), pgv(args), pgv(args)]);
  expect(both.map(({ stdout }) => JSON.parse(stdout).status).sort()).toEqual([
    'already-loaded',
    'already-loaded',
    'loaded',
  ]);
  const database = await fixture.open();
  expect(await contentsOf(database, 'docs')).toEqual(contentsOfWhole(corpus));
});

test.skipIf(noServer !== null)('two processes, one file, the table named in two ways', async () => {
  const fixture = await emptyDatabase('server');
  const named = (table: string) => pgv(['ingest', corpus.path, '-t', table, '-d', fixture.url, '--json']);
  const both = await Promise.all([named('docs'), named('public.docs')]);
  expect(both.map(({ stdout }) => JSON.parse(stdout).status).sort()).toEqual(['already-loaded', 'loaded']);
});

test.skipIf(noServer !== null)('two processes, two files, one new table', async () => {
  const fixture = await emptyDatabase('server');
  const other = await temporaryFile('other.csv', 'id,t,v\n');
  const [head, ...lines] = (await readFile(corpus.path, 'utf8')).split('\n');
  await writeFile(other, [head, ...lines.slice(0, 2000)].join('\n').replaceAll(/^(\d+),/gm, '9$1000000,'));
  const load = (file: string) => pgv(['ingest', file, '-t', 'docs', '-d', fixture.url, '--json']);
  const results = await Promise.all([load(corpus.path), load(other)]);
  expect(results.map(({ code, stdout }) => (code === 0 ? 0 : stdout))).toEqual([0, 0]);
  const database = await fixture.open();
  expect((await database.query('SELECT count(*) AS n FROM docs')).rows).toEqual([{ n: corpus.rows + 2000 }]);
});

test(
  'kill -9 of the program on an embedded database',
  async () => {
    const fixture = await emptyDatabase('embedded');
    let kills = 0;
    const moment = spread();
    const args = ['ingest', corpus.path, '-t', 'docs', '-d', fixture.url, '-q'];
    while (kills < 5 * thoroughness && (await killedAfter(400 + moment() * 1500, args))) kills++;
    await pgv(args);
    const database = await fixture.open();
    expect(await contentsOf(database, 'docs')).toEqual(contentsOfWhole(corpus));
  },
  120_000 * thoroughness,
);

/** Opens a connection for one statement, whatever becomes of the server meanwhile. */
async function onServer(url: string, statement: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(statement)).rows;
  } finally {
    await client.end().catch(() => {});
  }
}

const others = "datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'pgv'";

/** Kills one of the backends that work for pgv, with which the server restarts as after a crash. */
async function killBackend(url: string): Promise<number> {
  const victims = `SELECT pid FROM pg_stat_activity WHERE ${others} ORDER BY random() LIMIT 1`;
  const [victim] = await onServer(url, victims).catch(() => []);
  if (victim === undefined) return 0;
  // The server's own hand: its processes need not be on this machine. It does not live to answer.
  await onServer(url, `COPY (SELECT) TO PROGRAM 'kill -9 ${victim.pid}'`).catch(() => {});
  return 1;
}

test.skipIf(noOwnServer !== null).each(kinds)(
  "kill -9 of the server's backends: $name",
  async ({ flags, backends, name }) => {
    const { url } = await ownServer({});
    await onServer(url, 'CREATE EXTENSION IF NOT EXISTS vector');
    let [kills, loads] = [0, 0];
    const wanted = backends * thoroughness;
    const moment = spread();
    while (kills < wanted) {
      const table = `k${++loads}`;
      const args = ['ingest', corpus.path, '-t', table, '-d', url, '-q', ...flags];
      let ended = false;
      const loading = pgv(args).finally(() => {
        ended = true;
      });
      while (!ended && kills < wanted) {
        await sleep(100 + moment() * 600);
        kills += await killBackend(url);
      }
      let result = await loading;
      while (result.code !== 0) result = await pgv(args);
      const [found] = await onServer(url, contentsQuery(table));
      expect(found, `${name}: ${table} after ${kills}`).toEqual(textOf(contentsOfWhole(corpus)));
      await onServer(url, `DROP TABLE ${table}`);
    }
    expect(await onServer(url, staging)).toEqual([]);
  },
  180_000 * thoroughness,
);

/** As pg gives it: int8 as text. */
function textOf(contents: Record<string, number>) {
  return Object.fromEntries(Object.entries(contents).map(([name, value]) => [name, String(value)]));
}
