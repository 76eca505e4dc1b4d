import type { Socket } from 'node:net';
import { Client, type ClientConfig, type Connection, type CustomTypesConfig } from 'pg';
import { DatabaseError } from '../errors.ts';
import { isSocketDirectory, type ServerHost } from './libpq/hosts.ts';
import type { ServerSettings } from './libpq/settings.ts';
import { obtainPassword } from './password.ts';
import { TakingSocket } from './taking-socket.ts';
import { type Encryption, tlsOptions } from './tls.ts';
import { parserOf } from './values.ts';

/** One place and one way to connect: a host of the settings, one of its addresses, encrypted or not. */
export interface Route {
  host: ServerHost;
  /** The host's place among the settings' hosts, which tells its password. */
  hostIndex: number;
  /** A numeric address, or a socket's directory. */
  address: string;
  encryption: Encryption;
}

/** What pg has on its connection and its types leave out. */
export interface WireConnection extends Connection {
  stream: Socket;
  cancel(processId: number, secretKey: number): void;
  requestSsl(): void;
  /** What TLS is spoken with; false: it is not. */
  ssl: unknown;
  /** Has what comes read as messages. */
  attachListeners(stream: Socket): void;
  connect(port: number | string, host?: string): void;
}

/** pg's client, with the parts that its types leave out and that node-postgres's own tools use. */
export interface WireClient extends Client {
  readonly connection: WireConnection;
  readonly processID: number;
  readonly secretKey: number;
  /** Whether queries are sent without waiting for the answers to those before. */
  pipeline: boolean;
  enableChannelBinding: boolean;
}

/** What pg sends to open a session: nothing from the environment, which it would otherwise read by itself. */
class ServerClient extends Client {
  readonly #startup: Record<string, string>;

  constructor(config: ClientConfig, startup: Record<string, string>) {
    super(config);
    this.#startup = startup;
  }

  /** Called by pg when the connection is up; it adds client_encoding UTF8. */
  getStartupConf(): Record<string, string> {
    return this.#startup;
  }
}

/** The configuration of pg for this route, complete: pg falls back to variables for whatever is left out. */
export function wireConfig(settings: ServerSettings, route: Route): ClientConfig {
  const { keepaliveIdleSeconds } = settings;
  return {
    stream: () => new TakingSocket(),
    host: route.address,
    port: route.host.port,
    user: settings.user,
    database: settings.database,
    ssl: route.encryption === 'tls' ? tlsOptions(settings.tls, route.host.host) : false,
    sslnegotiation: route.encryption === 'tls' ? settings.tls.negotiation : 'postgres',
    enableChannelBinding: route.encryption === 'tls' && settings.channelBinding !== 'disable',
    connectionTimeoutMillis: settings.connectTimeout * 1000,
    keepAlive: keepaliveIdleSeconds !== undefined,
    keepAliveInitialDelayMillis: (keepaliveIdleSeconds ?? 0) * 1000,
    // Results come as text; pg's own type knows only the OIDs and formats of its list.
    types: { getTypeParser: parserOf as CustomTypesConfig['getTypeParser'] },
  };
}

/**
 * Opens a session over one route; `orPlain`: in the clear where the server has no TLS.
 * @throws whatever pg, Node or the server gives: the caller decides what to try next
 */
export async function openRoute(
  settings: ServerSettings,
  route: Route,
  orPlain: boolean,
): Promise<WireClient> {
  const requiresBinding = settings.channelBinding === 'require';
  let mechanisms: readonly string[] = [];
  const password = () => {
    if (requiresBinding && !mechanisms.includes('SCRAM-SHA-256-PLUS')) throw withoutChannelBinding();
    return obtainPassword(settings.password, route.hostIndex);
  };
  const config = { ...wireConfig(settings, route), password };
  const client = new ServerClient(config, startupOf(settings)) as Client as WireClient;
  if (orPlain && settings.tls.negotiation !== 'direct') goOnInTheClear(client);
  // Before pg's own listener, which asks for the password.
  client.connection.on('authenticationSASL', (message: { mechanisms: string[] }) => {
    mechanisms = message.mechanisms;
  });
  client.on('error', () => {}); // without a listener, a lost connection would end the process
  try {
    await client.connect();
    if (requiresBinding && !mechanisms.includes('SCRAM-SHA-256-PLUS')) throw withoutChannelBinding();
    return client;
  } catch (error) {
    client.connection.stream.destroy();
    throw error;
  }
}

/** Where the server answers that it has no TLS, the same connection serves; pg itself would give it up. */
function goOnInTheClear(client: WireClient): void {
  const { connection } = client;
  const connect = connection.connect.bind(connection);
  connection.connect = (...where) => {
    connect(...where);
    const { stream } = connection;
    const [read] = stream.listeners('data') as ((answer: Buffer) => void)[];
    stream.removeAllListeners('data');
    stream.once('data', (answer: Buffer) => {
      if (answer.toString('latin1') !== 'N') return read!(answer);
      connection.ssl = false;
      client.enableChannelBinding = false;
      connection.attachListeners(stream);
      connection.emit('sslconnect');
    });
  };
}

function startupOf(settings: ServerSettings): Record<string, string> {
  const { user, database, options, applicationName } = settings;
  // A pooler may refuse any other parameter, so the rest is set once the session is there.
  return { user, database, application_name: applicationName, ...(options !== '' && { options }) };
}

function withoutChannelBinding(): DatabaseError {
  return new DatabaseError('channel_binding=require is set, and the server authenticates without it', {
    code: 'authentication',
    hint: 'connect with TLS to a server that uses scram-sha-256, or set channel_binding=prefer',
  });
}

/** The path or the address and port, as pg's connection takes them. */
export function connectArguments(route: Route): [number | string, string?] {
  return isSocketDirectory(route.address)
    ? [`${route.address}/.s.PGSQL.${route.host.port}`]
    : [route.host.port, route.address];
}
