import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Why no certificates can be made here, or null. */
export const noOpenssl: string | null = await run('openssl', ['version']).then(
  () => null,
  () => 'openssl is not on this machine',
);

/** Files of an authority of our own, of one nobody trusts, and of a client; a server's certificate and key as text. */
export interface Certificates {
  authority: string;
  authorityText: string;
  otherAuthority: string;
  client: { certificate: string; key: string };
  server: { certificate: string; key: string };
}

/** Makes certificates in `directory`: the server's is for the name localhost, and not for 127.0.0.1. */
export async function makeCertificates(directory: string): Promise<Certificates> {
  const at = (name: string) => path.join(directory, name);
  await makeAuthority(at('ca'));
  await makeAuthority(at('other'));
  await makeCertificate(at('server'), at('ca'), 'localhost', 'subjectAltName=DNS:localhost');
  await makeCertificate(at('client'), at('ca'), 'certified', 'subjectAltName=DNS:certified');
  return {
    authority: at('ca.crt'),
    authorityText: await readFile(at('ca.crt'), 'utf8'),
    otherAuthority: at('other.crt'),
    client: { certificate: at('client.crt'), key: at('client.key') },
    server: {
      certificate: await readFile(at('server.crt'), 'utf8'),
      key: await readFile(at('server.key'), 'utf8'),
    },
  };
}

const newKey = ['-newkey', 'rsa:2048', '-nodes'];

async function makeAuthority(file: string): Promise<void> {
  const output = ['-keyout', `${file}.key`, '-out', `${file}.crt`];
  await run('openssl', ['req', '-x509', '-days', '2', ...newKey, '-subj', '/CN=test authority', ...output]);
}

async function makeCertificate(
  file: string,
  authority: string,
  name: string,
  extension: string,
): Promise<void> {
  const request = ['-keyout', `${file}.key`, '-out', `${file}.csr`];
  await run('openssl', ['req', ...newKey, '-subj', `/CN=${name}`, '-addext', extension, ...request]);
  const signer = ['-CA', `${authority}.crt`, '-CAkey', `${authority}.key`, '-CAcreateserial'];
  const copied = ['-copy_extensions', 'copy', '-days', '2'];
  await run('openssl', ['x509', '-req', '-in', `${file}.csr`, '-out', `${file}.crt`, ...signer, ...copied]);
}
