import { expect, test } from 'vitest';
import { pgv } from '../support/cli.ts';
import { emptyDatabase } from '../support/databases.ts';
import { noServer } from '../support/servers.ts';
import { bigCsv, contentsOf, contentsOfWhole } from './corpus.ts';
import { cuttingProxy } from './cutting-proxy.ts';

test.skipIf(noServer !== null).each<[cut: 'before' | 'after', flags: string[]]>([
  ['after', []],
  ['before', []],
  ['after', ['--atomic']],
  ['before', ['--on-conflict', 'update']],
])('a connection that is cut %s its COMMIT is out: %j', async (cut, flags) => {
  const corpus = await bigCsv(12_000);
  const fixture = await emptyDatabase('server');
  let commits = 0;
  // Every second COMMIT, that of the load's end among them.
  const proxy = await cuttingProxy(fixture.url, () => (commits++ % 2 === 1 ? cut : 'pass'));
  const result = await pgv(['ingest', corpus.path, '-t', 'docs', '-d', proxy.url, '--json', ...flags]);
  expect(result.stderr).toContain('trying again');
  expect(JSON.parse(result.stdout)).toMatchObject({ rows: corpus.rows, inserted: corpus.rows });
  expect(proxy.cuts()).toBeGreaterThan(2);
  const database = await fixture.open();
  expect(await contentsOf(database, 'docs')).toEqual(contentsOfWhole(corpus));
});
