import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { UsageError } from '../errors.ts';
import { isSocketDirectory } from './libpq/hosts.ts';
import type { TlsSettings } from './libpq/tls-settings.ts';

/** What to try on one host, in order: `tls` or in the clear. */
export type Encryption = 'tls' | 'plain';

/** `prefer` falls back to the clear, `allow` to TLS; on a unix socket there is nothing to encrypt. */
export function encryptionsToTry(settings: TlsSettings, host: string): Encryption[] {
  if (isSocketDirectory(host)) return ['plain'];
  switch (settings.mode) {
    case 'disable':
      return ['plain'];
    case 'allow':
      return ['plain', 'tls'];
    case 'prefer':
      return ['tls', 'plain'];
    default:
      return ['tls'];
  }
}

/**
 * Node's TLS options with libpq's meaning: without a root certificate nothing is verified; with one the chain is,
 * whatever the mode; only verify-full wants the host's name in the certificate.
 */
export function tlsOptions(settings: TlsSettings, host: string): ConnectionOptions {
  const verifies = settings.roots.kind !== 'none';
  const options: ConnectionOptions = {
    host,
    rejectUnauthorized: verifies,
    minVersion: settings.minVersion,
  };
  if (isIP(host) === 0) options.servername = host;
  if (settings.maxVersion !== undefined) options.maxVersion = settings.maxVersion;
  if (settings.roots.kind === 'file') options.ca = read(settings.roots.path, 'sslrootcert');
  if (settings.mode !== 'verify-full') options.checkServerIdentity = () => undefined;
  if (settings.revocations !== undefined) options.crl = read(settings.revocations, 'sslcrl');
  if (settings.certificate !== undefined) options.cert = read(settings.certificate, 'sslcert');
  if (settings.key !== undefined) options.key = read(settings.key, 'sslkey');
  if (settings.keyPassword !== undefined) options.passphrase = settings.keyPassword;
  return options;
}

function read(file: string, keyword: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new UsageError(`${keyword} names a file that cannot be read`, {
      file,
      hint: `check ${keyword} and the file's permissions`,
      cause,
    });
  }
}
