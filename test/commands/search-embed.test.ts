import { expect, test } from 'vitest';
import { emptyDatabase } from '../support/databases.ts';
import { answerJson, embeddingOf, embeddingServer } from '../support/embedding-server.ts';
import { noServer } from '../support/servers.ts';
import { runInMemory } from './memory-io.ts';

const fixture = await emptyDatabase(noServer === null ? 'server' : 'embedded');
const words = ['strategy games', 'card games', 'a text editor', 'chess'];
const database = await fixture.open();
await database.query('CREATE EXTENSION IF NOT EXISTS vector');
await database.query(
  'CREATE TABLE docs (id int PRIMARY KEY, content text, embedding vector(3), signs bit(3))',
);
for (const [id, text] of words.entries()) {
  const values = [id, text, JSON.stringify(embeddingOf(text))];
  await database.query({
    text: 'INSERT INTO docs VALUES ($1, $2, $3, binary_quantize($3::vector)::bit(3))',
    values,
  });
}
await database.close();

const search = (args: string[], env: Record<string, string> = {}) =>
  runInMemory(['search', '--vector-column', 'embedding', ...args, '-d', fixture.url], { env });

test('words find the rows that a model puts near them', async () => {
  const server = await embeddingServer();
  const asked = ['--text', 'chess', '--json', '-k', '2'];
  const env = { PGV_EMBED_KEY: 'sk-secret', PGV_EMBED_MODEL: 'small', PGV_EMBED_URL: server.url };
  const byFlag = await search([...asked, '--embed', server.url], {
    ...env,
    PGV_EMBED_URL: 'http://127.0.0.1:1',
  });
  expect(byFlag.code, byFlag.err).toBe(0);
  const { hits } = JSON.parse(byFlag.out);
  expect(hits[0]).toMatchObject({ id: 3, distance: 0, content: 'chess' });
  const byVector = await search([JSON.stringify(embeddingOf('chess')), '--json', '-k', '2']);
  expect(byFlag.out).toBe(byVector.out);
  expect((await search([...asked, '--embed'], env)).out).toBe(byVector.out);
  expect(server.requests).toMatchObject(
    Array.from({ length: 2 }, () => ({
      input: ['chess'],
      model: 'small',
      headers: { authorization: 'Bearer sk-secret' },
    })),
  );
});

test('hybrid, the words do for both', async () => {
  const server = await embeddingServer();
  const hybrid = ['--text', 'strategy games', '--hybrid', '--json'];
  const { code, out, err } = await search([...hybrid, '--embed', server.url]);
  expect(code, err).toBe(0);
  expect(out).toBe((await search([...hybrid, JSON.stringify(embeddingOf('strategy games'))])).out);
  expect(JSON.parse(out).hits[0]).toMatchObject({ id: 0, distance: 0, score: expect.closeTo(2 / 61) });
});

test('a vector that was cut when it was stored, and one of which the signs were kept', async () => {
  const server = await embeddingServer({ dimensions: 8 });
  const ask = (...args: string[]) => search(['--text', 'chess', '--embed', server.url, '--json', ...args]);
  const cut = await ask('--dimensions', '3');
  expect(cut.code, cut.err).toBe(0);
  const [{ id, distance }] = JSON.parse(cut.out).hits;
  expect({ id, distance }).toEqual({ id: 3, distance: expect.closeTo(0) });
  expect(await ask('--dimensions', '9')).toMatchObject({
    code: 2,
    out: expect.stringContaining('expected at least 9 dimensions, not 8'),
  });
  const signs = await ask('--dimensions', '3', '--vector-column', 'signs');
  expect(JSON.parse(signs.out)).toMatchObject({
    metric: 'hamming',
    hits: [{ id: 3, distance: 0 }, {}, {}, {}],
  });
});

test.each<[string, string[], number, RegExp]>([
  ['no words', ['--embed', 'URL'], 2, /--embed needs --text <words>/],
  ['blank words', ['--embed', 'URL', '--text', ' '], 2, /--text is empty: there is nothing to embed/],
  [
    'a vector too',
    ['[1,2,3]', '--embed', 'URL', '--text', 'x'],
    2,
    /a vector and --embed exclude each other/,
  ],
  ['a row too', ['--id', '1', '--embed', 'URL', '--text', 'x'], 2, /--id and --embed exclude each other/],
  ['a file too', ['--file', 'q.npy', '--embed', 'URL', '--text', 'x'], 2, /--text and --file exclude/],
  ['a model alone', ['--embed-model', 'm', '--text', 'x'], 2, /--embed-model needs --embed/],
  ['dimensions alone', ['--dimensions', '3', '--text', 'x'], 2, /--dimensions needs --embed/],
  ['a language', ['--embed', 'URL', '--text', 'x', '--language', 'english'], 2, /--language needs --hybrid/],
  ['nobody', ['--text', 'x', '--embed'], 2, /nothing says which endpoint embeds texts/],
  ['nobody there', ['--text', 'x', '--embed', 'http://127.0.0.1:1'], 4, /cannot be reached/],
  ['no URL', ['--text', 'x', '--embed', 'localhost:11434/v1'], 2, /is no URL of an endpoint that embeds/],
])('%s is refused', async (_, args, code, message) => {
  const { url, requests } = await embeddingServer();
  const done = await search(args.map((arg) => (arg === 'URL' ? url : arg)));
  expect(done).toMatchObject({ code, err: expect.stringMatching(message) });
  expect(requests).toEqual([]);
});

test('what an endpoint says against the words is told', async () => {
  const server = await embeddingServer({ dimensions: 4 });
  const ask = () => search(['--text', 'chess', '--embed', server.url]);
  expect(await ask()).toMatchObject({
    code: 2,
    err: expect.stringMatching(/query vector has 4 dimensions, not 3/),
  });
  server.behave({
    answer: (_, response) => answerJson(response, 400, { error: { message: 'you must provide a model' } }),
  });
  expect(await ask()).toMatchObject({
    code: 2,
    err: expect.stringMatching(/answers 400 Bad Request: you must provide a model\nhint: .*--embed-model/),
  });
});
