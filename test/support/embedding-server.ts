import { createHash } from 'node:crypto';
import http, { type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterwards } from './afterwards.ts';

export interface EmbeddingServer {
  /** What --embed-url takes: `http://127.0.0.1:1234/v1`. */
  url: string;
  /** What was asked for, in this order. */
  requests: EmbeddingRequest[];
  /** All texts that have been embedded, in the order of the answers. */
  readonly texts: string[];
  /** How many requests were under way at a time, at the most. */
  readonly sideBySide: number;
  /** Changes how it answers. */
  behave(change: Partial<Behaviour>): void;
}

interface EmbeddingRequest {
  url: string;
  headers: IncomingHttpHeaders;
  input: string[];
  model: string | undefined;
}

interface Behaviour {
  dimensions: number;
  /** Milliseconds. */
  delay: number;
  base64: boolean;
  /** Takes over: returns true where it has answered. `n` counts requests from 1. */
  answer: (request: EmbeddingRequest, response: ServerResponse, n: number) => boolean;
}

/** An endpoint that embeds as OpenAI's does, on a port of its own, until the test or its file ends. */
export async function embeddingServer(given: Partial<Behaviour> = {}): Promise<EmbeddingServer> {
  const current: Behaviour = { dimensions: 3, delay: 0, base64: false, answer: () => false, ...given };
  const requests: EmbeddingRequest[] = [];
  const texts: string[] = [];
  let [now, most] = [0, 0];
  const server = http.createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { input, model }: Pick<EmbeddingRequest, 'input' | 'model'> = JSON.parse(
      Buffer.concat(chunks).toString(),
    );
    const asked = { url: request.url ?? '', headers: request.headers, input, model };
    requests.push(asked);
    if (current.answer(asked, response, requests.length)) return;
    most = Math.max(most, ++now);
    if (current.delay > 0) await new Promise((resolve) => setTimeout(resolve, current.delay));
    now--;
    texts.push(...input);
    answerVectors(
      response,
      asked.input.map((text) => embeddingOf(text, current.dimensions)),
      current.base64,
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  afterwards(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    texts,
    get sideBySide() {
      return most;
    },
    behave: (change) => void Object.assign(current, change),
  };
}

/** A vector that the text alone decides, of values that float32 holds and every format prints alike. */
export function embeddingOf(text: string, dimensions = 3): number[] {
  const digest = createHash('sha256').update(text).digest();
  return Array.from({ length: dimensions }, (_, i) => (digest[i % 32]! - 128) / 64);
}

/** A good answer, its embeddings not in the order of the texts. */
function answerVectors(response: ServerResponse, vectors: number[][], base64: boolean): void {
  const shown = (vector: number[]) =>
    base64 ? Buffer.from(Float32Array.from(vector).buffer).toString('base64') : vector;
  const data = vectors.map((vector, index) => ({ object: 'embedding', index, embedding: shown(vector) }));
  answerJson(response, 200, { object: 'list', data: data.reverse(), usage: { total_tokens: 1 } });
}

export function answerJson(
  response: ServerResponse,
  status: number,
  document: unknown,
  headers: Record<string, string> = {},
): true {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(document));
  return true;
}
