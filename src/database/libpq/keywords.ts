import { UsageError } from '../../errors.ts';

/** Connection settings by libpq's keyword, as one source (URL, conninfo, service file, environment) gives them. */
export type Parameters = Map<string, string>;

/**
 * The keywords that pgv follows, each with the environment variable that stands for it.
 * https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
 */
export const keywordVariables = {
  service: 'PGSERVICE',
  host: 'PGHOST',
  hostaddr: 'PGHOSTADDR',
  port: 'PGPORT',
  dbname: 'PGDATABASE',
  user: 'PGUSER',
  password: 'PGPASSWORD',
  passfile: 'PGPASSFILE',
  options: 'PGOPTIONS',
  application_name: 'PGAPPNAME',
  connect_timeout: 'PGCONNECT_TIMEOUT',
  target_session_attrs: 'PGTARGETSESSIONATTRS',
  channel_binding: 'PGCHANNELBINDING',
  sslmode: 'PGSSLMODE',
  sslnegotiation: 'PGSSLNEGOTIATION',
  sslrootcert: 'PGSSLROOTCERT',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
  sslcrl: 'PGSSLCRL',
  ssl_min_protocol_version: 'PGSSLMINPROTOCOLVERSION',
  ssl_max_protocol_version: 'PGSSLMAXPROTOCOLVERSION',
  gssencmode: 'PGGSSENCMODE',
  require_auth: 'PGREQUIREAUTH',
  requirepeer: 'PGREQUIREPEER',
  sslpassword: undefined,
  servicefile: 'PGSERVICEFILE',
  keepalives: undefined,
  keepalives_idle: undefined,
} as const satisfies Record<string, string | undefined>;

export type Keyword = keyof typeof keywordVariables;

/** libpq's own, without a meaning here: we always speak UTF-8, the rest tunes what Node does by itself. */
const withoutEffect = new Set([
  'client_encoding',
  'fallback_application_name',
  'keepalives_interval',
  'keepalives_count',
  'tcp_user_timeout',
  'sslcompression',
  'sslcertmode',
  'sslsni',
  'sslkeylogfile',
  'krbsrvname',
  'gsslib',
  'gssdelegation',
  'min_protocol_version',
  'max_protocol_version',
  'load_balance_hosts',
]);

function isFollowed(keyword: string): keyword is Keyword {
  return Object.hasOwn(keywordVariables, keyword);
}

/** Adds one setting, or leaves it out where it has no effect here. @throws UsageError for a keyword nobody knows */
export function addParameter(parameters: Parameters, keyword: string, value: string, place: string): void {
  if (isFollowed(keyword)) parameters.set(keyword, value);
  else if (!withoutEffect.has(keyword)) {
    // What is no plain word may be a piece of a password that was written without its quotes or escapes.
    const name = /^[A-Za-z_]+$/.test(keyword) ? `the unknown parameter "${keyword}"` : 'an unknown parameter';
    throw new UsageError(`${place} holds ${name}`, {
      hint: 'the parameters are those of libpq: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS',
    });
  }
}
