import { Connection } from 'pg';
import type { ServerSettings } from './libpq/settings.ts';
import {
  connectArguments,
  type Route,
  type WireClient,
  type WireConnection,
  wireConfig,
} from './server-connection.ts';

/** A server that does not take the request in this time is not asked again: the closed socket has to do. */
const CANCEL_TIMEOUT_MS = 3_000;

/**
 * Asks the server, on a connection of its own, to end what the session is running; encrypted as the session is.
 * Returns when the server has taken the request, or could not be reached: there is nothing more to do then.
 * https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-CANCELING-REQUESTS
 */
export function sendCancelRequest(settings: ServerSettings, route: Route, client: WireClient): Promise<void> {
  const { ssl, sslnegotiation } = wireConfig(settings, route);
  const connection = new Connection({ ssl, sslnegotiation }) as WireConnection;
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      connection.stream.destroy();
      resolve();
    };
    const timer = setTimeout(end, CANCEL_TIMEOUT_MS);
    const request = () => connection.cancel(client.processID, client.secretKey);
    connection.on('error', end);
    connection.on('end', end); // the server closes once it has signalled the backend
    connection.on('connect', () => {
      if (!ssl) request();
      else if (sslnegotiation !== 'direct') connection.requestSsl();
    });
    connection.on('sslconnect', request);
    connection.connect(...connectArguments(route));
  });
}
