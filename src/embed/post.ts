import type { IncomingHttpHeaders, RequestOptions } from 'node:http';
import { DatabaseError } from '../errors.ts';
import { innermost } from '../sources/network-failure.ts';
import { PassingError } from '../sources/passing-error.ts';
import type { Endpoint } from './endpoint.ts';

export interface Answer {
  status: number;
  /** The status in words; empty for one that HTTP does not know. */
  meaning: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** Milliseconds without a byte of the answer. A model that is loaded first, or computes on a CPU, takes its time. */
export const longestIdle = 120_000;
/** Bytes; far more than the longest vectors of a request's texts. */
const longestAnswer = 2 ** 28;

/** The server has closed an idle connection just when it was used again, which is no trouble of its own. */
class IdleClosed extends Error {}

/**
 * POSTs a document of JSON. Not `fetch`: loading that takes 40 ms in each thread. Proxies are as Node has them.
 * @param idle milliseconds without a byte of the answer
 * @throws PassingError where the connection fails, or idles longer
 */
export async function post(
  endpoint: Endpoint,
  body: Uint8Array,
  idle: number,
  signal: AbortSignal,
): Promise<Answer> {
  for (;;) {
    try {
      return await postOnce(endpoint, body, idle, signal);
    } catch (error) {
      if (signal.aborted || error instanceof DatabaseError || error instanceof PassingError) throw error;
      if (!(error instanceof IdleClosed)) throw new PassingError(innermost(error).message, { cause: error });
    }
  }
}

async function postOnce(
  { url, name, authorization }: Endpoint,
  body: Uint8Array,
  idle: number,
  signal: AbortSignal,
): Promise<Answer> {
  // Loaded when it is needed: every lane could post, and few do.
  const { request: plain, STATUS_CODES } = await import('node:http');
  const { request: encrypted } = await import('node:https');
  const headers = {
    'user-agent': 'pgv',
    accept: 'application/json',
    'content-type': 'application/json',
    'content-length': body.length,
    ...(authorization !== undefined && { authorization }),
  };
  const options: RequestOptions = { method: 'POST', headers, signal };
  return new Promise((resolve, reject) => {
    const sent = (url.startsWith('https:') ? encrypted : plain)(url, options, (response) => {
      const chunks: Buffer[] = [];
      let length = 0;
      response.on('data', (chunk: Buffer) => {
        late.refresh();
        length += chunk.length;
        if (length <= longestAnswer) chunks.push(chunk);
        else fail(new DatabaseError(`${name} answers without an end`, { code: 'embed-answer' }));
      });
      response.on('error', fail);
      response.on('end', () => {
        clearTimeout(late);
        const { statusCode = 0, headers } = response;
        const meaning = STATUS_CODES[statusCode] ?? '';
        resolve({ status: statusCode, meaning, headers, body: Buffer.concat(chunks).toString() });
      });
    });
    const fail = (error: NodeJS.ErrnoException) => {
      clearTimeout(late);
      reject(sent.reusedSocket && error.code === 'ECONNRESET' ? new IdleClosed() : error);
      sent.destroy();
    };
    const late = setTimeout(() => fail(new PassingError(`no answer for ${idle / 1000} s`)), idle);
    sent.on('error', fail);
    sent.end(body);
  });
}
