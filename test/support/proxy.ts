import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterwards } from './afterwards.ts';

/**
 * A proxy before a server, until the test has finished.
 * @param join told of each client and its connection to the server: what comes from one is to go to the other
 * @returns the server's URL by way of the proxy
 */
export async function proxyBefore(
  serverUrl: string,
  join: (client: Socket, server: Socket) => void,
): Promise<string> {
  const target = new URL(serverUrl);
  const open = new Set<Socket>();
  const proxy = createServer((client) => {
    const server = connect(Number(target.port || 5432), target.hostname);
    for (const socket of [client, server]) {
      open.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => open.delete(socket));
    }
    join(client, server);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  afterwards(async () => {
    for (const socket of open) socket.destroy();
    proxy.close();
  });
  const url = new URL(serverUrl);
  url.hostname = '127.0.0.1';
  url.port = String((proxy.address() as { port: number }).port);
  return url.href;
}

/** A proxy before a server, which loses connections without a word: they stay open, and nothing comes through any more. */
export interface SilencingProxy {
  /** The server's URL by way of the proxy. */
  url: string;
  /** Connections that were lost. */
  lost: () => number;
}

/** @param after bytes that the server has sent over a connection that is lost; so many are, `times` */
export async function silencingProxy(
  serverUrl: string,
  { after, times }: { after: number; times: number },
): Promise<SilencingProxy> {
  let lost = 0;
  const url = await proxyBefore(serverUrl, (client, server) => {
    let sent = 0;
    let isLost = false;
    client.on('data', (chunk) => {
      if (!isLost) server.write(chunk);
    });
    server.on('data', (chunk) => {
      sent += chunk.length;
      if (sent > after && lost < times) {
        lost++;
        isLost = true;
        server.pause();
      } else client.write(chunk);
    });
    // Whoever closes a connection that is lost is not heard on the other side.
    client.on('close', () => !isLost && server.destroy());
    server.on('close', () => !isLost && client.destroy());
  });
  return { url, lost: () => lost };
}
