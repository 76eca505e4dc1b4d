import { beforeAll, describe, expect, test } from 'vitest';
import { connect } from '../../../src/database/connect.ts';
import type { Database } from '../../../src/database/database.ts';
import { resolveTarget } from '../../../src/database/resolve.ts';
import { type CopySummary, copyTable } from '../../../src/operations/copy/copy.ts';
import type { CopyOptions } from '../../../src/operations/copy/options.ts';
import { cuttingProxy } from '../../exactly-once/cutting-proxy.ts';
import { afterwards } from '../../support/afterwards.ts';
import { emptyDatabase, type Fixture } from '../../support/databases.ts';
import { silencingProxy } from '../../support/proxy.ts';
import { collectReports, type Reports } from '../../support/reports.ts';
import { noServer } from '../../support/servers.ts';
import { scratch } from '../../support/temporary.ts';

async function open(url: string): Promise<Database> {
  const database = await connect(resolveTarget({ url, env: {}, cwd: scratch }), { mayCreate: false });
  afterwards(() => database.close().catch(() => {}));
  return database;
}

const sum = "SELECT count(*) || ' ' || md5(string_agg(i || t, ',' ORDER BY i)) AS sum FROM";
const sumOf = async (database: Database, table: string) => (await database.query(`${sum} ${table}`)).rows[0];

describe.skipIf(noServer !== null)('a copy whose', () => {
  let source: Fixture;
  let from: Database;

  beforeAll(async () => {
    source = await emptyDatabase('server');
    from = await source.open();
    // About 26 MB: three ranges.
    await from.query(`CREATE TABLE wide (i int, t text); ALTER TABLE wide ALTER t SET STORAGE plain;
      INSERT INTO wide SELECT i, repeat(md5(i::text), 60) FROM generate_series(1, 13000) i; ANALYZE wide;
      CREATE VIEW shown AS SELECT * FROM wide WHERE i < 2000`);
  });

  async function copied(
    fromUrl: string,
    toUrl: string,
    options: Partial<CopyOptions>,
  ): Promise<CopySummary & { reports: Reports }> {
    const reports = collectReports();
    const request = { table: 'wide', jobs: 2, ...options };
    const [reading, writing] = [await open(fromUrl), await open(toUrl)];
    const { signal } = new AbortController();
    return { ...(await copyTable(reading, writing, request, reports, signal)), reports };
  }

  const readers = `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY (%'
    AND state = 'active'`;

  test.each<[what: string, options: Partial<CopyOptions>]>([
    ['lanes write what they read', {}],
    ['lanes of their own read', { atomic: true }],
    ['one lane reads a view', { table: 'shown' }],
  ])('source goes silent is read again: %s', async (_, options) => {
    const target = await emptyDatabase('server');
    const proxy = await silencingProxy(source.url, { after: 2 ** 20, times: 2 });
    const { reports } = await copied(proxy.url, target.url, {
      stallAfter: 300,
      toTable: 'there',
      ...options,
    });
    expect(proxy.lost()).toBeGreaterThan(0);
    expect(reports.warnings.join()).toMatch(/was lost; trying again/);
    expect(await sumOf(await target.open(), 'there')).toEqual(await sumOf(from, options.table ?? 'wide'));
    // Who was lost would hold the table and the moment until the server notices.
    expect((await from.query(readers)).rows).toEqual([]);
  });

  test.each([
    ['lanes write what they read', 'i > 1 OR pg_sleep(1.5) IS NOT NULL', {}],
    ['a lane of its own reads', 'i > 1 OR pg_sleep(1.5) IS NOT NULL', { atomic: true }],
  ])('source is long in giving a row is waited for: %s', async (_, where, options) => {
    const target = await emptyDatabase('server');
    const { rows, reports } = await copied(source.url, target.url, { stallAfter: 200, where, ...options });
    expect(rows).toBe(13_000);
    expect(reports.warnings).toEqual([]);
  });

  test('target loses a COMMIT has the bytes that it has without', async () => {
    const [calm, troubled] = [await emptyDatabase('server'), await emptyDatabase('server')];
    const { bytes } = await copied(source.url, calm.url, {});
    let commits = 0;
    const proxy = await cuttingProxy(troubled.url, () => (commits++ % 2 === 1 ? 'after' : 'pass'));
    const { reports, ...again } = await copied(source.url, proxy.url, {});
    expect(proxy.cuts()).toBeGreaterThan(0);
    expect(again).toMatchObject({ rows: 13_000, bytes });
  });
});
