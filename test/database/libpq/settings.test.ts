import { describe, expect, test } from 'vitest';
import { resolveServer } from '../../../src/database/libpq/settings.ts';
import { UsageError } from '../../../src/errors.ts';
import { fakeSystem } from './fake-system.ts';

const warnings: string[] = [];
const resolve = (typed: Record<string, string>, env: NodeJS.ProcessEnv = {}, system = fakeSystem()) =>
  resolveServer(new Map(Object.entries(typed)), env, system, (line) => warnings.push(line));

describe('defaults', () => {
  test("are the operating system's user, a database of that name, and localhost", () => {
    const settings = resolve({});
    expect(settings).toMatchObject({
      user: 'me',
      database: 'me',
      options: '',
      applicationName: 'pgv',
      connectTimeout: 0,
    });
    expect(settings.hosts).toEqual([
      { host: 'localhost', address: undefined, port: 5432, passwordHost: 'localhost' },
    ]);
    expect(settings.tls).toMatchObject({ mode: 'prefer', roots: { kind: 'none' }, minVersion: 'TLSv1.2' });
  });

  test('prefer the socket of a server that listens on the port', () => {
    const system = fakeSystem({ '/tmp/.s.PGSQL.5433': '' });
    expect(resolve({ port: '5433' }, {}, system).hosts[0]).toMatchObject({
      host: '/tmp',
      passwordHost: 'localhost',
    });
    expect(resolve({ port: '5432' }, {}, system).hosts[0]).toMatchObject({ host: 'localhost' });
  });

  test('the database is called as the role that is named', () => {
    expect(resolve({ user: 'alice' }).database).toBe('alice');
  });
});

describe('priority', () => {
  const system = fakeSystem({
    '/home/me/.pg_service.conf': '[s]\nhost=from-service\nuser=service-user\npassword=service-secret\n',
  });

  test('what is typed, then the service, then the environment', () => {
    const env = { PGSERVICE: 's', PGHOST: 'from-env', PGUSER: 'env-user', PGDATABASE: 'env-db' };
    const settings = resolve({ user: 'typed-user' }, env, system);
    expect(settings).toMatchObject({ user: 'typed-user', database: 'env-db' });
    expect(settings.hosts[0]!.host).toBe('from-service');
    expect(resolve({}, { ...env, PGSERVICE: undefined }, system).hosts[0]!.host).toBe('from-env');
    expect(resolve({ service: 's' }, {}, system).user).toBe('service-user');
  });

  test.each([
    [
      { password: 'typed' },
      { PGV_PASSWORD_COMMAND: 'echo x', PGPASSWORD: 'env' },
      { kind: 'fixed', value: 'typed' },
    ],
    [{}, { PGV_PASSWORD_COMMAND: 'echo x', PGPASSWORD: 'env' }, { kind: 'command', command: 'echo x' }],
    [
      { service: 's' },
      { PGPASSWORD: 'env' },
      { kind: 'fixed', value: 'service-secret', source: 'the service file' },
    ],
    [{}, { PGPASSWORD: 'env' }, { kind: 'fixed', value: 'env', source: 'PGPASSWORD' }],
    [{}, {}, { kind: 'none' }],
  ])('of passwords: %j %j', (typed: Record<string, string>, env, password) => {
    expect(resolve(typed, env, system).password).toMatchObject(password);
  });

  test('a password file tells hosts apart', () => {
    const files = { '/home/me/.pgpass': 'a:*:*:*:for-a\nlocalhost:*:*:*:for-local\n', '/p': '*:*:*:*:other' };
    const passwords = (typed: Record<string, string>, env = {}) =>
      resolve(typed, env, fakeSystem(files)).password;
    expect(passwords({ host: 'a,b' })).toEqual({
      kind: 'by-host',
      values: ['for-a', undefined],
      source: '/home/me/.pgpass',
    });
    expect(passwords({ host: '/var/run/postgresql' })).toMatchObject({ values: ['for-local'] });
    expect(passwords({ host: 'b' })).toEqual({ kind: 'none' });
    expect(passwords({ host: 'b' }, { PGPASSFILE: '/p' })).toMatchObject({ values: ['other'], source: '/p' });
    expect(passwords({ host: 'b', passfile: '/p' })).toMatchObject({ values: ['other'] });
  });
});

describe('hosts', () => {
  test.each([
    [
      { host: 'a,b', port: '1,2' },
      [
        ['a', undefined, 1],
        ['b', undefined, 2],
      ],
    ],
    [
      { host: 'a,b', port: '7' },
      [
        ['a', undefined, 7],
        ['b', undefined, 7],
      ],
    ],
    [
      { host: 'a,b', port: ',2' },
      [
        ['a', undefined, 5432],
        ['b', undefined, 2],
      ],
    ],
    [{ host: 'a', hostaddr: '10.0.0.1' }, [['a', '10.0.0.1', 5432]]],
    [
      { hostaddr: '10.0.0.1,10.0.0.2' },
      [
        ['10.0.0.1', '10.0.0.1', 5432],
        ['10.0.0.2', '10.0.0.2', 5432],
      ],
    ],
    [{ host: '/tmp' }, [['/tmp', undefined, 5432]]],
  ])('%j', (typed: Record<string, string>, hosts) => {
    expect(resolve(typed).hosts.map(({ host, address, port }) => [host, address, port])).toEqual(hosts);
  });
});

describe('options', () => {
  test('carry PGTZ and PGDATESTYLE below what is typed', () => {
    const env = { PGTZ: 'Europe/Berlin', PGDATESTYLE: 'ISO, DMY', PGOPTIONS: '-c geqo=off' };
    expect(resolve({}, env).options).toBe('-c TimeZone=Europe/Berlin -c DateStyle=ISO,\\ DMY -c geqo=off');
    expect(resolve({ options: '' }, { PGOPTIONS: '-c geqo=off' }).options).toBe('');
  });

  test.each([
    ['10', 10],
    ['1', 2],
    ['0', 0],
    ['-5', 0],
  ])('connect_timeout %s', (text, seconds) => {
    expect(resolve({ connect_timeout: text }).connectTimeout).toBe(seconds);
    expect(resolve({}, { PGCONNECT_TIMEOUT: text }).connectTimeout).toBe(seconds);
  });
});

describe('TLS', () => {
  const system = fakeSystem({ '/home/me/.postgresql/root.crt': '', '/ca.pem': '' });

  test('takes the root certificate named, else the one in the home directory', () => {
    expect(resolve({ sslrootcert: '/ca.pem', sslmode: 'verify-ca' }, {}, system).tls.roots).toEqual({
      kind: 'file',
      path: '/ca.pem',
    });
    expect(resolve({ sslmode: 'require' }, {}, system).tls.roots).toEqual({
      kind: 'file',
      path: '/home/me/.postgresql/root.crt',
    });
    expect(resolve({}, { PGSSLMODE: 'require' }).tls).toMatchObject({
      mode: 'require',
      roots: { kind: 'none' },
    });
  });

  test("with the system's authorities means verify-full", () => {
    expect(resolve({ sslrootcert: 'system' }).tls).toMatchObject({
      mode: 'verify-full',
      roots: { kind: 'system' },
    });
  });
});

test.each([
  [{ port: '0' }, /port/],
  [{ port: 'x' }, /port/],
  [{ host: 'a,b,c', port: '1,2' }, /2 ports for 3 hosts/],
  [{ host: 'a', hostaddr: '1.1.1.1,2.2.2.2' }, /2 addresses for 1 hosts/],
  [{ sslmode: 'strict' }, /sslmode has the invalid value "strict"/],
  [{ sslmode: 'require', sslrootcert: 'system' }, /sslrootcert=system does not go with sslmode=require/],
  [{ sslmode: 'verify-full' }, /no root certificate/],
  [{ sslmode: 'verify-ca', sslrootcert: '/missing' }, /\/missing does not exist/],
  [{ sslnegotiation: 'direct' }, /sslnegotiation=direct needs more/],
  [{ channel_binding: 'maybe' }, /channel_binding/],
  [{ target_session_attrs: 'best' }, /target_session_attrs/],
  [{ connect_timeout: '3s' }, /connect_timeout/],
  [{ require_auth: 'scram-sha-256' }, /require_auth is not supported/],
  [{ gssencmode: 'require' }, /gssencmode=require/],
])('%j is refused', (typed, message) => {
  const refusal = () => resolve(typed as unknown as Record<string, string>);
  expect(refusal).toThrow(UsageError);
  expect(refusal).toThrow(message);
});
