import { describe, expect, test } from 'vitest';
import { type ResolvedTarget, resolveTarget } from '../../src/database/resolve.ts';
import { UsageError } from '../../src/errors.ts';
import { fakeSystem } from './libpq/fake-system.ts';

const system = fakeSystem({ '/home/me/.pg_service.conf': '[s]\nhost=service-host\ndbname=service-db\n' });
const resolve = (options: {
  url?: string;
  env?: NodeJS.ProcessEnv;
  configuration?: { url?: string; table?: string };
}) => resolveTarget({ env: {}, cwd: '/work', system, ...options });
const summary = (resolved: ResolvedTarget) => [resolved.source, resolved.target.description];

const all = {
  url: 'postgres://flag/a',
  env: {
    PGV_URL: 'postgres://pgv/b',
    DATABASE_URL: 'postgres://url/c',
    PGHOST: 'libpq',
    PGV_EMBEDDED: '0',
  },
  configuration: { url: 'postgres://file/d' },
};
const { url, env, configuration } = all;
const { PGV_URL, ...withoutPgvUrl } = env;
const { DATABASE_URL, ...withoutUrls } = withoutPgvUrl;

test.each([
  [all, ['flag', 'a on flag:5432 as me']],
  [{ env, configuration }, ['PGV_URL', 'b on pgv:5432 as me']],
  [{ env: withoutPgvUrl, configuration }, ['DATABASE_URL', 'c on url:5432 as me']],
  [{ env: withoutUrls, configuration }, ['libpq', 'me on libpq:5432 as me']],
  [{ env: { PGSERVICE: 's' }, configuration }, ['libpq', 'service-db on service-host:5432 as me']],
  [{ env: { PGHOSTADDR: '10.0.0.1' }, configuration }, ['libpq', 'me on 10.0.0.1:5432 as me']],
  [{ env: { PGPORT: '5433' }, configuration }, ['libpq', 'me on localhost:5433 as me']],
  [{ env: { PGDATABASE: 'db' }, configuration }, ['libpq', 'db on localhost:5432 as me']],
  [
    { env: { PGSSLMODE: 'require', PGUSER: 'alice' }, configuration },
    ['configuration', 'd on file:5432 as alice'],
  ],
  [{ env: { PGSSLMODE: 'require', PGUSER: 'alice' } }, ['default', 'embedded database in ./.pgv']],
  [{ configuration: { table: 'docs' } }, ['default', 'embedded database in ./.pgv']],
  [{}, ['default', 'embedded database in ./.pgv']],
  [{ env: { PGV_EMBEDDED: '1' } }, ['default', 'embedded database in ./.pgv']],
])('which database: %j', (options, expected) => {
  expect(summary(resolve(options))).toEqual(expected);
});

describe('a name', () => {
  test.each([
    ['mydb', 'mydb on localhost:5432 as me'],
    ['host=h dbname=d user=u', 'd on h:5432 as u'],
    ['postgres://u:secret@[::1]:5433/d', 'd on [::1]:5433 as u'],
    ['postgres://u@a:1,b:2/d', 'd on a:1,b:2 as u'],
    ['postgres:///d?host=/tmp', 'd on /tmp:5432 as me'],
    ['service=s', 'service-db on service-host:5432 as me'],
  ])('%s', (name, description) => {
    expect(resolve({ url: name }).target).toEqual({ kind: 'server', description });
  });

  test('is completed by the environment', () => {
    const resolved = resolve({ url: 'mydb', env: { PGHOST: 'h', PGUSER: 'u' } });
    expect(summary(resolved)).toEqual(['flag', 'mydb on h:5432 as u']);
  });

  test.each([
    ['pglite:', null, 'embedded database in memory'],
    ['pglite:data', '/work/data', 'embedded database in data'],
    ['pglite:/abs/data', '/abs/data', 'embedded database in /abs/data'],
  ])('%s is an embedded database', (name, directory, description) => {
    for (const options of [{ url: name }, { env: { PGV_URL: name, PGV_EMBEDDED: '0' } }]) {
      expect(resolve(options)).toMatchObject({
        kind: 'embedded',
        directory,
        target: { kind: 'embedded', description },
      });
    }
  });

  test.each([
    ['', /empty/],
    ['mysql://u:secret@h/d', /unknown scheme "mysql"/],
    ['u:secret@h/d', /no scheme/],
    ['postgres:/u:secret@h/d', /no scheme/],
    ['//u:secret@h/d', /no scheme/],
    ['./vectors', /^\.\/vectors is the name of a directory/],
    ['postgres://u:secret@h/d?x=1', /unknown parameter/],
  ])('%s is refused without showing the password', (name, message) => {
    const refusal = () => resolve({ url: name });
    expect(refusal).toThrow(UsageError);
    expect(refusal).toThrow(message);
    expect(refusal).not.toThrow(/secret/);
  });
});

test.each([
  ['PGV_URL'],
  ['DATABASE_URL'],
  ['PGSERVICE'],
  ['PGHOST'],
  ['PGHOSTADDR'],
  ['PGPORT'],
  ['PGDATABASE'],
  ['PGV_EMBEDDED'],
  ['PGV_PASSWORD_COMMAND'],
])('%s set but empty is wrong usage', (name) => {
  for (const value of ['', ' ']) {
    const refusal = () => resolve({ env: { [name]: value } });
    expect(refusal).toThrow(UsageError);
    expect(refusal).toThrow(`${name} is set but empty`);
  }
});

test('an empty variable below the one that decides is not looked at', () => {
  expect(resolve({ url, env: { DATABASE_URL: '' } }).source).toBe('flag');
});

test('PGV_EMBEDDED=0 forbids the default', () => {
  expect(() => resolve({ env: { PGV_EMBEDDED: '0' } })).toThrow(/PGV_EMBEDDED=0 forbids/);
});

test('a password file that others may read is ignored, with a warning', () => {
  const open = fakeSystem({ '/home/me/.pgpass': { text: '*:*:*:*:secret', mode: 0o644 } });
  const resolved = resolveTarget({ url: 'mydb', env: {}, cwd: '/', system: open });
  expect(resolved.warnings).toEqual([expect.stringContaining('/home/me/.pgpass is ignored')]);
});
