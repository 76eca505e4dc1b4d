import { expect, test } from 'vitest';
import { endpointOf } from '../../src/embed/endpoint.ts';

test.each([
  ['http://localhost:11434/v1', 'http://localhost:11434/v1/embeddings'],
  ['http://localhost:11434/v1/', 'http://localhost:11434/v1/embeddings'],
  ['http://host', 'http://host/embeddings'],
  ['https://host/v1/embeddings', 'https://host/v1/embeddings'],
  ['https://host/d/embeddings?api-version=1', 'https://host/d/embeddings?api-version=1'],
  ['https://host/v1?api-version=1', 'https://host/v1/embeddings?api-version=1'],
])('%s is asked at %s', (url, asked) => {
  expect(endpointOf({ url }, {})).toMatchObject({ url: asked, model: undefined, authorization: undefined });
});

test('flags come before the environment', () => {
  const env = { PGV_EMBED_URL: 'http://env/v1', PGV_EMBED_MODEL: 'env' };
  expect(endpointOf({}, env)).toMatchObject({ url: 'http://env/v1/embeddings', model: 'env' });
  const flags = { url: 'http://flag', model: 'flag' };
  expect(endpointOf(flags, env)).toMatchObject({ url: 'http://flag/embeddings', model: 'flag' });
});

test('a key goes where it belongs, and is in no name', () => {
  const authorization = (url: string, env: Record<string, string>) =>
    endpointOf({ url }, env).authorization ?? null;
  const [openai, own] = [{ OPENAI_API_KEY: 'theirs' }, { PGV_EMBED_KEY: 'mine\n', OPENAI_API_KEY: 'theirs' }];
  expect(authorization('https://api.openai.com/v1', openai)).toBe('Bearer theirs');
  expect(authorization('https://api.openai.com/v1', own)).toBe('Bearer mine');
  expect(authorization('http://localhost/v1', own)).toBe('Bearer mine');
  for (const url of ['http://localhost/v1', 'http://api.openai.com/v1', 'https://api.openai.com.evil/v1']) {
    expect(authorization(url, openai)).toBeNull();
  }
  const withPassword = endpointOf({ url: 'http://me:s%20t@host/v1?sig=abc' }, {});
  expect(withPassword).toEqual({
    url: 'http://host/v1/embeddings?sig=abc',
    name: 'http://host/v1/embeddings',
    model: undefined,
    authorization: `Basic ${Buffer.from('me:s t').toString('base64')}`,
  });
});

test.each<[string, object, Record<string, string>, RegExp]>([
  ['nothing', {}, {}, /nothing says which endpoint embeds texts/],
  ['an empty address', {}, { PGV_EMBED_URL: '' }, /PGV_EMBED_URL is set but empty/],
  ['an empty key', { url: 'http://h' }, { PGV_EMBED_KEY: ' ' }, /PGV_EMBED_KEY is set but empty/],
  ['an empty model', { url: 'http://h' }, { PGV_EMBED_MODEL: '' }, /PGV_EMBED_MODEL is set but empty/],
  ['an empty flag', { url: 'http://h', model: '' }, {}, /--embed-model is empty/],
  ['no URL', { url: 'localhost:11434' }, {}, /^localhost:11434 is no URL of an endpoint that embeds$/],
  ['another scheme', { url: 'ftp://me:pw@h/x' }, {}, /^ftp:\/\/h\/x is no URL/],
  ['a stray %', { url: 'http://us%er:pw@h/v1' }, {}, /^the user or password in the URL .* begins no escape$/],
  ['a key of two words', { url: 'http://h' }, { PGV_EMBED_KEY: 'a b' }, /^PGV_EMBED_KEY is no key/],
])('%s is refused', (_, flags, env, message) => {
  expect(() => endpointOf(flags, env)).toThrow(
    expect.objectContaining({ message: expect.stringMatching(message), name: 'UsageError' }),
  );
});
