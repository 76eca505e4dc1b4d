import { proxyBefore } from '../support/proxy.ts';

/** A proxy before a server, which cuts connections when they are about to commit. */
export interface CuttingProxy {
  /** The server's URL by way of the proxy. */
  url: string;
  /** Connections that were cut. */
  cuts: () => number;
}

/** Not the isolation level READ COMMITTED. */
const commits = /COMMIT(?!TED)/;

/**
 * @param choose asked for each COMMIT: `after` lets it through and then hears no answer, `before` keeps it back,
 *   `stall` lets nothing through any more but leaves the connection open
 */
export async function cuttingProxy(
  serverUrl: string,
  choose: () => 'pass' | 'before' | 'after' | 'stall',
): Promise<CuttingProxy> {
  let cuts = 0;
  const url = await proxyBefore(serverUrl, (client, server) => {
    let deaf = false;
    client.on('data', (chunk) => {
      if (deaf) return;
      const what = commits.test(chunk.toString('latin1')) ? choose() : 'pass';
      if (what !== 'pass') {
        cuts++;
        deaf = true;
      }
      if (what === 'pass' || what === 'after') server.write(chunk);
      if (what === 'before') server.destroy();
      // The server has the COMMIT, and is given the time to do it.
      if (what === 'before' || what === 'after') setTimeout(() => client.destroy(), 20);
    });
    server.on('data', (chunk) => {
      if (!deaf) client.write(chunk);
    });
    server.on('close', () => !deaf && client.destroy());
    client.on('close', () => server.destroy());
  });
  return { url, cuts: () => cuts };
}
