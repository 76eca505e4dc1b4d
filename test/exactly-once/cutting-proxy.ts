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
 * @param choose asked for each COMMIT, with what is sent with it: `after` lets it through and then hears no answer, `before` keeps it back,
 *   `stall` lets nothing through any more but leaves the connection to the server open, `deaf` lets the COMMIT through before that
 */
export async function cuttingProxy(
  serverUrl: string,
  choose: (sent: string) => 'pass' | 'before' | 'after' | 'stall' | 'deaf',
): Promise<CuttingProxy> {
  let cuts = 0;
  const url = await proxyBefore(serverUrl, (client, server) => {
    let deaf = false;
    let open = false;
    client.on('data', (chunk) => {
      if (deaf) return;
      const sent = chunk.toString('latin1');
      const what = commits.test(sent) ? choose(sent) : 'pass';
      if (what !== 'pass') {
        cuts++;
        deaf = true;
        open = what === 'stall' || what === 'deaf';
      }
      if (what !== 'before' && what !== 'stall') server.write(chunk);
      if (what === 'before') server.destroy();
      // The server has the COMMIT, and is given the time to do it.
      if (what === 'before' || what === 'after') setTimeout(() => client.destroy(), 20);
    });
    server.on('data', (chunk) => {
      if (!deaf) client.write(chunk);
    });
    server.on('close', () => !deaf && client.destroy());
    client.on('close', () => !open && server.destroy());
  });
  return { url, cuts: () => cuts };
}
