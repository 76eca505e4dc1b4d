import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterwards } from './afterwards.ts';

export interface FileServer {
  /** Of the file: `http://127.0.0.1:1234/data.csv`. */
  url: string;
  /** What was asked for, in this order. */
  requests: { method: string; url: string; headers: http.IncomingHttpHeaders }[];
  /** Connections so far. */
  readonly connections: number;
  /** Changes what is served. */
  serve(change: Partial<Served>): void;
}

export interface Served {
  content: Uint8Array;
  ranges: boolean;
  etag: string | undefined;
  /** Sent with every answer. */
  headers: Record<string, string>;
  /** Cuts the connection once an answer has had so many bytes; answers that are shorter pass. */
  cutAfter: number | undefined;
  /** Takes over: returns true where it has answered. `n` counts requests from 1. */
  answer: (request: IncomingMessage, response: ServerResponse, n: number) => boolean;
}

/** Serves one file under any path, on a port of its own, until the test or its file ends. */
export async function fileServer(served: Partial<Served> & { content: Uint8Array }): Promise<FileServer> {
  const current: Served = {
    ranges: true,
    etag: '"1"',
    headers: {},
    cutAfter: undefined,
    answer: () => false,
    ...served,
  };
  const requests: FileServer['requests'] = [];
  let connections = 0;
  const server = http.createServer((request, response) => {
    const { method = '', url = '', headers } = request;
    requests.push({ method, url, headers });
    if (!current.answer(request, response, requests.length)) send(current, request, response);
  });
  server.on('connection', () => connections++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  afterwards(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/data.csv`,
    requests,
    get connections() {
      return connections;
    },
    serve: (change) => void Object.assign(current, change),
  };
}

function send(served: Served, request: IncomingMessage, response: ServerResponse): void {
  const { content, ranges, etag } = served;
  const headers = { ...(etag === undefined ? {} : { etag }), ...served.headers };
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  const ifRange = request.headers['if-range'];
  const whole = !ranges || range === null || (ifRange !== undefined && ifRange !== etag);
  if (whole) {
    write(response, 200, { ...headers, 'content-length': content.length }, content, served);
    return;
  }
  const start = Number(range[1]);
  if (start >= content.length) {
    response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end();
    return;
  }
  const end = range[2] === '' ? content.length : Math.min(content.length, Number(range[2]) + 1);
  const part = content.subarray(start, end);
  const contentRange = `bytes ${start}-${end - 1}/${content.length}`;
  write(
    response,
    206,
    { ...headers, 'content-length': part.length, 'content-range': contentRange },
    part,
    served,
  );
}

function write(
  response: ServerResponse,
  status: number,
  headers: http.OutgoingHttpHeaders,
  bytes: Uint8Array,
  { cutAfter = Number.POSITIVE_INFINITY }: Served,
): void {
  response.writeHead(status, headers);
  if (bytes.length <= cutAfter) response.end(bytes);
  else response.write(bytes.subarray(0, cutAfter), () => response.socket?.destroy());
}
