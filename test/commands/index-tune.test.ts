import { beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { emptyDatabase, type Fixture } from '../support/databases.ts';
import { loadPackages } from '../support/packages.ts';
import { noServer } from '../support/servers.ts';
import { runInMemory } from './memory-io.ts';

describe.skipIf(noServer)('pgv index tune', () => {
  let fixture: Fixture;
  let database: Database;
  beforeAll(async () => {
    fixture = await emptyDatabase('server');
    database = await fixture.open();
    await loadPackages(database);
    await database.query('CREATE INDEX packages_hnsw ON packages USING hnsw (embedding vector_cosine_ops)');
  });

  const tune = (...args: string[]) =>
    runInMemory(['index', 'tune', '-d', fixture.url, ...args], { cwd: '/' });

  test('--apply for a role that is not there is refused before anything is measured', async () => {
    const { code, out, err } = await tune('nothing', '--apply', 'role:nobody at all');
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(/role "nobody at all" does not exist/);
  });

  test('--dry-run tells what --apply would set, and sets nothing', async () => {
    const { rows } = await database.query<{ d: string }>('SELECT current_database() AS d');
    const statements = expect.arrayContaining([
      expect.stringMatching(new RegExp(`^ALTER DATABASE "${rows[0]!.d}" SET hnsw\\.ef_search = '\\d+'$`)),
    ]);
    const asked = ['--target-recall', '0.5', '--sample', '60', '--apply', 'database', '--dry-run'];
    const shown = await tune(...asked);
    const json = await tune(...asked, '--json');
    const { rows: left } = await database.query<{ n: number }>(
      `SELECT count(*)::int4 AS n FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
       WHERE d.datname = current_database()`,
    );
    expect(left).toEqual([{ n: 0 }]);
    expect(shown.code).toBe(0);
    expect(shown.err).toMatch(/\nwould apply: ALTER DATABASE ".*" SET hnsw\.ef_search = '\d+'\n/);
    expect(shown.err).not.toMatch(/^database: /);
    const document = JSON.parse(json.out);
    expect(document).toMatchObject({ dryRun: true, wouldApply: { role: null, statements } });
    expect(document).not.toHaveProperty('applied');
    // What would be refused is refused.
    expect((await tune('--apply', 'role:nobody at all', '--dry-run')).code).toBe(2);
  });

  test('queries that are too few are blamed, and not the index; where there is nothing to apply, the exit code is 1', async () => {
    const few = ['--target-recall', '0.98', '--sample', '100'];
    const { code, err } = await tune(...few);
    expect(code).toBe(0);
    expect(err).toMatch(/but 50 queries are not enough to be sure of it; --sample \d+ asks more/);
    const applied = await tune(...few, '--apply', 'role', '--json');
    expect(applied.code).toBe(1);
    expect(applied.err).toMatch(/warning: nothing is applied: no setting reaches the target\n/);
    expect(JSON.parse(applied.out)).toMatchObject({ recommendation: null });
  });

  test.each([[[]], [['--json']]])(
    'what was measured is shown, though applying it fails (%j)',
    async (flags) => {
      const { rows } = await database.query<{ d: string }>('SELECT current_database() AS d');
      const role = `${rows[0]!.d}_gone`;
      await database.query(`CREATE ROLE ${role}`);
      await database.query(`CREATE OR REPLACE FUNCTION loses_role() RETURNS boolean LANGUAGE plpgsql AS $$
      BEGIN
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = '${role}') THEN EXECUTE 'DROP ROLE ${role}'; END IF;
        RETURN true;
      END $$`);
      const { code, out, err } = await tune(
        '--where',
        'loses_role()',
        '--target-recall',
        '0.5',
        '--sample',
        '60',
        '--apply',
        `role:${role}`,
        ...flags,
      );
      expect(code).toBe(2);
      expect(err).toMatch(/role ".*_gone" does not exist/);
      if (flags.length === 0) expect(out).toMatch(/\nnow +ef_search 40/);
      else expect(JSON.parse(out)).toMatchObject({ current: { efSearch: 40 }, error: { sqlstate: '42704' } });
    },
  );
});

test('--dry-run without --apply is refused before a database is opened', async () => {
  const { code, err } = await runInMemory(['index', 'tune', '--dry-run'], {
    env: { PGV_URL: 'postgres://nobody@127.0.0.1:1/none' },
  });
  expect(code).toBe(2);
  expect(err).toMatch(/--dry-run goes with --apply/);
});
