import { readdirSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { ensureExtension } from '../../src/operations/extension.ts';
import { pgv, type RunOptions } from '../support/cli.ts';
import { emptyDatabase, type Fixture } from '../support/databases.ts';
import { noServer } from '../support/servers.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { runInMemory } from './memory-io.ts';

test('databases that are not named, or twice', async () => {
  const fails = async (args: string[], env: Record<string, string> = {}) => {
    const { code, err } = await runInMemory(['copy', ...args], { env });
    expect(code).toBe(2);
    return err;
  };
  expect(await fails([])).toContain('no database is named to copy from');
  expect(await fails(['pglite:'])).toContain('no database is named to copy to');
  expect(await fails(['pglite:'], { PGV_TO: ' ' })).toContain('PGV_TO is set but empty');
  expect(await fails(['pglite:', 'pglite:', '--to', 'pglite:'])).toContain('named twice');
  expect(await fails(['pglite:./x', '--to', 'pglite:x/../x'])).toContain('both are one embedded database');
  expect(await fails(['--from', 'ftp://u:secret@h/d', '--to', 'pglite:'])).not.toContain('secret');
});

describe.skipIf(noServer !== null)('on a server', () => {
  let source: Fixture;
  let target: Fixture;
  let from: Database;
  let to: Database;

  beforeAll(async () => {
    [source, target] = [await emptyDatabase('server'), await emptyDatabase('server')];
    [from, to] = [await source.open(), await target.open()];
    for (const database of [from, to]) await ensureExtension(database);
    // About 45 MB: some pieces.
    await from.query(
      `CREATE TABLE wide (id int PRIMARY KEY, t text, v vector(2)); ALTER TABLE wide ALTER t SET STORAGE plain;
       INSERT INTO wide SELECT i, repeat(md5(i::text), 60), '[1,2]' FROM generate_series(1, 22000) i; CREATE INDEX near ON wide USING hnsw (v vector_l2_ops)`,
    );
  });

  const slowly = ['--where', 'id < 13000 OR id % 4 > 0 OR pg_sleep(0.001) IS NOT NULL'];
  const copy = (args: readonly string[], options?: RunOptions) =>
    pgv(['copy', source.url, target.url, '-t', 'wide', ...args], options);
  const count = async (table: string) =>
    (await to.query<{ n: number }>(`SELECT count(*) AS n FROM ${table}`)).rows[0]!.n;
  /** Ended once some pieces are stored: then the rows come slowly. */
  const endedBy = (signal: NodeJS.Signals, args: readonly string[]) =>
    copy([...slowly, '--jobs', '1', '--progress', 'json', ...args], {
      signalAfter: { output: /"rows":1\d{4},/, signal },
    });

  test('a table that is not there makes no database for it', async () => {
    const cwd = await temporaryDirectory();
    const { code, stderr } = await pgv(['copy', source.url, 'pglite:./new', '-t', 'typo'], { cwd });
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('typo') });
    expect(readdirSync(cwd)).toEqual([]);
  });

  test('the summary, and the variables', async () => {
    const env = { PGV_FROM: source.url, PGV_TO: target.url };
    const { code, stdout, stderr } = await pgv(['copy', '-t', 'wide', '--where', 'id <= 10', '--json'], {
      env,
    });
    expect(code, stderr).toBe(0);
    const name = (fixture: Fixture) => new URL(fixture.url).pathname.slice(1);
    expect(JSON.parse(stdout)).toMatchObject({
      database: expect.stringContaining(name(target)),
      from: expect.stringContaining(name(source)),
      to: expect.stringContaining(name(target)),
      table: 'wide',
      rows: 10,
      indexes: ['near'],
      snapshot: expect.any(String),
    });
    expect(stderr).toMatch(/^database: .*\ncopying public\.wide from /);
    const again = await copy([]);
    expect(again.code).toBe(2);
    expect(again.stderr).toContain('holds rows already');
  });

  test('--dry-run', async () => {
    const args = ['--to-table', 'dry', '--type', 'halfvec', '--dry-run'];
    const { code, stdout, stderr } = await copy(args);
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('"v" halfvec(2)');
    expect(stdout).toContain('USING hnsw (v halfvec_l2_ops)');
    expect(JSON.parse((await copy([...args, '--json'])).stdout)).toMatchObject({
      table: 'dry',
      truncate: false,
      through: 'pieces',
      values: 'binary',
      columns: [{ column: 'id', type: 'integer', sent: '"id"' }, {}, { sent: '("v")::"public"."halfvec"' }],
    });
    expect((await to.query("SELECT to_regclass('dry') AS made")).rows).toEqual([{ made: null }]);
  });

  test('kill -9: a table that the copy had made is made again', async () => {
    const args = ['--to-table', 'killed'];
    expect((await endedBy('SIGKILL', args)).signal).toBe('SIGKILL');
    expect(await count('killed')).toBeGreaterThan(0);
    const { code, stderr } = await copy(args);
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('beginning the load of public.wide of');
    expect(await count('killed')).toBe(22_000);
    expect((await to.query("SELECT indexname FROM pg_indexes WHERE tablename = 'killed'")).rows).toHaveLength(
      2,
    );
  });

  test('kill -9: a table that was there is left as it is, with the reason', async () => {
    await to.query(
      "CREATE TABLE there (id int PRIMARY KEY, t text, v vector(2)); INSERT INTO there VALUES (-1, 'mine', NULL)",
    );
    const args = ['--to-table', 'there', '--on-conflict', 'error'];
    expect((await endedBy('SIGKILL', args)).signal).toBe('SIGKILL');
    const stored = await count('there');
    const refused = await copy(args);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(
      /a copy was interrupted before, and this one cannot take back the [\d,]+ rows/,
    );
    expect(refused.stderr).toContain('--truncate empties the table first');
    expect(await count('there')).toBe(stored);
    const { code, stderr } = await copy(['--to-table', 'there', '--on-conflict', 'skip']);
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/^copied .* · [\d,]+ rows skipped$/m);
    expect(await count('there')).toBe(22_001);
  });

  test('kill -9 of a copy that is all or nothing leaves nothing', async () => {
    const args = ['--to-table', 'whole', '--atomic'];
    expect((await endedBy('SIGKILL', args)).signal).toBe('SIGKILL');
    expect(await count('whole')).toBe(0);
    const { code, stderr } = await copy(args);
    expect(code, stderr).toBe(0);
    expect(await count('whole')).toBe(22_000);
    expect((await to.query("SELECT relname FROM pg_class WHERE relname LIKE 'staging_%'")).rows).toEqual([]);
  });

  test('Ctrl-C', async () => {
    const { code, stderr } = await endedBy('SIGINT', ['--to-table', 'stopped']);
    expect(code, stderr).toBe(130);
    expect(stderr).toMatch(/rows are stored in stopped already; the same command begins again/);
    for (const database of [from, to]) {
      const { rows } = await database.query(
        "SELECT query FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'pgv' AND query ~ 'COPY'",
      );
      expect(rows).toEqual([]);
    }
  });

  test('a server that is not there, and a role without rights', async () => {
    const gone = await pgv(['copy', 'postgres://u:secret@127.0.0.1:1/x', target.url, '-t', 'wide']);
    expect(gone.code).toBe(4);
    expect(gone.stderr).not.toContain('secret');
    const role = `${new URL(target.url).pathname.slice(1)}_reader`;
    await to.query(`CREATE ROLE ${role} LOGIN`);
    const url = new URL(target.url);
    url.username = role;
    const { code, stderr } = await pgv(['copy', source.url, url.href, '-t', 'wide', '--to-table', 'mine']);
    await to.query(`DROP ROLE ${role}`);
    expect(code).toBe(4);
    expect(stderr).toContain('permission denied for schema public');
  });
});
