import { describe, expect, test, vi } from 'vitest';
import { run } from '../../commands/program.ts';
import { eachDatabase } from '../support/databases.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { memoryIo, runInMemory } from './memory-io.ts';

const statement = `SELECT 1 AS id, 'a "b", c' AS text, NULL AS nothing, true AS flag, 9007199254740993 AS big,
  'NaN'::float8 AS nan, '{"a": [1]}'::jsonb AS json`;

eachDatabase((database) => {
  const sql = (...args: string[]) => runInMemory(['sql', ...args], { env: { PGV_URL: database.url } });

  test('shows a table', async () => {
    const { code, out, err } = await sql(
      "SELECT 1 AS id, 'one' AS name UNION ALL VALUES (20, NULL) ORDER BY 1",
    );
    expect(out).toBe('id  name\n──  ────\n 1  one\n20  NULL\n(2 rows)\n');
    expect(code).toBe(0);
    expect(err).toMatch(/^database: .+\n$/);
  });

  test('--json is one document; what JavaScript cannot count is text, NaN is null', async () => {
    const { code, out, err } = await sql(statement, '--json', '--quiet');
    expect([code, err]).toEqual([0, '']);
    expect(JSON.parse(out)).toEqual({
      database: expect.any(String),
      rowCount: 1,
      rows: [
        {
          id: 1,
          text: 'a "b", c',
          nothing: null,
          flag: true,
          big: '9007199254740993',
          nan: null,
          json: { a: [1] },
        },
      ],
    });
  });

  test('--csv has a header and quotes where it must', async () => {
    const { out } = await sql(statement, '--csv');
    expect(out).toBe(
      'id,text,nothing,flag,big,nan,json\n1,"a ""b"", c",,t,9007199254740993,NaN,"{""a"":[1]}"\n',
    );
  });

  test('- reads the statement from stdin', async () => {
    const io = memoryIo({ env: { PGV_URL: database.url }, input: 'SELECT 42 AS answer\n' });
    expect(await run(['sql', '-'], io)).toBe(0);
    expect(io.out()).toContain('42');
  });

  test('--verbose tells the statement and its time on stderr', async () => {
    const { out, err } = await sql('SELECT 7 AS n', '--verbose', '--json');
    expect(JSON.parse(out).rows).toEqual([{ n: 7 }]);
    expect(err).toMatch(/SELECT 7 AS n\n {2}-- \d+\.\d ms, 1 row\n/);
  });

  test.each([
    ['SELEC 1', 4, '42601'],
    ["SELECT 'x'::int", 3, '22P02'],
    ['SELECT 1/0', 3, '22012'],
  ])('%s: exit %i and the SQLSTATE', async (text, code, sqlstate) => {
    const failed = await sql(text, '--json');
    expect(failed.code).toBe(code);
    expect(failed.err).toContain(`(SQLSTATE ${sqlstate})`);
    expect(JSON.parse(failed.out).error.sqlstate).toBe(sqlstate);
  });

  test('an interrupt ends a running statement', async () => {
    const io = memoryIo({ env: { PGV_URL: database.url } });
    const running = run(['sql', 'SELECT pg_sleep(60)'], io);
    await vi.waitFor(() => expect(io.err()).toContain('database: '), { timeout: 30_000, interval: 50 });
    const asked = Date.now();
    setTimeout(() => io.interrupt(), 300);
    expect(await running).toBe(130);
    expect(Date.now() - asked).toBeLessThan(20_000);
    expect(io.err()).toMatch(/\npgv: interrupted\n$/);
    if (database.kind === 'server') {
      const { out } = await sql(
        "SELECT count(*)::int AS n FROM pg_stat_activity WHERE query LIKE '%sleep(6%' AND pid <> pg_backend_pid()",
        '--csv',
      );
      expect(out).toBe('n\n0\n');
    }
  });
});

describe('without a database named', () => {
  test('creates no .pgv', async () => {
    const cwd = await temporaryDirectory();
    const { code, err } = await runInMemory(['sql', 'SELECT 1'], { cwd });
    expect(code).not.toBe(0);
    expect(err).toMatch(/\nhint: /);
  });

  test('an interrupt while waiting for stdin ends the wait', async () => {
    const io = memoryIo();
    const running = run(['sql', '-'], io);
    setTimeout(() => io.interrupt('SIGTERM'), 50);
    expect(await running).toBe(143);
  });
});
