import { describe, expect, test } from 'vitest';
import { pgv } from '../support/cli.ts';
import { emptyDatabase } from '../support/databases.ts';
import { noServer } from '../support/servers.ts';
import { temporaryFile } from '../support/temporary.ts';

describe.skipIf(noServer)('a batch over two lanes', () => {
  test('is ended by Ctrl-C, in both lanes and with what each has been sent ahead', async () => {
    const fixture = await emptyDatabase('server');
    const database = await fixture.open();
    await database.query('CREATE EXTENSION vector');
    await database.query('CREATE TABLE docs (id int PRIMARY KEY, embedding vector(3))');
    await database.query(`INSERT INTO docs VALUES (1, '[1,2,3]')`);
    const file = await temporaryFile('queries.jsonl', '{"embedding":[1,2,3]}\n'.repeat(1000));
    const running = async () => {
      const { rows } = await database.query<{ n: number }>(
        `SELECT count(*) AS n FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid() AND wait_event = 'PgSleep'`,
      );
      return rows[0]!.n;
    };
    const bothSearch = expect.poll(running, { timeout: 30_000 }).toBe(2);
    const before = performance.now();
    const result = await pgv(
      ['search', '-t', 'docs', '--file', file, '--jobs', '2', '--where', 'pg_sleep(60) IS NOT NULL'],
      {
        env: { PGV_URL: fixture.url },
        signalAfter: { promise: bothSearch },
      },
    );
    expect(result.code, result.stderr).toBe(130);
    expect(result.stdout).toBe('');
    expect(performance.now() - before).toBeLessThan(55_000);
    await expect.poll(running, { timeout: 10_000 }).toBe(0);
  });
});
