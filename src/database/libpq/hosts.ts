import { join } from 'node:path';
import { UsageError } from '../../errors.ts';
import type { Parameters } from './keywords.ts';
import type { System } from './system.ts';

const DEFAULT_PORT = 5432;

/** Where servers put their socket: Debian's and Red Hat's place, then PostgreSQL's own. */
const SOCKET_DIRECTORIES = ['/var/run/postgresql', '/tmp'];

/** One place to look for the server. */
export interface ServerHost {
  /** A host's name or address, which its certificate must bear; or a socket's directory, which begins with /. */
  host: string;
  /** The numeric address to connect to instead of looking `host` up. */
  address: string | undefined;
  port: number;
  /** As the password file calls the host. */
  passwordHost: string;
}

/**
 * The hosts to try in order, from the lists `host`, `hostaddr` and `port`; without any, the local socket where
 * one is, else localhost. One port serves all hosts.
 */
export function hostsOf(parameters: Parameters, system: System): ServerHost[] {
  const names = list(parameters.get('host'));
  const addresses = list(parameters.get('hostaddr'));
  const ports = list(parameters.get('port'));
  const count = Math.max(addresses.length || names.length, 1);
  if (addresses.length > 0 && names.length > 0 && addresses.length !== names.length) {
    throw new UsageError(`hostaddr lists ${addresses.length} addresses for ${names.length} hosts`, {
      hint: 'give as many as there are hosts',
    });
  }
  if (ports.length > 1 && ports.length !== count) {
    throw new UsageError(`port lists ${ports.length} ports for ${count} hosts`, {
      hint: 'give one for all, or as many as there are hosts',
    });
  }
  return Array.from({ length: count }, (_, index) => {
    const port = portOf(ports.length === 1 ? ports[0] : ports[index]);
    return hostOf(names[index] || undefined, addresses[index] || undefined, port, system);
  });
}

function hostOf(
  name: string | undefined,
  address: string | undefined,
  port: number,
  system: System,
): ServerHost {
  const host = name ?? address ?? defaultHost(port, system);
  const isLocal = name === undefined && address === undefined;
  const passwordHost = isLocal || SOCKET_DIRECTORIES.includes(host) ? 'localhost' : host;
  return { host, address, port, passwordHost };
}

function defaultHost(port: number, system: System): string {
  if (system.platform === 'win32') return 'localhost';
  return SOCKET_DIRECTORIES.find((at) => system.exists(socketPath(at, port))) ?? 'localhost';
}

/** The socket file of a server that listens on `port` in this directory. */
export function socketPath(directory: string, port: number): string {
  return join(directory, `.s.PGSQL.${port}`);
}

/** True where `host` is a socket's directory. */
export function isSocketDirectory(host: string): boolean {
  return host.startsWith('/');
}

/** `db.example.com:5432`, `[::1]:5432`, `/tmp:5432`. */
export function describeHost({ host, port }: ServerHost): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function portOf(text: string | undefined): number {
  if (!text) return DEFAULT_PORT;
  const port = /^\s*\d{1,5}\s*$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65535) {
    throw new UsageError('port is not a number from 1 to 65535', {
      hint: 'in a URL, a : or @ or / inside a password is written %3A, %40, %2F',
    });
  }
  return port;
}

function list(text: string | undefined): string[] {
  return text ? text.split(',').map((one) => one.trim()) : [];
}
