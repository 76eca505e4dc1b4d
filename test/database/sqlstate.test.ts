import { describe, expect, test } from 'vitest';
import { connect } from '../../src/database/connect.ts';
import { resolveTarget } from '../../src/database/resolve.ts';
import { copyContext, toPgvError } from '../../src/database/sqlstate.ts';
import { DatabaseError, DataError, UsageError } from '../../src/errors.ts';
import { eachDatabase, withoutPgvector } from '../support/databases.ts';
import { noOwnServer } from '../support/servers.ts';

const serverError = (fields: object) =>
  Object.assign(new Error('it failed'), { severity: 'ERROR', code: 'XX000' }, fields);

describe("COPY's context", () => {
  test.each([
    ['COPY docs, line 3, column embedding: "[1,2"', { line: 3, column: 'embedding' }],
    ['COPY docs, line 3', { line: 3, column: undefined }],
    ['COPY docs, line 3: "a,b,c"', { line: 3, column: undefined }],
    ['COPY docs, line 12, column a: null input', { line: 12, column: 'a' }],
    ['COPY docs, line 2, column embedding', { line: 2, column: 'embedding' }],
    ['COPY my docs, line 2, column a, b: c: "x, line 9"', { line: 2, column: 'a, b: c' }],
    [
      'JSON data, line 1: {"a":...\nCOPY docs, line 7, column meta: "{""a"": x}"',
      { line: 7, column: 'meta' },
    ],
    ['COPY docs, line 5, column t: "two\nlines, line 6"', { line: 5, column: 't' }],
    ['SQL statement "COPY"', undefined],
    ['', undefined],
  ])('%j', (where, context) => {
    const error = serverError({ code: '22P02', where });
    expect(copyContext(error)).toEqual(context);
    expect(copyContext(toPgvError(error))).toEqual(context);
  });

  test('is none in other errors', () => {
    expect(copyContext(new Error('COPY docs, line 3'))).toBeUndefined();
    expect(copyContext(new UsageError('x'))).toBeUndefined();
    expect(copyContext(undefined)).toBeUndefined();
  });
});

describe('an error', () => {
  test.each([
    ['22P02', DataError],
    ['23505', DataError],
    ['42P01', DatabaseError],
    ['53100', DatabaseError],
    ['08006', DatabaseError],
  ])('%s is of its class', (code, type) => {
    const error = toPgvError(serverError({ code }));
    expect(error).toBeInstanceOf(type);
    expect(error).toMatchObject({ sqlstate: code, message: 'it failed' });
  });

  test("has what the caller knows, and the server's detail", () => {
    const error = toPgvError(
      serverError({
        code: '23502',
        detail: 'Failing row contains (1, null).',
        hint: 'server hint',
        column: 'b',
      }),
      { file: 'data.csv', row: 7 },
    );
    expect(error).toMatchObject({
      message: 'it failed: Failing row contains (1, null)',
      hint: 'server hint',
      file: 'data.csv',
      row: 7,
      column: 'b',
    });
  });

  test('ownership is not said to be granted', () => {
    const hint = (message: string) =>
      (toPgvError(Object.assign(new Error(message), { severity: 'ERROR', code: '42501' })) as DatabaseError)
        .hint;
    expect(hint('must be owner of table late')).toMatch(/^its owner may/);
    expect(hint('permission denied for table late')).toMatch(/^have it granted/);
  });

  test('of ours stays as it is', () => {
    const error = new UsageError('x');
    expect(toPgvError(error)).toBe(error);
  });

  test.each([
    [{ code: 'ECONNREFUSED' }, /^db:1 refuses connections$/, 'no-server', /embedded database/],
    [{ code: 'ENOTFOUND' }, /^db:1 cannot be found/, 'no-server', /host and the port/],
    [{ code: 'ENOENT' }, /^db:1 does not exist/, 'no-server', /host and the port/],
    [{ code: 'ECONNRESET' }, /^the connection to db:1 was lost$/, 'connection-lost', /again/],
    [{ message: 'Connection terminated unexpectedly' }, /was lost/, 'connection-lost', /again/],
    [{ message: 'timeout expired' }, /did not answer in time/, 'no-server', /connect_timeout/],
    [
      { code: 'DEPTH_ZERO_SELF_SIGNED_CERT', message: 'self-signed certificate' },
      /certificate of db:1 is not accepted/,
      'tls',
      /sslrootcert/,
    ],
  ])('of the network: %j', (fields, message, code, hint) => {
    const error = toPgvError(Object.assign(new Error('x'), fields), { address: 'db:1' });
    expect(error).toBeInstanceOf(DatabaseError);
    expect(error.message).toMatch(message);
    expect(error.code).toBe(code);
    expect(error.hint).toMatch(hint);
  });

  test("of several addresses is the first one's", () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    expect(toPgvError(new AggregateError([refused])).code).toBe('no-server');
  });
});

eachDatabase((fixture) => {
  test('a type that is not there: pgvector is not created', async () => {
    const database = await fixture.open();
    await expect(database.query("SELECT '[1]'::vector")).rejects.toMatchObject({
      name: 'DatabaseError',
      sqlstate: '42704',
      code: 'no-pgvector',
      hint: expect.stringContaining('pgv init'),
    });
  });

  test("a duplicate key is the data's fault", async () => {
    const database = await fixture.open();
    await database.query('CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)');
    await expect(database.query('INSERT INTO t VALUES (1)')).rejects.toMatchObject({
      name: 'DataError',
      sqlstate: '23505',
      message: 'duplicate key value violates unique constraint "t_pkey": Key (id)=(1) already exists',
    });
    await database.query('DROP TABLE t');
  });
});

test.skipIf(noOwnServer)('a server without pgvector: how to install it for its version', async () => {
  const url = await withoutPgvector();
  const database = await connect(resolveTarget({ url, env: {}, cwd: '/' }), { mayCreate: false });
  try {
    await expect(database.query('CREATE EXTENSION vector')).rejects.toMatchObject({
      name: 'DatabaseError',
      code: 'no-pgvector',
      sqlstate: '0A000',
      hint: expect.stringContaining('apt install postgresql-17-pgvector'),
    });
  } finally {
    await database.close();
  }
});
