import { join } from 'node:path';
import { UsageError } from '../../errors.ts';
import type { Keyword, Parameters } from './keywords.ts';
import { oneOf } from './one-of.ts';
import type { System } from './system.ts';

const modes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
const protocols = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const;

export type SslMode = (typeof modes)[number];
export type TlsVersion = (typeof protocols)[number];

/** How to encrypt, with libpq's meaning: https://www.postgresql.org/docs/current/libpq-ssl.html */
export interface TlsSettings {
  mode: SslMode;
  negotiation: 'postgres' | 'direct';
  /** A file of certificates, the machine's own authorities, or none: then the server is not verified. */
  roots: { kind: 'file'; path: string } | { kind: 'system' } | { kind: 'none' };
  /** The client's certificate and key, as files. */
  certificate: string | undefined;
  key: string | undefined;
  keyPassword: string | undefined;
  revocations: string | undefined;
  minVersion: TlsVersion;
  maxVersion: TlsVersion | undefined;
}

/** @throws UsageError for values libpq refuses too: a weak mode with sslrootcert=system, a missing root file */
export function tlsSettings(parameters: Parameters, env: NodeJS.ProcessEnv, system: System): TlsSettings {
  const get = (keyword: Keyword) => parameters.get(keyword) || undefined;
  const home = join(env.HOME || system.home(), '.postgresql');
  const inHome = (name: string) => (system.exists(join(home, name)) ? join(home, name) : undefined);
  const rootFile = get('sslrootcert');
  const mode = oneOf('sslmode', get('sslmode') ?? (rootFile === 'system' ? 'verify-full' : 'prefer'), modes);
  const negotiation = oneOf('sslnegotiation', get('sslnegotiation') ?? 'postgres', ['postgres', 'direct']);
  if (negotiation === 'direct' && (mode === 'disable' || mode === 'allow' || mode === 'prefer')) {
    throw new UsageError(`sslnegotiation=direct needs more than sslmode=${mode}`, {
      hint: 'write sslmode=require',
    });
  }
  const maxVersion = get('ssl_max_protocol_version');
  const certificate = get('sslcert') ?? inHome('postgresql.crt');
  return {
    mode,
    negotiation,
    roots: rootsOf(mode, rootFile, inHome('root.crt'), system),
    certificate,
    key: certificate === undefined ? undefined : (get('sslkey') ?? inHome('postgresql.key')),
    keyPassword: get('sslpassword'),
    revocations: get('sslcrl'),
    minVersion: oneOf('ssl_min_protocol_version', get('ssl_min_protocol_version') ?? 'TLSv1.2', protocols),
    maxVersion:
      maxVersion === undefined ? undefined : oneOf('ssl_max_protocol_version', maxVersion, protocols),
  };
}

function rootsOf(
  mode: SslMode,
  named: string | undefined,
  inHome: string | undefined,
  system: System,
): TlsSettings['roots'] {
  if (named === 'system') {
    if (mode !== 'verify-full') {
      throw new UsageError(`sslrootcert=system does not go with sslmode=${mode}`, {
        hint: 'anyone may get a certificate that the system trusts: write sslmode=verify-full',
      });
    }
    return { kind: 'system' };
  }
  const path = named ?? inHome;
  if (path !== undefined && system.exists(path)) return { kind: 'file', path };
  if (mode === 'verify-ca' || mode === 'verify-full') {
    throw new UsageError(
      path === undefined
        ? `sslmode=${mode} has no root certificate`
        : `root certificate file ${path} does not exist`,
      {
        hint: 'name the certificate of the authority with sslrootcert=<file>, or sslrootcert=system for those of this machine',
      },
    );
  }
  return { kind: 'none' };
}
