import { beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { emptyDatabase, type Fixture } from '../support/databases.ts';
import { noServer } from '../support/servers.ts';
import { runInMemory } from './memory-io.ts';

describe.skipIf(noServer)('what pgv vacuum would do without a table', () => {
  let fixture: Fixture;
  let database: Database;
  let role: string;
  let asRole: string;
  beforeAll(async () => {
    fixture = await emptyDatabase('server');
    database = await fixture.open();
    const url = new URL(fixture.url);
    role = `${url.pathname.slice(1)}_owner`;
    url.username = role;
    asRole = url.href;
    await database.query(`CREATE EXTENSION vector; CREATE SCHEMA closed; CREATE ROLE ${role} LOGIN;
      CREATE TABLE closed.a (id int, v vector(3)); CREATE TABLE b (id int, v vector(3)); CREATE TABLE c (id int, v vector(3));
      ALTER TABLE c OWNER TO ${role}`);
    return async () => {
      await database.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    };
  });

  /** While another session has table b all alone. */
  async function locked(url: string, ...flags: string[]) {
    const holder = await fixture.open();
    return holder.transaction(async (session) => {
      await session.query('LOCK TABLE b');
      return runInMemory(['vacuum', '-d', url, '--lock-timeout', '200ms', ...flags], { cwd: '/' });
    });
  }

  test('a table that is locked is told of, and the others are shown', async () => {
    const { code, out, err } = await locked(fixture.url, '--dry-run');
    expect({ code, out }).toEqual({ code: 4, out: '' });
    expect(err).toMatch(/b was not vacuumed: it is in use: session \d+ /);
    expect(err).toMatch(/would vacuum c \(/);
    expect(err).toMatch(/would vacuum closed\.a \(/);
    const sql = await locked(fixture.url, '--sql');
    expect(sql.code).toBe(4);
    expect(sql.out.split('\n').sort()).toEqual([
      '',
      'VACUUM (ANALYZE) "closed"."a";',
      'VACUUM (ANALYZE) "public"."c";',
    ]);
  });

  test('one that the role may not vacuum is left out, and one that is locked then told of', async () => {
    const preview = (...flags: string[]) => runInMemory(['vacuum', '-d', asRole, ...flags], { cwd: '/' });
    expect(await preview('--dry-run')).toEqual({
      code: 0,
      out: '',
      err: expect.stringMatching(/^b is left out: the role may not vacuum it\nwould vacuum c \(.*\)\n$/),
    });
    expect(await preview('b', '--dry-run')).toMatchObject({
      code: 4,
      err: expect.stringContaining('the role may not'),
    });
    // The statements may be for somebody else.
    expect(await preview('b', '--sql')).toMatchObject({ code: 0, out: 'VACUUM (ANALYZE) "public"."b";\n' });
    const tables = async (shown: Promise<{ out: string }>) => JSON.parse((await shown).out).tables;
    expect(await tables(preview('--dry-run', '--json'))).toMatchObject([
      { table: 'b', status: 'not-allowed', error: { code: 'not-allowed' }, before: null, indexes: [] },
      { table: 'c', status: 'would-vacuum', error: null, before: { rows: 0 } },
    ]);
    expect(await tables(locked(asRole, '--dry-run', '--json'))).toMatchObject([
      { table: 'b', status: 'failed', error: { message: 'b was not vacuumed: it is in use' }, before: null },
      { table: 'c', status: 'would-vacuum' },
    ]);
    await database.query('ALTER TABLE c OWNER TO CURRENT_USER');
    const none = await preview('--dry-run');
    await database.query(`ALTER TABLE c OWNER TO ${role}`);
    expect(none).toMatchObject({
      code: 4,
      err: expect.stringContaining('the role may vacuum none of the tables with vectors'),
    });
  });

  test('a part of a table, and the right to maintain it, are enough', async () => {
    await database.query(`CREATE TABLE parts (id int, v vector(3)) PARTITION BY LIST (id);
      CREATE TABLE part PARTITION OF parts DEFAULT; CREATE TABLE kept (id int, v vector(3));
      ALTER TABLE part OWNER TO ${role}`);
    const preview = (table: string) =>
      runInMemory(['vacuum', table, '-d', asRole, '--dry-run'], { cwd: '/' });
    const parts = await preview('parts');
    const without = await preview('kept');
    const { rows } = await database.query<{ version: number }>(
      "SELECT current_setting('server_version_num')::int4 AS version",
    );
    const maintains = rows[0]!.version >= 170000;
    if (maintains) await database.query(`GRANT MAINTAIN ON kept TO ${role}`);
    const maintained = await preview('kept');
    await database.query('DROP TABLE parts, kept');
    expect(parts.err).toMatch(/^would vacuum parts/);
    expect(without.code).toBe(4);
    expect(maintained.code).toBe(maintains ? 0 : 4);
  });
});
