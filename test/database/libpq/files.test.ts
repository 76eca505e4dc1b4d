import { describe, expect, test } from 'vitest';
import { findPassword, readPasswordFile } from '../../../src/database/libpq/password-file.ts';
import { readService } from '../../../src/database/libpq/service-file.ts';
import { UsageError } from '../../../src/errors.ts';
import { fakeSystem } from './fake-system.ts';

const key = { host: 'db.example.com', port: 5432, database: 'app', user: 'alice' };

describe('a password file', () => {
  test.each([
    ['db.example.com:5432:app:alice:secret', 'secret'],
    ['*:*:*:*:any', 'any'],
    ['# db.example.com:5432:app:alice:comment\n*:*:app:alice:after', 'after'],
    ['other:5432:app:alice:no\ndb.example.com:*:*:alice:first\n*:*:*:*:second', 'first'],
    ['*:*:*:*:with:colons\\:and\\\\slashes', 'with:colons:and\\slashes'],
    ['*:5433:*:*:other port', undefined],
    ['*:*:*:*:', undefined],
    ['too:few:fields', undefined],
    ['*:*:*:*:windows\r\n', 'windows'],
  ])('%j', (text, password) => {
    expect(findPassword(text, key)).toBe(password);
  });

  test('escapes in fields', () => {
    expect(findPassword('\\:\\:1:5432:a\\\\b:alice:secret', { ...key, host: '::1', database: 'a\\b' })).toBe(
      'secret',
    );
    expect(findPassword('\\*:*:*:*:secret', { ...key, host: '*' })).toBe('secret');
  });

  test('is ignored, with a warning, when others may read it', () => {
    const warnings: string[] = [];
    const warn = (line: string) => warnings.push(line);
    const system = fakeSystem({ '/p': { text: 'x', mode: 0o640 } });
    expect(readPasswordFile('/p', system, warn)).toBeUndefined();
    expect(warnings).toEqual([expect.stringContaining('/p is ignored')]);
    expect(readPasswordFile('/p', fakeSystem({ '/p': { text: 'x', mode: 0o600 } }), warn)).toBe('x');
    const windows = fakeSystem({ '/p': { text: 'x', mode: 0o666 } }, { platform: 'win32' });
    expect(readPasswordFile('/p', windows, warn)).toBe('x');
    expect(readPasswordFile('/missing', system, warn)).toBeUndefined();
    expect(warnings).toHaveLength(1);
  });
});

describe('a service file', () => {
  const text =
    '# comment\n[first]\nhost=a\n\n[second]\nhost=b\nport=5433\nhost=ignored\noptions=-c a=b\n[third]\nhost=c\n';

  test('gives the settings of one section, the first of each', () => {
    const system = fakeSystem({ '/home/me/.pg_service.conf': text });
    const service = readService('second', undefined, {}, system);
    expect(Object.fromEntries(service)).toEqual({ host: 'b', port: '5433', options: '-c a=b' });
  });

  test("is the user's, then the system's", () => {
    const system = fakeSystem({
      '/home/me/.pg_service.conf': text,
      '/etc/x/pg_service.conf': '[fourth]\nhost=d\n[first]\nhost=no',
    });
    const env = { PGSYSCONFDIR: '/etc/x' };
    expect(readService('fourth', undefined, env, system).get('host')).toBe('d');
    expect(readService('first', undefined, env, system).get('host')).toBe('a');
    expect(readService('first', undefined, { HOME: '/elsewhere', ...env }, system).get('host')).toBe('no');
  });

  test.each([
    ['nowhere', undefined, /"nowhere" is not defined/],
    ['first', '/missing', /\/missing does not exist/],
    ['bad', '/bad', /\/bad, line 2 is no keyword=value/],
    ['unknown', '/bad', /\/bad, line 4 holds the unknown parameter "nonsense"/],
    ['nested', '/bad', /\/bad, line 6 names another service/],
  ])('service %s of %s is refused', (name, file, message) => {
    const system = fakeSystem({ '/bad': '[bad]\nnonsense\n[unknown]\nnonsense=1\n[nested]\nservice=x\n' });
    const refusal = () => readService(name, file, {}, system);
    expect(refusal).toThrow(UsageError);
    expect(refusal).toThrow(message);
  });
});
