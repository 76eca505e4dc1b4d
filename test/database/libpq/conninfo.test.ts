import { describe, expect, test } from 'vitest';
import { parseConninfo } from '../../../src/database/libpq/conninfo.ts';
import { UsageError } from '../../../src/errors.ts';

describe('a conninfo string', () => {
  test.each([
    ['host=localhost port=5432 dbname=mydb', { host: 'localhost', port: '5432', dbname: 'mydb' }],
    ["dbname='a b' user=me", { dbname: 'a b', user: 'me' }],
    ['  host = localhost  port\t=\n5433  ', { host: 'localhost', port: '5433' }],
    ["password='it\\'s \\\\ here'", { password: "it's \\ here" }],
    ['password=a\\ b', { password: 'a b' }],
    ["password='' host=h", { password: '', host: 'h' }],
    ['password= host=h', { password: 'host=h' }], // as libpq: white space after = is skipped
    ["options='-c geqo=off'", { options: '-c geqo=off' }],
    ['host=a,b port=1,2', { host: 'a,b', port: '1,2' }],
    ['dbname=mydb dbname=other', { dbname: 'other' }],
    ['client_encoding=latin1 host=h', { host: 'h' }],
  ])('%s', (text, parameters) => {
    expect(Object.fromEntries(parseConninfo(text))).toEqual(parameters);
  });

  test.each([
    ["password='hidden host=h", /unterminated/],
    ['password=x hidden', /word without keyword/],
    ['host=h =hidden', /word without keyword/],
    ['host=h nonsense=hidden', /unknown parameter "nonsense"/],
    ['u:hidden=1@h', /an unknown parameter/],
    ["password='hid'den host=h", /unterminated/],
  ])('%s is refused without showing the password', (text, message) => {
    const refusal = () => parseConninfo(text);
    expect(refusal).toThrow(UsageError);
    expect(refusal).toThrow(message);
    expect(refusal).not.toThrow(/hid/);
  });
});
