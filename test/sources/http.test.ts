import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { fingerprint } from '../../src/fingerprint.ts';
import type { Source } from '../../src/source.ts';
import { openHttp } from '../../src/sources/http.ts';
import { type FileServer, fileServer } from '../support/file-server.ts';

const content = randomBytes(3_000_000);
const quick = { idle: 300, firstPause: 1 };

function open(
  { url }: Pick<FileServer, 'url'>,
  { query = '', signal = new AbortController().signal, notes = [] as string[] } = {},
): Promise<Source> {
  return openHttp(new URL(url + query), { note: (line) => notes.push(line), signal, patience: quick });
}

async function readAll(source: Source): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (;;) {
    const part = Buffer.alloc(123_457);
    const length = await source.read(part);
    parts.push(part.subarray(0, length));
    if (length < part.length) return Buffer.concat(parts);
  }
}

test('a file is one GET, with the facts of its answer', async () => {
  const server = await fileServer({ content });
  const source = await open(server, { query: '?X-Amz-Signature=secret' });
  expect(source).toMatchObject({ name: server.url, byteLength: content.length, modified: '"1"' });
  expect((await readAll(source)).equals(content)).toBe(true);
  expect(server.requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
    'GET /data.csv?X-Amz-Signature=secret',
  ]);
  expect(server.requests[0]?.headers['accept-encoding']).toBe('identity');
  await source.close();
});

test('a connection that is cut is made again where it broke', async () => {
  const server = await fileServer({ content, cutAfter: 700_000 });
  const notes: string[] = [];
  const source = await open(server, { notes });
  expect((await readAll(source)).equals(content)).toBe(true);
  expect(server.requests.length).toBeGreaterThan(4);
  expect(server.requests[1]?.headers).toMatchObject({ 'if-range': '"1"' });
  expect(notes[0]).toMatch(/^http:\/\/127[^?]*data\.csv: the connection was cut; trying again in 0\.0 s$/);
});

test('a server that stalls in the middle is asked again', async () => {
  const server = await fileServer({
    content,
    answer: (_, response, n) => {
      if (n > 1) return false;
      response.writeHead(206, {
        etag: '"1"',
        'content-range': `bytes 0-${content.length - 1}/${content.length}`,
      });
      response.write(content.subarray(0, 1000));
      return true;
    },
  });
  expect((await readAll(await open(server))).equals(content)).toBe(true);
});

test.each([
  ['its ETag', { etag: '"2"' }],
  ['its length', { content: content.subarray(1), etag: '"1"' }],
  ['its time', { etag: undefined, headers: { 'last-modified': 'Sun, 01 Nov 2026 00:00:00 GMT' } }],
  ['all but some bytes', { content: content.subarray(0, 10) }],
])('a file that changes between two requests is refused, by %s', async (_, change) => {
  const first = 'etag' in change && change.etag === undefined;
  const server = await fileServer({
    content,
    cutAfter: 700_000,
    ...(first ? { etag: undefined, headers: { 'last-modified': 'Sat, 31 Oct 2026 00:00:00 GMT' } } : {}),
  });
  const source = await open(server);
  await source.read(Buffer.alloc(1));
  server.serve(change);
  await expect(readAll(source)).rejects.toMatchObject({ name: 'DataError', code: 'file-changed' });
});

test('without ranges it is a stream, which cannot go on where it was cut', async () => {
  const server = await fileServer({ content, ranges: false });
  const source = await open(server);
  expect(source.readAt).toBeUndefined();
  expect(source.byteLength).toBe(content.length);
  expect((await readAll(source)).equals(content)).toBe(true);
  server.serve({ cutAfter: 1_000_000 });
  await expect(readAll(await open(server))).rejects.toMatchObject({
    name: 'DatabaseError',
    message: expect.stringMatching(
      /the connection was cut after \d+ bytes, and this server cannot go on from there/,
    ),
  });
});

test('parts from anywhere: small ones by blocks, large ones that follow each other by one request', async () => {
  const server = await fileServer({ content });
  const source = await open(server);
  const part = async (start: number, length: number) => {
    const bytes = Buffer.alloc(length);
    return bytes.subarray(0, await source.readAt!(bytes, start));
  };
  for (const start of [10, 65_530, 0, 65_536 * 2 - 1]) {
    expect((await part(start, 100)).equals(content.subarray(start, start + 100))).toBe(true);
  }
  expect(server.requests.length).toBe(1 + 3);
  for (let start = 500_000; start < content.length; start += 400_000) {
    expect((await part(start, 400_000)).equals(content.subarray(start, start + 400_000))).toBe(true);
  }
  expect(server.requests.length).toBe(4 + 2);
  expect((await part(content.length - 5, 100)).length).toBe(5);
  expect((await part(content.length + 5, 100)).length).toBe(0);
  const together = await Promise.all(
    [1_000_000, 200_000, 300_000, 2_000_000].map((start) => part(start, 100_000)),
  );
  expect(
    together.every((bytes, i) =>
      bytes.equals(content.subarray([10, 2, 3, 20][i]! * 100_000).subarray(0, 100_000)),
    ),
  ).toBe(true);
  // Where it stands does not depend on that.
  expect((await readAll(source)).equals(content)).toBe(true);
  await source.close();
});

test('requests for parts share a connection', async () => {
  const server = await fileServer({ content });
  const source = await open(server);
  for (let i = 0; i < 20; i++) await source.readAt!(Buffer.alloc(70_000), i * 100_000);
  expect(server.connections).toBe(2);
  await source.close();
});

test('the fingerprint is that of the file', async () => {
  const server = await fileServer({ content });
  const source = await open(server);
  const print = await fingerprint(source);
  expect(print).toMatchObject({ byteLength: content.length, modified: '"1"' });
  const readAt = async (target: Uint8Array, at: number) => content.copy(target, 0, at);
  expect(await fingerprint({ ...source, readAt })).toEqual(print);
  await source.close();
});

test('an empty file, of which there is no range', async () => {
  const source = await open(await fileServer({ content: Buffer.alloc(0) }));
  expect(source.byteLength).toBe(0);
  expect(await source.read(Buffer.alloc(5))).toBe(0);
});

test.each([
  [404, 'UsageError', /data\.csv: no such file \(the server answers 404 Not Found\)$/],
  [403, 'UsageError', /data\.csv may not be read: the server answers 403 Forbidden$/],
  [400, 'UsageError', /data\.csv cannot be read: the server answers 400 Bad Request$/],
  [503, 'DatabaseError', /data\.csv cannot be read: the server answers 503 Service Unavailable, 8 times$/],
])('status %i', async (status, name, message) => {
  const server = await fileServer({
    content,
    answer: (_, response) => !!response.writeHead(status).end('no'),
  });
  const opening = open(server, { query: '?token=secret' });
  await expect(opening).rejects.toMatchObject({ name, message: expect.stringMatching(message) });
  expect(server.requests.length).toBe(status === 503 ? 8 : 1);
});

test('a server that is busy for a while is waited for', async () => {
  const server = await fileServer({
    content,
    answer: (_, response, n) =>
      n < 4 && !!response.writeHead(n === 1 ? 429 : 502, { 'retry-after': '0' }).end(),
  });
  expect((await readAll(await open(server))).equals(content)).toBe(true);
});

test('redirects are followed, and begun anew where their end is refused later', async () => {
  const used = new Set<string | undefined>();
  const target = await fileServer({
    content,
    cutAfter: 1_000_000,
    // Each address serves one request.
    answer: ({ url }, response) => used.size === used.add(url).size && !!response.writeHead(403).end(),
  });
  let signature = 0;
  const server = await fileServer({
    content,
    answer: (_, response) =>
      !!response.writeHead(302, { location: `${target.url}?signature=${++signature}` }).end(),
  });
  expect((await readAll(await open(server))).equals(content)).toBe(true);
  expect(server.requests.length).toBe(signature);
});

test('user and password go to their own server alone', async () => {
  const target = await fileServer({ content });
  const server = await fileServer({
    content,
    answer: (_, response) => !!response.writeHead(302, { location: target.url }).end(),
  });
  const source = await open({ url: server.url.replace('//', '//me:pass%21@') });
  expect(source.name).toBe(server.url);
  expect(server.requests[0]?.headers.authorization).toBe(`Basic ${btoa('me:pass!')}`);
  expect(target.requests[0]?.headers.authorization).toBeUndefined();
  await source.close();
});

test('redirects without end, and to what is no URL of http', async () => {
  for (const location of ['/again', 'ftp://example.com/x', 'file:///etc/passwd']) {
    const server = await fileServer({
      content,
      answer: (_, response) => !!response.writeHead(301, { location }).end(),
    });
    await expect(open(server)).rejects.toMatchObject({ name: 'UsageError', code: 'bad-url' });
  }
});

test('a server that is not there', async () => {
  await expect(open({ url: 'http://user:secret@127.0.0.1:1/x?token=secret' })).rejects.toMatchObject({
    name: 'DatabaseError',
    message: expect.stringMatching(/^http:\/\/127\.0\.0\.1:1\/x cannot be reached: connect ECONNREFUSED/),
  });
});

test('what is sent encoded, though it was asked not to be', async () => {
  const opening = open(await fileServer({ content, headers: { 'content-encoding': 'br' } }));
  await expect(opening).rejects.toMatchObject({ message: expect.stringContaining('encoded with br') });
  // The compressed bytes themselves, which are known by their beginning later.
  const source = await open(await fileServer({ content, headers: { 'content-encoding': 'gzip' } }));
  expect((await readAll(source)).equals(content)).toBe(true);
});

test('the signal ends what waits for a silent server', async () => {
  const server = await fileServer({ content, answer: () => true });
  const controller = new AbortController();
  const opening = openHttp(new URL(server.url), { note: () => {}, signal: controller.signal });
  setTimeout(() => controller.abort(new Error('ended')), 50);
  await expect(opening).rejects.toMatchObject({ name: 'InterruptedError' });
});
