import { expect, test } from 'vitest';
import { connect } from '../../src/database/connect.ts';
import { resolveTarget } from '../../src/database/resolve.ts';
import { pgv } from '../support/cli.ts';
import { emptyDatabase } from '../support/databases.ts';
import { load } from '../support/load.ts';
import { collectReports } from '../support/reports.ts';
import { noServer } from '../support/servers.ts';
import { scratch } from '../support/temporary.ts';
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

test.skipIf(noServer !== null).each<['stall' | 'deaf']>([['stall'], ['deaf']])(
  'a connection that nothing comes through any more is given up, a server that works is not: %s',
  async (lost) => {
    const fixture = await emptyDatabase('server');
    const database = await fixture.open();
    // Each row of the first piece takes its time, in which nothing is heard.
    await database.query(`CREATE TABLE docs (id bigint PRIMARY KEY, t text);
      CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(2); RETURN NEW; END $$;
      CREATE TRIGGER slow BEFORE INSERT ON docs FOR EACH ROW WHEN (NEW.id = 0) EXECUTE FUNCTION wait()`);
    let commits = 0;
    // The next piece is claimed behind it.
    const isPiece = (sent: string) => /pieces_stored.*COMMIT.*BEGIN/s.test(sent);
    const proxy = await cuttingProxy(fixture.url, (sent) =>
      isPiece(sent) && commits++ === 0 ? lost : 'pass',
    );
    const through = await connect(resolveTarget({ url: proxy.url, env: {}, cwd: scratch }), {
      mayCreate: false,
    });
    const reporter = collectReports();
    const file = `id,t\n${Array.from({ length: 500 }, (_, id) => `${id},x\n`).join('')}`;
    const options = { table: 'docs', pieceLength: 1000, stallAfter: 700, reporter };
    expect(await load(through, file, options)).toMatchObject({ rows: 500, inserted: 500 });
    await through.close();
    expect(proxy.cuts()).toBe(1);
    expect(reporter.warnings.join()).toMatch(/was lost; trying again/);
    expect(reporter.warnings).toHaveLength(1);
    expect((await database.query('SELECT count(*) AS n FROM docs')).rows).toEqual([{ n: 500 }]);
  },
);
