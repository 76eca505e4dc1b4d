import { UsageError } from '../../errors.ts';
import { addParameter, type Parameters } from './keywords.ts';
import { applyForeignParameter } from './url-of-other-tools.ts';

const PLACE = 'the database URL';

/** `postgres://`, `postgresql://`, with another tool's driver (`postgresql+psycopg://`, `jdbc:postgresql://`). */
const SCHEME = /^(?:jdbc:)?postgres(?:ql)?(?:\+\w+)?:\/\//i;

export function isPostgresUrl(text: string): boolean {
  return SCHEME.test(text);
}

/**
 * Reads `postgresql://[user[:password]@][host[:port],…][/database][?parameter=value&…]` as libpq does.
 * https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS
 * The one liberty: an @ in the password need not be encoded, for a host holds none.
 * @throws UsageError that never shows the URL, since it may hold a password
 */
export function parseUrl(text: string): Parameters {
  const parameters: Parameters = new Map();
  const [, authority = '', path, query] =
    /^([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/s.exec(text.replace(SCHEME, '')) ?? [];
  const at = authority.lastIndexOf('@');
  if (at < 0) refuseCutPassword(authority, path, query);
  if (at >= 0) readUser(parameters, authority.slice(0, at));
  readHosts(parameters, authority.slice(at + 1));
  if (path) parameters.set('dbname', decode(path));
  // `options` first: what other tools' parameters mean is added behind it, wherever they stand.
  const isOptions = (pair: string) => Number(pair.startsWith('options='));
  const pairs = (query ?? '').split('&').sort((one, other) => isOptions(other) - isOptions(one));
  for (const pair of pairs) readParameter(parameters, pair);
  return parameters;
}

/** A password with a bare / or ? ends the host too early: say so, before a piece of it is taken for a name. */
function refuseCutPassword(authority: string, path: string | undefined, query: string | undefined): void {
  if (path?.includes('@') || (query?.includes('@') && /:.*\D/.test(authority.replace(/\[.*\]/, '')))) {
    throw new UsageError(`${PLACE} has an @ behind the host`, {
      hint: 'inside a password, / is written %2F, ? %3F and @ %40',
    });
  }
}

function readUser(parameters: Parameters, userinfo: string): void {
  const colon = userinfo.indexOf(':');
  const user = colon < 0 ? userinfo : userinfo.slice(0, colon);
  if (user !== '') parameters.set('user', decode(user));
  if (colon >= 0 && colon < userinfo.length - 1)
    parameters.set('password', decode(userinfo.slice(colon + 1)));
}

/** Hosts and ports as libpq keeps them: two lists with commas, of the same length. */
function readHosts(parameters: Parameters, netloc: string): void {
  if (netloc === '') return;
  const hosts: string[] = [];
  const ports: string[] = [];
  for (const one of netloc.split(',')) {
    const match = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(.*))?$/s.exec(one);
    if (match === null) {
      throw new UsageError(`${PLACE} has a malformed host`, {
        hint: 'write an IPv6 address in brackets: [::1]:5432',
      });
    }
    hosts.push(decode(match[1] ?? match[2] ?? ''));
    ports.push(decode(match[3] ?? ''));
  }
  if (hosts.some((host) => host !== '')) parameters.set('host', hosts.join(','));
  if (ports.some((port) => port !== '')) parameters.set('port', ports.join(','));
}

function readParameter(parameters: Parameters, pair: string): void {
  if (pair === '') return;
  const equals = pair.indexOf('=');
  if (equals < 0) {
    throw new UsageError(`${PLACE} has a parameter without =`, {
      hint: 'write ?name=value',
    });
  }
  const name = decode(pair.slice(0, equals));
  const value = decode(pair.slice(equals + 1));
  if (!applyForeignParameter(parameters, name, value)) addParameter(parameters, name, value, PLACE);
}

function decode(text: string): string {
  try {
    const decoded = decodeURIComponent(text);
    if (!decoded.includes('\0')) return decoded;
  } catch {
    // falls through to the one message for both
  }
  throw new UsageError(`${PLACE} has an invalid percent-encoding`, {
    hint: 'a % in a password or a name is written %25',
  });
}
