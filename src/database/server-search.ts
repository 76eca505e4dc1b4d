import { isIP } from 'node:net';
import { DatabaseError, PgvError } from '../errors.ts';
import { describeHost, isSocketDirectory, type ServerHost, socketPath } from './libpq/hosts.ts';
import type { ServerSettings } from './libpq/settings.ts';
import { passwordSource } from './password.ts';
import { openRoute, type Route, type WireClient } from './server-connection.ts';
import { isServerError } from './server-error.ts';
import { hasWantedRole } from './server-role.ts';
import { toPgvError } from './sqlstate.ts';
import { type Encryption, encryptionsToTry } from './tls.ts';

/** A session, and the way it was opened, which another session takes at once. */
export interface OpenServer {
  client: WireClient;
  route: Route;
}

/**
 * Opens a session as libpq does: the hosts in order, each of a host's addresses in order, and for each TLS or the
 * clear as sslmode allows; a server that answers and refuses ends the search, unless it is only starting up.
 * @throws DatabaseError of the one host, or one that tells what each of several hosts said
 */
export async function openServer(settings: ServerSettings): Promise<OpenServer> {
  // prefer-standby: any server will do where no standby answers
  const wishes =
    settings.targetSessionAttributes === 'prefer-standby'
      ? (['standby', 'any'] as const)
      : [settings.targetSessionAttributes];
  const failures: PgvError[] = [];
  for (const wish of wishes) {
    failures.length = 0;
    for (const [hostIndex, host] of settings.hosts.entries()) {
      const opened = await openHost({ ...settings, targetSessionAttributes: wish }, host, hostIndex);
      if (!(opened instanceof PgvError)) return opened;
      failures.push(opened);
    }
  }
  throw summary(settings, failures);
}

/** @returns the error where the next host should be tried; it throws where the search is over */
async function openHost(
  settings: ServerSettings,
  host: ServerHost,
  hostIndex: number,
): Promise<OpenServer | PgvError> {
  let failure: PgvError | undefined;
  const addresses = await addressesOf(host).catch((error) => {
    failure = toPgvError(error, { address: describeHost(host) });
    return [];
  });
  for (const address of addresses) {
    const opened = await openAddress(settings, { host, hostIndex, address });
    if (!(opened instanceof PgvError)) return opened;
    failure = opened;
  }
  return failure ?? new DatabaseError(`${describeHost(host)} has no address`);
}

async function openAddress(
  settings: ServerSettings,
  place: Omit<Route, 'encryption'>,
): Promise<OpenServer | PgvError> {
  const encryptions = encryptionsToTry(settings.tls, place.host.host);
  let failure: unknown;
  for (const [i, encryption] of encryptions.entries()) {
    const route = { ...place, encryption };
    try {
      const client = await openRoute(settings, route, encryptions[i + 1] === 'plain');
      if (await hasWantedRole(client, settings.targetSessionAttributes)) {
        return { client, route: { ...route, encryption: client.connection.ssl ? 'tls' : 'plain' } };
      }
      client.end().catch(() => {});
      return unwantedRole(settings, place.host);
    } catch (error) {
      failure = worseOf(failure, error);
      if (!mayTryOtherwise(error, encryption)) break;
    }
  }
  const error = toPgvError(failure, {
    address: nameOf(place),
    passwordSource: passwordSource(settings.password),
  });
  // 57P03: the server is starting or stopping. Any other answer is final, as in libpq; so is an error of ours.
  const isFinal = (isServerError(failure) && failure.code !== '57P03') || failure instanceof PgvError;
  if (isFinal) throw error;
  return error;
}

/** After TLS failed the clear may work, and the reverse; a wrong password is wrong on both. */
function mayTryOtherwise(error: unknown, encryption: Encryption): boolean {
  if (error instanceof PgvError) return false;
  if (isServerError(error)) return error.code === '28000';
  if (!(error instanceof Error) || error.message === 'timeout expired') return false;
  const code = 'code' in error ? error.code : undefined;
  const isUnreachable =
    typeof code === 'string' && /^(?:ECONNREFUSED|ENOENT|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT)$/.test(code);
  return encryption === 'tls' && !isUnreachable;
}

/** What the server itself answered says more than that TLS did not come about. */
function worseOf(first: unknown, second: unknown): unknown {
  return isServerError(first) && !isServerError(second) ? first : second;
}

function unwantedRole(settings: ServerSettings, host: ServerHost): DatabaseError {
  return new DatabaseError(
    `${describeHost(host)} is not what target_session_attrs=${settings.targetSessionAttributes} asks for`,
    { code: 'no-server', hint: 'name other hosts, or set target_session_attrs=any' },
  );
}

async function addressesOf(host: ServerHost): Promise<string[]> {
  if (host.address !== undefined) return [host.address];
  if (isSocketDirectory(host.host) || isIP(host.host) !== 0) return [host.host];
  // Loaded when it is needed: for an address it is not.
  const { lookup } = await import('node:dns/promises');
  const found = await lookup(host.host, { all: true, verbatim: true });
  return found.map(({ address }) => address);
}

function nameOf({ host }: Omit<Route, 'encryption'>): string {
  return isSocketDirectory(host.host) ? socketPath(host.host, host.port) : describeHost(host);
}

function summary(settings: ServerSettings, failures: readonly PgvError[]): PgvError {
  const [first] = failures;
  if (first === undefined) return new DatabaseError('no host is named');
  if (settings.hosts.length === 1) return first;
  const said = failures.map((failure) => failure.message).join('; ');
  return new DatabaseError(`none of ${settings.hosts.length} hosts can be used: ${said}`, {
    code: first.code,
    hint: first.hint,
    cause: first.cause,
  });
}
