import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { UsageError } from '../errors.ts';
import { PassingError } from './passing-error.ts';
import { parseUrl, withoutSecrets } from './url.ts';

const mostRedirects = 10;
const redirects = new Set([301, 302, 303, 307, 308]);

/** An answer whose body has not been read, and the URL that gave it, behind all redirects. */
export interface Answer {
  response: IncomingMessage;
  url: URL;
}

/**
 * A GET, which is what a presigned URL is signed for. Not `fetch`, which would decompress what is sent as
 * Content-Encoding, while ranges count the bytes before that. Proxies are as Node has them: NODE_USE_ENV_PROXY=1 makes
 * it heed HTTPS_PROXY and its neighbours, from 22.21 and 24.5 on.
 * @param idle milliseconds without an answer, after which the connection counts as lost
 */
export async function get(
  url: URL,
  headers: Record<string, string>,
  signal: AbortSignal,
  idle: number,
): Promise<Answer> {
  let current = url;
  for (let redirected = 0; redirected <= mostRedirects; redirected++) {
    const response = await getOnce(current, headers, signal, idle);
    const { location } = response.headers;
    if (!redirects.has(response.statusCode!) || location === undefined) return { response, url: current };
    response.destroy();
    current = redirectedTo(location, current);
  }
  throw new UsageError(`${withoutSecrets(url.href)} redirects without end`, { code: 'bad-url' });
}

/** What is signed in with stays signed in, but only there. */
function redirectedTo(location: string, from: URL): URL {
  const url = parseUrl(URL.canParse(location, from.href) ? new URL(location, from).href : location);
  if (url.host === from.host && url.protocol === from.protocol && url.username === '') {
    url.username = from.username;
    url.password = from.password;
  }
  return url;
}

function getOnce(
  url: URL,
  headers: Record<string, string>,
  signal: AbortSignal,
  idle: number,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { request } = url.protocol === 'https:' ? https : http;
    const sent = request(url, { headers: { 'user-agent': 'pgv', accept: '*/*', ...headers }, signal });
    const late = setTimeout(() => sent.destroy(new PassingError(`no answer for ${idle / 1000} s`)), idle);
    sent.once('response', (response) => {
      clearTimeout(late);
      resolve(response);
    });
    sent.once('error', (error) => {
      clearTimeout(late);
      reject(error);
    });
    // An error behind the answer is the answer's own, which whoever reads it is told.
    sent.on('error', () => {});
    sent.end();
  });
}

/** @param idle milliseconds without a byte, after which the connection counts as lost */
export async function* body(response: IncomingMessage, idle: number): AsyncGenerator<Uint8Array> {
  const chunks: AsyncIterator<Uint8Array> = response[Symbol.asyncIterator]();
  try {
    for (;;) {
      // Only while it is waited for: a load that is busy elsewhere leaves the connection idle itself.
      const late = setTimeout(() => response.destroy(new PassingError(`no data for ${idle / 1000} s`)), idle);
      const { done, value } = await chunks.next().finally(() => clearTimeout(late));
      if (done) return;
      yield value;
    }
  } finally {
    response.destroy();
  }
}
