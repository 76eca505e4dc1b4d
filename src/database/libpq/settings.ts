import { UsageError } from '../../errors.ts';
import { describeHost, hostsOf, type ServerHost } from './hosts.ts';
import { type Keyword, keywordVariables, type Parameters } from './keywords.ts';
import { oneOf } from './one-of.ts';
import { serverOption } from './options.ts';
import { defaultPasswordFile, findPassword, readPasswordFile } from './password-file.ts';
import { readService } from './service-file.ts';
import type { System } from './system.ts';
import { type TlsSettings, tlsSettings } from './tls-settings.ts';

const sessionAttributes = ['any', 'read-write', 'read-only', 'primary', 'standby', 'prefer-standby'] as const;
const channelBindings = ['disable', 'prefer', 'require'] as const;

/**
 * Everything needed to connect, resolved: nothing is looked up any more but the hosts' addresses, the
 * certificates' files and what the password command prints. Plain data, which crosses to other threads.
 */
export interface ServerSettings {
  /** Tried in order; at least one. */
  hosts: readonly ServerHost[];
  database: string;
  user: string;
  password: Password;
  tls: TlsSettings;
  channelBinding: (typeof channelBindings)[number];
  targetSessionAttributes: (typeof sessionAttributes)[number];
  /** For each host's address, in seconds; 0 for no limit. */
  connectTimeout: number;
  /** Command-line options for the server process, such as `-c search_path=app`; may be empty. */
  options: string;
  applicationName: string;
  /** Undefined: keepalive probes are off. 0: after the operating system's own idle time. */
  keepaliveIdleSeconds: number | undefined;
}

/** Where the password comes from: `source` may be shown, the rest never. */
export type Password =
  | { kind: 'none' }
  | { kind: 'fixed'; value: string; source: string }
  | { kind: 'command'; command: string; source: string }
  /** By host, in the order of `hosts`: the password file tells hosts apart. */
  | { kind: 'by-host'; values: readonly (string | undefined)[]; source: string };

/** What libpq would connect to, given the settings a user typed and this environment. */
export function resolveServer(
  typed: Parameters,
  env: NodeJS.ProcessEnv,
  system: System,
  warn: (line: string) => void,
): ServerSettings {
  const parameters = withDefaults(typed, env, system);
  refuseUnsupported(parameters);
  const get = (keyword: Keyword) => parameters.get(keyword) || undefined;
  const hosts = hostsOf(parameters, system);
  const user = get('user') ?? system.user();
  if (user === undefined) {
    throw new UsageError('no role is named, and the operating system has no user name', {
      hint: 'set PGUSER',
    });
  }
  const database = get('dbname') ?? user;
  const keepalives = get('keepalives') !== '0';
  return {
    hosts,
    database,
    user,
    password: passwordOf(typed, parameters, { hosts, database, user }, env, system, warn),
    tls: tlsSettings(parameters, env, system),
    channelBinding: oneOf('channel_binding', get('channel_binding') ?? 'prefer', channelBindings),
    targetSessionAttributes: oneOf(
      'target_session_attrs',
      get('target_session_attrs') ?? 'any',
      sessionAttributes,
    ),
    connectTimeout: connectTimeout(get('connect_timeout')),
    options: [...environmentOptions(env), get('options') ?? ''].filter((part) => part !== '').join(' '),
    applicationName: get('application_name') ?? 'pgv',
    keepaliveIdleSeconds: keepalives
      ? wholeNumber('keepalives_idle', get('keepalives_idle') ?? '0')
      : undefined,
  };
}

/** `app on db.example.com:5432 as alice`; several hosts with commas. */
export function describeServer({ database, hosts, user }: Omit<ServerSettings, 'password'>): string {
  return `${database} on ${hosts.map(describeHost).join(',')} as ${user}`;
}

/** What was typed, then the service's settings, then the environment's: what is set first stays. */
function withDefaults(typed: Parameters, env: NodeJS.ProcessEnv, system: System): Parameters {
  const parameters = new Map(typed);
  const service = typed.get('service') || env.PGSERVICE;
  if (service) {
    const file = typed.get('servicefile') || env.PGSERVICEFILE;
    for (const [keyword, value] of readService(service, file, env, system)) {
      if (!parameters.has(keyword)) parameters.set(keyword, value);
    }
  }
  for (const [keyword, variable] of Object.entries(keywordVariables)) {
    const value = variable === undefined ? undefined : env[variable];
    if (value && !parameters.has(keyword)) parameters.set(keyword, value);
  }
  return parameters;
}

/** libpq sends these variables as session settings; as options they come before, and so below, those typed. */
function environmentOptions(env: NodeJS.ProcessEnv): string[] {
  const options: string[] = [];
  if (env.PGTZ) options.push(serverOption('TimeZone', env.PGTZ));
  if (env.PGDATESTYLE) options.push(serverOption('DateStyle', env.PGDATESTYLE));
  return options;
}

/** What guards a connection in libpq must not be passed over in silence. */
function refuseUnsupported(parameters: Parameters): void {
  for (const keyword of ['require_auth', 'requirepeer'] as const) {
    if (parameters.get(keyword)) {
      throw new UsageError(`${keyword} is not supported`, {
        hint: `leave it out (also ${keywordVariables[keyword]}); sslmode=verify-full and channel_binding=require make sure of the server`,
      });
    }
  }
  if (parameters.get('gssencmode') === 'require') {
    throw new UsageError('gssencmode=require is not supported', { hint: 'encrypt with sslmode instead' });
  }
}

function passwordOf(
  typed: Parameters,
  parameters: Parameters,
  to: { hosts: readonly ServerHost[]; database: string; user: string },
  env: NodeJS.ProcessEnv,
  system: System,
  warn: (line: string) => void,
): Password {
  const fromTyped = typed.get('password');
  if (fromTyped) return { kind: 'fixed', value: fromTyped, source: 'the connection string' };
  const command = env.PGV_PASSWORD_COMMAND;
  if (command) return { kind: 'command', command, source: 'PGV_PASSWORD_COMMAND' };
  const value = parameters.get('password');
  if (value) {
    return { kind: 'fixed', value, source: value === env.PGPASSWORD ? 'PGPASSWORD' : 'the service file' };
  }
  const file = parameters.get('passfile') || defaultPasswordFile(env, system);
  const text = readPasswordFile(file, system, warn);
  if (text === undefined) return { kind: 'none' };
  const values = to.hosts.map((host) =>
    findPassword(text, { host: host.passwordHost, port: host.port, database: to.database, user: to.user }),
  );
  return values.every((one) => one === undefined)
    ? { kind: 'none' }
    : { kind: 'by-host', values, source: file };
}

function connectTimeout(text: string | undefined): number {
  if (text === undefined) return 0;
  if (!/^\s*[+-]?\d+\s*$/.test(text)) {
    throw new UsageError('connect_timeout is not a whole number of seconds', {
      hint: 'write connect_timeout=10',
    });
  }
  const seconds = Number(text);
  return seconds <= 0 ? 0 : Math.max(2, seconds); // libpq makes 2 of 1: its clock has whole seconds
}

function wholeNumber(keyword: Keyword, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new UsageError(`${keyword} is not a whole number`);
  return Number(text);
}
