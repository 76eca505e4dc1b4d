import { beforeAll, describe, expect, test } from 'vitest';
import { emptyDatabase, type Fixture } from '../support/databases.ts';
import { loadPackages } from '../support/packages.ts';
import { noServer } from '../support/servers.ts';
import { runInMemory } from './memory-io.ts';

// The same on both kinds, and a server answers faster.
describe.skipIf(noServer)('pgv index create', () => {
  let fixture: Fixture;
  const run = (...flags: string[]) =>
    runInMemory(['index', 'create', ...flags], { env: { PGV_URL: fixture.url } });

  beforeAll(async () => {
    fixture = await emptyDatabase('server');
    const database = await fixture.open();
    await loadPackages(database);
    await database.close();
  });

  test('--dry-run tells what would be done, and does nothing', async () => {
    const { code, out, err } = await run('--dry-run', '--memory', '1MB');
    expect({ code, out }).toEqual({ code: 0, out: '' });
    const lines = err.trim().split('\n');
    expect(lines[0]).toBe('would create index packages_embedding_hnsw_cosine on packages');
    expect(lines[1]).toMatch(
      /^packages_embedding_hnsw_cosine: about 1,000 rows, 2 MB of memory, which do not fit into 1 MB, no workers, longer than a second$/,
    );
    expect(lines[2]).toMatch(/^warning: the build of .* give it more with --memory 3MB$/);
    const { out: document } = await run('--dry-run', '--json');
    expect(JSON.parse(document)).toMatchObject({
      table: 'packages',
      index: 'packages_embedding_hnsw_cosine',
      status: 'absent',
      statements: [expect.stringMatching(/^CREATE INDEX CONCURRENTLY .*;$/s)],
    });
  });

  test('--if-rows makes none yet, which is no failure', async () => {
    const few = await run('--if-rows', '1001', '--json');
    expect(few.code).toBe(0);
    expect(JSON.parse(few.out)).toMatchObject({ created: false, status: 'too-few-rows' });
    expect((await run('--if-rows', '1001', '--sql')).out).toBe('');
  });

  test('a quantised index says how it is searched; what comes again is found', async () => {
    const made = await run('--quantize', 'binary', '--workers', '0');
    expect(made.code).toBe(0);
    expect(made.err).toMatch(
      /`pgv search --rerank 200`.*\ncreated index packages_embedding_hnsw_cosine_binary \(/,
    );
    const again = await run('--quantize', 'binary', '--metric', 'l2', '--dry-run');
    expect(again.err).toBe('index packages_embedding_hnsw_cosine_binary is there already\n');
  });

  test.each([
    [['--quantize', 'quarter'], 'Allowed choices are none, half, binary'],
    [['--workers', '-1'], 'from 0 to 1024'],
    [['--if-rows', 'many'], 'a whole number'],
    [['--memory', '2'], 'a size with its unit'],
  ])('%s is wrong usage', async (flags, message) => {
    const { code, err } = await run(...flags);
    expect(code).toBe(2);
    expect(err).toContain(message);
  });
});
