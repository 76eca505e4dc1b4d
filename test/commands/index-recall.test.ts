import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { emptyDatabase, type Fixture } from '../support/databases.ts';
import { loadPackages, packageQueries } from '../support/packages.ts';
import { noServer } from '../support/servers.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { runInMemory } from './memory-io.ts';

describe.skipIf(noServer)('pgv index recall', () => {
  let fixture: Fixture;
  let cwd: string;
  beforeAll(async () => {
    fixture = await emptyDatabase('server');
    cwd = await temporaryDirectory();
    const database = await fixture.open();
    await loadPackages(database);
    await database.query('CREATE INDEX packages_hnsw ON packages USING hnsw (embedding vector_cosine_ops)');
    const lines = (await packageQueries()).map(({ vector }) => JSON.stringify({ embedding: vector }));
    await writeFile(path.join(cwd, 'queries.jsonl'), `${lines.join('\n')}\n`);
    await writeFile(path.join(cwd, 'short.jsonl'), '{"embedding":[1,2]}\n');
    await writeFile(path.join(cwd, 'empty.jsonl'), '');
  });

  const recall = (...args: string[]) => runInMemory(['index', 'recall', '-d', fixture.url, ...args], { cwd });

  test('a row for people, a document for scripts', async () => {
    const { code, out, err } = await recall('--sample', '100');
    expect(code).toBe(0);
    // A thousand rows are compared sooner than a graph is walked.
    expect(err).toMatch(
      /^warning: the planner does not use index packages_hnsw for these searches by itself: .*\n$/,
    );
    expect(out).toMatch(/^index +recall@10 +95 % +p50 ms +p95 ms +queries +settings\n/);
    expect(out).toMatch(/\npackages_hnsw +[01]\.\d{3} +[01]\.\d{3}–[01]\.\d{3} .* 100 +ef_search 40/);
    const json = await recall('packages_hnsw', '--queries', 'queries.jsonl', '-k', '5', '--json');
    expect(json.code).toBe(0);
    expect(JSON.parse(json.out)).toMatchObject({
      table: 'packages',
      column: 'embedding',
      index: 'packages_hnsw',
      type: 'hnsw',
      metric: 'cosine',
      k: 5,
      where: null,
      efSearch: 40,
      planned: expect.any(Boolean),
      recall: expect.any(Number),
      recallLow: expect.any(Number),
      recallHigh: expect.any(Number),
      p50Ms: expect.any(Number),
      p95Ms: expect.any(Number),
    });
  });

  test('--min is a gate: 0, or 1 with a line that says why', async () => {
    expect(await recall('--queries', 'queries.jsonl', '--min', '0.5', '-q')).toMatchObject({ code: 0 });
    const options = encodeURIComponent('-c hnsw.ef_search=2');
    const url = `${fixture.url}?options=${options}`;
    const args = ['index', 'recall', '-d', url, '--queries', 'queries.jsonl', '--min', '0.95'];
    const failed = await runInMemory(args, { cwd });
    expect(failed.code).toBe(1);
    expect(failed.err).toMatch(/recall@10 of packages_hnsw is 0\.\d{3}, below 0\.95\n$/);
    const json = await runInMemory([...args, '--json'], { cwd });
    expect(json.code).toBe(1);
    expect(JSON.parse(json.out)).toMatchObject({ min: 0.95, passed: false, efSearch: 2 });
  });

  test.each<[string[], number, RegExp]>([
    [['--queries', 'queries.jsonl', '--sample', '50'], 2, /--queries and --sample exclude each other/],
    [['--dataset', 'x'], 2, /--dataset is about a file of queries/],
    [['--queries', 'nowhere.npy'], 2, /nowhere\.npy/],
    [['--queries', 'short.jsonl'], 3, /short\.jsonl, row 1, column embedding: .*64/],
    [['--queries', 'empty.jsonl'], 3, /empty\.jsonl/],
    [['--min', '1.5'], 2, /a number from 0\.001 to 1/],
    [['--sample', '3'], 2, /whole number from 10/],
    [['--where', 'nope'], 2, /column "nope" does not exist/],
    [['--where', 'false'], 2, /no row to search with[\s\S]*--where/],
    [['nothing'], 2, /index nothing does not exist/],
    [['packages_pkey'], 2, /packages_pkey is a btree index of packages/],
    [['--role', 'nobody at all'], 2, /role nobody at all does not exist/],
    [['--tenant', 'a'], 2, /column tenant_id does not exist/],
  ])('%j is refused', async (args, code, message) => {
    const result = await recall(...args);
    expect(result.err).toMatch(message);
    expect(result).toMatchObject({ code, out: '' });
  });
});
