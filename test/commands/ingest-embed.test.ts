import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { pgv, type RunOptions } from '../support/cli.ts';
import { emptyDatabase } from '../support/databases.ts';
import { answerJson, embeddingOf, embeddingServer } from '../support/embedding-server.ts';
import { noServer } from '../support/servers.ts';
import { temporaryFile } from '../support/temporary.ts';
import { runInMemory } from './memory-io.ts';

// One database: what differs comes before it.
const fixture = await emptyDatabase(noServer === null ? 'server' : 'embedded');
const env = { PGV_EMBED_KEY: 'sk-secret' };

const ingest = (args: string[], options: RunOptions = {}) =>
  pgv(['ingest', ...args, '-d', fixture.url], { ...options, env: { ...env, ...options.env } });
const embedded = (url: string) => ['--embed', 'content=embedding', '--embed-url', url];

async function query(statement: string): Promise<Record<string, unknown>[]> {
  const database = await fixture.open();
  const { rows } = await database.query(statement).finally(() => database.close());
  return rows as Record<string, unknown>[];
}

const text = (i: number) => `document ${i}: ${'word '.repeat(150)}`;
const file = (count: number) =>
  `id,content\n${Array.from({ length: count }, (_, i) => `${i},"${text(i)}"\n`).join('')}`;
const rowsOf = (table: string) => query(`SELECT id::int, embedding::text FROM ${table} ORDER BY id`);
const row = (id: number) => ({ id, embedding: JSON.stringify(embeddingOf(text(id))) });

test('kill -9 while it embeds: every row is there once, and no stored one is embedded again', async () => {
  const count = 2000;
  const server = await embeddingServer();
  const docs = await temporaryFile('docs.csv', file(count));
  const args = [docs, '--jobs', '2', ...embedded(server.url)];
  const stuck = new Promise<void>((resolve) => {
    // Three pieces and a half, of which two lanes have two at the most.
    const isStuck = () => server.texts.length > 1200;
    server.behave({
      answer: () => {
        if (isStuck()) setTimeout(resolve, 300);
        return isStuck();
      },
    });
  });
  const killed = await ingest(args, { signalAfter: { promise: stuck, signal: 'SIGKILL' } });
  expect(killed.signal, killed.stderr).toBe('SIGKILL');
  const before = (await rowsOf('docs')).length;
  expect(before).toBeGreaterThan(0);
  server.behave({ answer: () => false });
  server.texts.length = 0;
  const { code, stderr } = await ingest(args);
  expect(code, stderr).toBe(0);
  expect(await rowsOf('docs')).toEqual(Array.from({ length: count }, (_, id) => row(id)));
  // One more, to see what the model makes.
  expect(server.texts.length).toBe(count - before + 1);
  const again = await ingest([...args, '--json']);
  expect(JSON.parse(again.stdout)).toMatchObject({ status: 'already-loaded' });
  expect(server.texts.length).toBe(count - before + 1);
});

test('an endpoint that fails now and then; the key is nowhere to be seen', async () => {
  const server = await embeddingServer({
    answer: (_, response, n) => {
      if (n === 3)
        return answerJson(response, 429, { error: 'slow down, sk-secret' }, { 'retry-after': '0' });
      if (n === 5) return answerJson(response, 500, { error: { message: 'no memory' } });
      if (n === 7) response.socket!.destroy();
      return n === 7;
    },
  });
  const args = ['-', '-t', 'piped', '--load-id', 'piped', '-v', ...embedded(server.url)];
  const { code, stdout, stderr } = await ingest(args, { input: file(1000) });
  expect(code, stderr).toBe(0);
  expect(await rowsOf('piped')).toEqual(Array.from({ length: 1000 }, (_, id) => row(id)));
  expect(stderr).toMatch(/429 Too Many Requests: slow down, …; trying again in/);
  expect(stdout + stderr).not.toContain('sk-secret');
  expect(server.requests[0]!.headers.authorization).toBe('Bearer sk-secret');
  const ledger = await query('SELECT l::text AS load FROM pgv.loads l');
  expect(JSON.stringify(ledger)).not.toContain('sk-secret');
});

test('a text that is refused goes where rejected rows go, with the reason', async () => {
  const server = await embeddingServer({
    answer: ({ input }, response) =>
      input.some((one) => one.startsWith('long')) && answerJson(response, 400, { error: 'context length' }),
  });
  const notes = await temporaryFile('notes.csv', 'id,content\n1,a\n2,"long, long"\n3,c\n');
  const bad = path.join(path.dirname(notes), 'bad.csv');
  const { code, stderr } = await ingest([
    ...[notes, '--on-error', 'skip', '--reject-file', bad],
    ...embedded(server.url),
  ]);
  expect({ code, stderr }).toEqual({ code: 5, stderr: expect.stringContaining('2 rows into notes') });
  expect(await readFile(bad, 'utf8')).toBe('id,content\n2,"long, long"\n');
  expect(JSON.parse(await readFile(`${bad}.errors.jsonl`, 'utf8'))).toMatchObject({
    row: 2,
    column: 'embedding',
    reason: 'the endpoint does not embed the text: it answers 400 Bad Request: context length',
  });
});

test('Ctrl-C ends what waits for an endpoint', async () => {
  const server = await embeddingServer({ answer: (_, __, n) => n > 1 });
  const notes = await temporaryFile('waits.csv', file(10));
  const { code, stderr } = await ingest([notes, ...embedded(server.url)], {
    signalAfter: { output: /created table waits/ },
    timeout: 20_000,
  });
  expect(code, stderr).toBe(130);
});

test('--dry-run asks once, and makes nothing', async () => {
  const server = await embeddingServer({ dimensions: 7 });
  const notes = await temporaryFile('dry.csv', file(10));
  const flags = ['--dry-run', '-d', fixture.url, ...embedded(server.url)];
  const { code, out, err } = await runInMemory(['ingest', notes, ...flags]);
  expect(code, err).toBe(0);
  expect(out).toContain('"embedding" vector(7)');
  expect(out).toMatch(/--embed content +→ embedding vector\(7\)/);
  expect(server.texts).toHaveLength(1);
  expect(await query(`SELECT to_regclass('dry') AS made`)).toEqual([{ made: null }]);
});

test.each<[string, string[], Record<string, string>, number, RegExp]>([
  [
    'nobody',
    ['--embed', 'content=v'],
    {},
    2,
    /nothing says which endpoint embeds texts\nhint: set PGV_EMBED_URL/,
  ],
  ['an empty variable', ['--embed', 'content=v'], { PGV_EMBED_URL: '' }, 2, /PGV_EMBED_URL is set but empty/],
  ['no column', ['--embed', 'content'], {}, 2, /--embed.*<key>=<value>/],
  [
    'an address alone',
    ['--embed-url', 'http://localhost'],
    {},
    2,
    /--embed-url says how texts are embedded, and none are/,
  ],
  ['a model alone', ['--embed-model', 'm'], {}, 2, /--embed-model says how texts are embedded/],
  ['nobody there', embedded('http://127.0.0.1:1/v1'), {}, 4, /cannot be reached: connect ECONNREFUSED/],
])('%s is refused', async (_, args, more, code, message) => {
  const notes = await temporaryFile('refused.csv', file(3));
  const done = await runInMemory(['ingest', notes, ...args, '-d', fixture.url], { env: more });
  expect(done).toMatchObject({ code, err: expect.stringMatching(message) });
});
