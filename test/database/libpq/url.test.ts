import { describe, expect, test } from 'vitest';
import { isPostgresUrl, parseUrl } from '../../../src/database/libpq/url.ts';
import { UsageError } from '../../../src/errors.ts';

const parsed = (url: string) => Object.fromEntries(parseUrl(url));

describe('a URL', () => {
  test.each([
    ['postgres://', {}],
    ['postgresql://localhost', { host: 'localhost' }],
    ['postgresql://localhost:5433', { host: 'localhost', port: '5433' }],
    ['postgresql://localhost/mydb', { host: 'localhost', dbname: 'mydb' }],
    ['postgresql://user@localhost', { user: 'user', host: 'localhost' }],
    ['postgresql://user:secret@localhost', { user: 'user', password: 'secret', host: 'localhost' }],
    ['postgresql://user:@localhost', { user: 'user', host: 'localhost' }],
    [
      'postgresql://other@localhost/otherdb?connect_timeout=10&application_name=myapp',
      {
        user: 'other',
        host: 'localhost',
        dbname: 'otherdb',
        connect_timeout: '10',
        application_name: 'myapp',
      },
    ],
    [
      'postgresql://host1:123,host2:456/db?target_session_attrs=any',
      { host: 'host1,host2', port: '123,456', dbname: 'db', target_session_attrs: 'any' },
    ],
    ['postgresql://host1,host2:456/', { host: 'host1,host2', port: ',456' }],
    ['postgresql:///mydb?host=localhost&port=5433', { dbname: 'mydb', host: 'localhost', port: '5433' }],
    ['postgresql://[2001:db8::1234]/db', { host: '2001:db8::1234', dbname: 'db' }],
    ['postgresql://[::1]:5433,b/', { host: '::1,b', port: '5433,' }],
    ['postgresql://%2Fvar%2Flib%2Fpostgresql/db', { host: '/var/lib/postgresql', dbname: 'db' }],
    ['postgresql:///db?host=/tmp', { dbname: 'db', host: '/tmp' }],
    ['postgresql://u%40x:p%3Aw%2F%25@h/d%20b', { user: 'u@x', password: 'p:w/%', host: 'h', dbname: 'd b' }],
    ['postgresql://u:p@ss@h/d', { user: 'u', password: 'p@ss', host: 'h', dbname: 'd' }],
    ['postgresql+psycopg://h/d', { host: 'h', dbname: 'd' }],
    ['postgres+asyncpg://h/d?ssl=require', { host: 'h', dbname: 'd', sslmode: 'require' }],
    [
      'jdbc:postgresql://h/d?user=u&password=p&ssl=true',
      { host: 'h', dbname: 'd', user: 'u', password: 'p', sslmode: 'require' },
    ],
    ['postgres://h/d?sslmode=no-verify', { host: 'h', dbname: 'd', sslmode: 'require' }],
    [
      'postgres://h/d?schema=My%20app&pgbouncer=true&connection_limit=1',
      { host: 'h', dbname: 'd', options: '-c search_path="My\\ app"' },
    ],
    [
      'postgres://h/d?options=-c%20work_mem%3D1GB&schema=a',
      { host: 'h', dbname: 'd', options: '-c work_mem=1GB -c search_path="a"' },
    ],
    ['postgres://h/d?client_encoding=latin1&gssdelegation=0', { host: 'h', dbname: 'd' }],
    ['postgres://h?service=x', { host: 'h', service: 'x' }],
  ])('%s', (url, parameters) => {
    expect(isPostgresUrl(url)).toBe(true);
    expect(parsed(url)).toEqual(parameters);
  });

  test.each([
    ['postgres://u:hidden@h/d?nonsense=1', /unknown parameter "nonsense"/],
    ['postgres://u:hidden@h/d?sslmode', /without =/],
    ['postgres://u:hidden%zz@h/d', /percent-encoding/],
    ['postgres://u:hidden%00@h/d', /percent-encoding/],
    ['postgres://u:hid/den@h/d', /@ behind the host/],
    ['postgres://u:hid?den=1@h/d', /@ behind the host/],
    ['postgres://u:hidden@[::1/d', /malformed host/],
  ])('%s is refused without showing the password', (url, message) => {
    const refusal = () => parseUrl(url);
    expect(refusal).toThrow(UsageError);
    expect(refusal).toThrow(message);
    expect(refusal).not.toThrow(/hid|den/);
  });
});
