import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Embedder, type EmbedderOptions } from '../../src/embed/embedder.ts';
import { endpointOf } from '../../src/embed/endpoint.ts';
import { answerJson, embeddingOf, embeddingServer } from '../support/embedding-server.ts';

interface Asked {
  refused: [text: number, reason: string][];
  retries: { message: string; milliseconds: number }[];
  vectors: (number[] | undefined)[];
}

async function embed(
  url: string,
  texts: readonly string[],
  options: Partial<EmbedderOptions> & { env?: Record<string, string>; model?: string } = {},
): Promise<Asked> {
  const { env = {}, model, ...rest } = options;
  const [refused, retries]: [Asked['refused'], Asked['retries']] = [[], []];
  const embedder = new Embedder(endpointOf({ url, model }, env), {
    signal: new AbortController().signal,
    onRetry: (message, milliseconds) => retries.push({ message, milliseconds }),
    ...rest,
  });
  const vectors = await embedder.embed(texts, (text, reason) => refused.push([text, reason]));
  return { refused, retries, vectors: vectors.map((vector) => vector && [...vector]) };
}

const texts = (count: number) => Array.from({ length: count }, (_, i) => `text ${i}`);
const wanted = (all: readonly string[]) => all.map((text) => embeddingOf(text));

test('each text gets its vector, by several requests side by side, with model and key', async () => {
  const server = await embeddingServer({ delay: 30 });
  const all = ['a', 'b "quoted" \u2028 🙂', ...texts(500)];
  const { vectors } = await embed(server.url, all, { model: 'small', env: { PGV_EMBED_KEY: 'secret' } });
  expect(vectors).toEqual(wanted(all));
  expect(server.requests.length).toBe(Math.ceil(all.length / 64));
  expect(server.sideBySide).toBe(4);
  expect(server.requests[0]).toMatchObject({
    url: '/v1/embeddings',
    model: 'small',
    headers: { authorization: 'Bearer secret', 'content-type': 'application/json' },
  });
});

test('vectors come as base64 too, and a request is no longer than it should be', async () => {
  const server = await embeddingServer({ base64: true });
  const all = [...texts(3), 'x'.repeat(50_000), 'y'.repeat(20_000), 'z'.repeat(12_000), 'w'.repeat(2_000)];
  expect((await embed(server.url, all)).vectors).toEqual(wanted(all));
  const lengths = server.requests.map(({ input }) => input.map(({ length }) => length));
  expect(lengths).toEqual([[6, 6, 6], [50_000], [20_000, 12_000], [2_000]]);
});

test('an endpoint that is busy is asked again, when it says', async () => {
  const server = await embeddingServer({
    answer: (_, response, n) =>
      n === 1
        ? answerJson(response, 429, { error: { message: 'slow down' } }, { 'retry-after': '1' })
        : false,
  });
  const started = performance.now();
  const { vectors, retries } = await embed(server.url, texts(2));
  expect(vectors).toEqual(wanted(texts(2)));
  expect(performance.now() - started).toBeGreaterThan(990);
  expect(retries).toEqual([
    {
      message: `${server.url}/embeddings: the endpoint answers 429 Too Many Requests: slow down`,
      milliseconds: 1000,
    },
  ]);
});

test.each<[string, (response: ServerResponse) => unknown, RegExp]>([
  [
    '500',
    (response) => answerJson(response, 500, { error: 'no memory' }),
    /500 Internal Server Error: no memory/,
  ],
  ['503, as HTML', (response) => response.writeHead(503).end('<html>'), /answers 503 Service Unavailable$/],
  ['cut before the answer', (response) => response.socket!.destroy(), /the connection was cut/],
  [
    'cut within the answer',
    (response) => {
      response.writeHead(200, { 'content-length': 1000 });
      response.write('{"data": [', () => response.socket!.destroy());
    },
    /the connection was cut/,
  ],
])('%s passes', async (_, fail, message) => {
  const server = await embeddingServer({
    answer: (_, response, n) => {
      if (n === 1) fail(response);
      return n === 1;
    },
  });
  const { vectors, retries } = await embed(server.url, texts(2));
  expect(vectors).toEqual(wanted(texts(2)));
  expect(retries).toEqual([{ message: expect.stringMatching(message), milliseconds: expect.any(Number) }]);
});

test('an idle connection that is closed when it is used again is no trouble', async () => {
  const server = await embeddingServer({
    answer: (_, response, n) => {
      if (n === 2) response.socket!.destroy();
      return n === 2;
    },
  });
  await embed(server.url, ['a']);
  expect(await embed(server.url, ['b'])).toMatchObject({ retries: [], vectors: wanted(['b']) });
  expect(server.requests).toHaveLength(3);
});

test('a text that is refused costs itself alone, and one that is too many at once nothing', async () => {
  const server = await embeddingServer({
    answer: ({ input }, response) => {
      if (input.length > 10) return answerJson(response, 413, { message: 'batch size 64 > 10' });
      const tooLong = input.some((text) => text === 'text 77');
      return tooLong && answerJson(response, 400, { error: { message: 'too long' } });
    },
  });
  const all = texts(1000);
  const { vectors, refused } = await embed(server.url, all);
  expect(refused).toEqual([[77, '400 Bad Request: too long']]);
  expect(vectors).toEqual(wanted(all).map((vector, i) => (i === 77 ? undefined : vector)));
  // It was learnt how many may come: no more than that were asked for later.
  expect(server.requests.slice(40).filter(({ input }) => input.length > 10)).toEqual([]);
});

test('a text of which the endpoint fails again and again, while it is well, is refused', async () => {
  const server = await embeddingServer({
    answer: ({ input }, response) =>
      input.includes('text 1') && answerJson(response, 500, { error: { message: 'unsupported value: NaN' } }),
  });
  const { vectors, refused } = await embed(server.url, texts(2));
  expect(refused).toEqual([[1, '500 Internal Server Error: unsupported value: NaN']]);
  expect(vectors).toEqual([embeddingOf('text 0'), undefined]);
});

test('one that fails of any text is waited for', async () => {
  const server = await embeddingServer({
    answer: (_, response, n) => n < 4 && answerJson(response, 500, { error: 'no memory' }),
  });
  const { vectors, refused } = await embed(server.url, texts(2));
  expect({ vectors, refused }).toEqual({ vectors: wanted(texts(2)), refused: [] });
  expect(server.requests.map(({ input }) => input.length)).toEqual([2, 2, 1, 2]);
});

test.each<[string, number, unknown, RegExp, string]>([
  [
    'no key',
    401,
    { error: { message: 'Incorrect key: secret' } },
    /does not let pgv in.*401.*key: …$/,
    'UsageError',
  ],
  [
    'no such model',
    404,
    { error: 'model "x" not found' },
    /404 Not Found: model "x" not found/,
    'UsageError',
  ],
  [
    'no money',
    429,
    { error: { message: 'Quota', code: 'insufficient_quota' } },
    /429.*Quota/,
    'DatabaseError',
  ],
  ['elsewhere', 301, {}, /redirects/, 'UsageError'],
  ['a teapot', 418, { detail: [{ msg: 'short and stout' }] }, /418.*stout/, 'DatabaseError'],
  ['something else', 200, { vectors: [] }, /something else than a document of embeddings/, 'DatabaseError'],
  ['null', 200, null, /something else than a document/, 'DatabaseError'],
  ['too few', 200, { data: [{ embedding: [1] }] }, /1 embeddings for 2 texts/, 'DatabaseError'],
  [
    'twice',
    200,
    {
      data: [
        { index: 1, embedding: [1] },
        { index: 1, embedding: [1] },
      ],
    },
    /index 1 out of/,
    'DatabaseError',
  ],
  [
    'no index',
    200,
    { data: [{ index: 'map', embedding: [1] }, { embedding: [1] }] },
    /index map/,
    'DatabaseError',
  ],
  [
    'words',
    200,
    { data: [{ embedding: ['1'] }, { embedding: [1] }] },
    /no list of finite numbers/,
    'DatabaseError',
  ],
  ['nothing in it', 200, { data: [{ embedding: [] }, null] }, /no list of finite numbers/, 'DatabaseError'],
  [
    'too large',
    200,
    { data: [{ embedding: [1e39] }, { embedding: [1] }] },
    /no list of finite/,
    'DatabaseError',
  ],
  [
    'no base64',
    200,
    { data: [{ embedding: 'AAAA' }, { embedding: [1] }] },
    /no list of finite/,
    'DatabaseError',
  ],
  [
    'two lengths',
    200,
    { data: [{ embedding: [1] }, { embedding: [1, 2] }] },
    /of 1 and of 2 dimensions/,
    'DatabaseError',
  ],
])('an answer of %s ends it', async (_, status, document, message, name) => {
  const server = await embeddingServer({ answer: (_, response) => answerJson(response, status, document) });
  const asked = embed(server.url, texts(2), { env: { PGV_EMBED_KEY: 'secret' } });
  await expect(asked).rejects.toThrow(
    expect.objectContaining({ name, message: expect.stringMatching(message) }),
  );
  expect(server.requests).toHaveLength(1);
});

test('whatever comes instead of JSON ends cleanly', async () => {
  let body = Buffer.alloc(0);
  const server = await embeddingServer({
    answer: (_, response) => {
      response.writeHead(200).end(body);
      return true;
    },
  });
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.json(), fc.string(), fc.uint8Array().map(String)), async (garbage) => {
      body = Buffer.from(garbage);
      await expect(embed(server.url, ['a'])).rejects.toThrow(
        expect.objectContaining({ code: 'embed-answer' }),
      );
    }),
    { numRuns: 50 },
  );
});

test('patience ends: at once where nobody is there, later where somebody was', async () => {
  const nobody = 'http://127.0.0.1:1/v1';
  await expect(embed(nobody, ['a'])).rejects.toThrow(/cannot be reached: connect ECONNREFUSED/);
  await expect(embed(nobody, ['a'], { known: true, patience: 100 })).rejects.toThrow(
    expect.objectContaining({
      message: expect.stringMatching(/ECONNREFUSED/),
      hint: expect.stringMatching(/same command again/),
    }),
  );
  const mail = net
    .createServer((socket) => socket.end('220 mail.example.com ESMTP\r\n'))
    .listen(0, '127.0.0.1');
  await once(mail, 'listening');
  const other = `http://127.0.0.1:${(mail.address() as net.AddressInfo).port}`;
  await expect(embed(other, ['a'])).rejects.toThrow(/cannot be reached: Parse Error/);
  mail.close();
  const server = await embeddingServer({
    answer: (_, response) => answerJson(response, 429, {}, { 'retry-after': '3600' }),
  });
  await expect(embed(server.url, ['a'])).rejects.toThrow(
    expect.objectContaining({
      message: expect.stringMatching(/asks to be left alone for 3600 s$/),
      hint: 'run the same command again then',
    }),
  );
});

test('patience ends where an endpoint takes what is asked and never answers', async () => {
  const server = await embeddingServer({ answer: () => true });
  await expect(embed(server.url, ['a'], { patience: 800 })).rejects.toThrow(
    expect.objectContaining({
      message: expect.stringMatching(/no answer for 0.8 s$/),
      hint: 'tried for 1 s; run the same command again, later',
    }),
  );
  expect(server.requests.length).toBe(1);
});

test('a signal ends what waits for an answer, and what waits to ask again', async () => {
  for (const answer of [
    () => true,
    (_: unknown, response: ServerResponse) => answerJson(response, 503, {}, { 'retry-after': '60' }),
  ]) {
    const server = await embeddingServer({ answer });
    const stop = new AbortController();
    const asked = embed(server.url, texts(300), { signal: stop.signal });
    while (server.requests.length === 0) await sleep(10);
    stop.abort();
    await expect(asked).rejects.toThrow(expect.objectContaining({ name: 'InterruptedError' }));
  }
});

test('what one request ends, the others do not go on with', async () => {
  const server = await embeddingServer({
    delay: 20,
    answer: (_, response, n) => n === 5 && answerJson(response, 401, {}),
  });
  await expect(embed(server.url, texts(5000))).rejects.toThrow(/does not let pgv in/);
  // What was on its way still comes.
  await sleep(100);
  const asked = server.requests.length;
  await sleep(100);
  expect(server.requests.length).toBe(asked);
  expect(asked).toBeLessThan(20);
});
