import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { connect } from '../../src/database/connect.ts';
import type { Database } from '../../src/database/database.ts';
import { resolveTarget } from '../../src/database/resolve.ts';
import { DatabaseError } from '../../src/errors.ts';
import { writeFormatNamed } from '../../src/formats/write/formats.ts';
import { type ExportOptions, exportRows } from '../../src/operations/export/export.ts';
import { filePlaces } from '../../src/operations/export/file-places.ts';
import { FileSet, roomForParts } from '../../src/operations/export/file-set.ts';
import { streamPlaces } from '../../src/operations/export/places.ts';
import { type TableRequest, tableSource } from '../../src/operations/export/source.ts';
import { silentReporter } from '../../src/progress.ts';
import { emptyDatabase, type Fixture } from '../support/databases.ts';
import { silencingProxy } from '../support/proxy.ts';
import { collectReports } from '../support/reports.ts';
import { noServer, psqlOn } from '../support/servers.ts';
import { scratch, temporaryDirectory } from '../support/temporary.ts';

const text = { header: true, null: '', delimiter: ',' };

describe.skipIf(noServer !== null)('lanes', () => {
  let fixture: Fixture;
  let database: Database;
  const name = () => new URL(fixture.url).pathname.slice(1);

  beforeAll(async () => {
    fixture = await emptyDatabase('server');
    database = await fixture.open();
    // About 100 MB: a dozen ranges.
    await database.query('CREATE TABLE wide (i int, t text); ALTER TABLE wide ALTER t SET STORAGE plain');
    await database.query(
      'INSERT INTO wide SELECT i, repeat(md5(i::text), 60) FROM generate_series(1, 50000) i',
    );
    await database.query('CREATE TABLE parted (i int, t text) PARTITION BY RANGE (i)');
    await database.query('CREATE TABLE parted_a PARTITION OF parted FOR VALUES FROM (1) TO (20001)');
    await database
      .query('CREATE TABLE "parted B" PARTITION OF parted (t, i) FOR VALUES FROM (20001) TO (50001)')
      .catch(async () => {
        await database.query('CREATE TABLE "parted B" (t text, i int)');
        await database.query(
          'ALTER TABLE parted ATTACH PARTITION "parted B" FOR VALUES FROM (20001) TO (50001)',
        );
      });
    await database.query(
      'INSERT INTO parted SELECT i, repeat(md5(i::text), 20) FROM generate_series(1, 50000) i',
    );
  });

  async function csvOf(
    request: Partial<TableRequest>,
    options: Partial<ExportOptions> = {},
    from: Database = database,
  ): Promise<string[]> {
    const chunks: Buffer[] = [];
    const source = await tableSource(from, { table: undefined, ...request }, silentReporter);
    await exportRows(from, source, {
      format: writeFormatNamed('csv'),
      text: { ...text, header: false },
      places: streamPlaces(async (chunk) => void chunks.push(Buffer.from(chunk))),
      jobs: 3,
      reporter: silentReporter,
      signal: new AbortController().signal,
      ...options,
    });
    return Buffer.concat(chunks).toString().split('\n').slice(0, -1);
  }

  const numbers = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, i) => String(from + i));

  test("every row once, in the table's order", async () => {
    expect(await csvOf({ table: 'wide', columns: ['i'] })).toEqual(numbers(1, 50_000));
    for (const name of ['wide.i', 'public.wide.i']) {
      expect(await csvOf({ table: 'wide', columns: ['i'], where: `${name} % 1000 = 0 -- so` })).toHaveLength(
        50,
      );
    }
  });

  test('lanes that go silent begin their range again, behind the rows that were sent', async () => {
    const proxy = await silencingProxy(fixture.url, { after: 2 ** 20, times: 2 });
    const target = resolveTarget({ url: proxy.url, env: {}, cwd: scratch });
    const from = await connect(target, { mayCreate: false });
    const reporter = collectReports();
    const rows = await csvOf({ table: 'wide', columns: ['i', 't'] }, { stallAfter: 300, reporter }, from);
    expect(rows.map((row) => row.split(',')[0])).toEqual(numbers(1, 50_000));
    expect(proxy.lost()).toBeGreaterThan(0);
    expect(reporter.warnings.join()).toMatch(/was lost; trying again/);
    await from.close();
  });

  test('partitions, also with their columns in another order', async () => {
    expect((await csvOf({ table: 'parted', columns: ['i'] })).sort()).toEqual(numbers(1, 50_000).sort());
    expect(await csvOf({ table: 'parted', columns: ['i'], orderBy: 'i DESC', limit: 3 })).toEqual([
      '50000',
      '49999',
      '49998',
    ]);
  });

  test('tables that inherit, each with its own rows', async () => {
    await database.query('CREATE TABLE parent (i int); CREATE TABLE child (extra int) INHERITS (parent)');
    await database.query('INSERT INTO parent VALUES (1); INSERT INTO child VALUES (2, 3)');
    expect((await csvOf({ table: 'parent' })).sort()).toEqual(['1', '2']);
  });

  test('policies of a partitioned table hold, and so does what a role may not read', async () => {
    await database.query('CREATE TABLE secret (i int, who text) PARTITION BY LIST (who)');
    await database.query("CREATE TABLE secret_a PARTITION OF secret FOR VALUES IN ('a', 'b')");
    await database.query("INSERT INTO secret VALUES (1, 'a'), (2, 'b')");
    await database.query(
      "ALTER TABLE secret ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON secret USING (who = 'a')",
    );
    // Whoever reads the table above is not asked for the policies or the schema of one below.
    await database.query(
      'CREATE TABLE open (i int) PARTITION BY LIST (i); CREATE TABLE guarded PARTITION OF open FOR VALUES IN (1)',
    );
    await database.query('INSERT INTO open VALUES (1); ALTER TABLE guarded ENABLE ROW LEVEL SECURITY');
    await database.query(
      'CREATE SCHEMA inner_one; CREATE TABLE above (i int) PARTITION BY LIST (i); CREATE TABLE inner_one.below PARTITION OF above DEFAULT',
    );
    await database.query('INSERT INTO above VALUES (1)');
    const role = `${name()}_reader`;
    await database.query(
      `CREATE ROLE ${role} LOGIN; GRANT SELECT ON secret, secret_a, open, guarded, above, inner_one.below TO ${role};
       GRANT SELECT (i) ON wide TO ${role}`,
    );
    try {
      const reader = await fixture.open({ user: role });
      expect(await csvOf({ table: 'secret' }, {}, reader)).toEqual(['1,a']);
      expect(await csvOf({ table: 'open' }, {}, reader)).toEqual(['1']);
      expect(await csvOf({ table: 'above' }, {}, reader)).toEqual(['1']);
      expect(await csvOf({ table: 'wide', columns: ['i'], where: 'i < 4' }, {}, reader)).toEqual([
        '1',
        '2',
        '3',
      ]);
      await reader.close();
    } finally {
      await database.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    }
  });

  test('one moment, while others write', async () => {
    await database.query(
      "CREATE TABLE accounts AS SELECT i, 100 AS balance, repeat('x', 2000) AS filler FROM generate_series(1, 20000) i; ALTER TABLE accounts ADD PRIMARY KEY (i)",
    );
    let ended = false;
    const other = await fixture.open();
    const writing = (async () => {
      let transfers = 0;
      for (; !ended; transfers++) {
        const amount = 1 + (transfers % 50);
        const [a, b] = [1 + ((transfers * 7919) % 20_000), 1 + ((transfers * 104_729) % 20_000)];
        await other.query(
          `BEGIN; UPDATE accounts SET balance = balance - ${amount} WHERE i = ${a}; UPDATE accounts SET balance = balance + ${amount} WHERE i = ${b};
           DELETE FROM accounts WHERE i = 20001; INSERT INTO accounts VALUES (20001, 0, 'new'); COMMIT`,
        );
      }
      return transfers;
    })();
    for (let round = 0; round < 3; round++) {
      const rows = await csvOf({ table: 'accounts', columns: ['i', 'balance'] });
      const parsed = rows.map((row) => row.split(',').map(Number) as [number, number]);
      expect(parsed.reduce((sum, [, balance]) => sum + balance, 0)).toBe(2_000_000);
      expect(new Set(parsed.map(([i]) => i)).size).toBe(rows.length);
      expect(rows.length).toBeGreaterThanOrEqual(20_000);
    }
    ended = true;
    expect(await writing).toBeGreaterThan(10);
    await other.close();
  });

  test("the table's order, even where the server would read a table by several processes", async () => {
    await database.query('CREATE TABLE halves (i int, t text) PARTITION BY RANGE (i)');
    await database.query('CREATE TABLE halves_a PARTITION OF halves FOR VALUES FROM (1) TO (20001)');
    await database.query('CREATE TABLE halves_b PARTITION OF halves FOR VALUES FROM (20001) TO (40001)');
    await database.query("INSERT INTO halves SELECT i, repeat('x', 200) FROM generate_series(1, 40000) i");
    await database.query('ANALYZE halves');
    const eager = ['parallel_setup_cost', 'parallel_tuple_cost', 'min_parallel_table_scan_size'];
    for (const setting of eager) await database.query(`ALTER DATABASE ${name()} SET ${setting} = 0`);
    try {
      const other = await fixture.open();
      expect(await csvOf({ table: 'halves', columns: ['i'] }, {}, other)).toEqual(numbers(1, 40_000));
      await other.close();
    } finally {
      await database.query(`ALTER DATABASE ${name()} RESET ALL`);
    }
  });

  describe('a lane whose connection is lost', () => {
    /** Exports while the lanes' connections are ended; the numbers of the rows, and what was said. */
    async function whileCut(table: string, where?: string): Promise<{ ids: string[]; said: string }> {
      const said: string[] = [];
      let written = 0;
      const rows: string[] = [];
      const request = { table, columns: ['i', 't'], where };
      await exportRows(database, await tableSource(database, request, silentReporter), {
        format: writeFormatNamed('csv'),
        text: { ...text, header: false },
        places: streamPlaces(async (chunk) => {
          rows.push(Buffer.from(chunk).toString());
          if (++written !== 3) return;
          await psqlOn(name(), [
            '-c',
            `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY%'`,
          ]);
        }),
        jobs: 2,
        reporter: { ...silentReporter, warn: (line) => said.push(line) },
        signal: new AbortController().signal,
      });
      const lines = rows.join('').split('\n').slice(0, -1);
      return { ids: lines.map((line) => line.slice(0, line.indexOf(','))), said: said.join('\n') };
    }

    test('goes on where it was', async () => {
      const { ids, said } = await whileCut('wide');
      expect(said).toContain('trying again');
      expect(ids).toEqual(numbers(1, 50_000));
    });

    test('does not go on among rows that may be others the next time', async () => {
      // One range that gives more than a lane reads ahead, so that it is cut in its midst.
      await database.query(
        'CREATE TABLE wordy AS SELECT i, repeat(i::text, 20000) AS t FROM generate_series(1, 800) i',
      );
      await expect(whileCut('wordy', 'random() < 0.9')).rejects.toBeInstanceOf(DatabaseError);
      const { ids, said } = await whileCut('wordy');
      expect(said).toContain('trying again');
      expect(ids).toEqual(numbers(1, 800));
    });
  });

  test('a table that was altered while it was waited for is not read as it was before', async () => {
    await database.query('CREATE TABLE altered AS SELECT i FROM generate_series(1, 3) i');
    const other = await fixture.open();
    await other.query('BEGIN');
    await other.query('ALTER TABLE altered ALTER i TYPE bigint');
    const exported = csvOf({ table: 'altered' });
    const waiting = `SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'LOCK TABLE%altered%'`;
    const outcome = expect(exported).rejects.toMatchObject({ code: 'table-altered' });
    await expect.poll(() => psqlOn(name(), ['-Atc', waiting])).toBe('1\n');
    await other.query('COMMIT');
    await outcome;
    expect(await csvOf({ table: 'altered' })).toEqual(['1', '2', '3']);
    await other.close();
  });

  test('the end of the session that held the moment does not matter once lanes see it', async () => {
    const holder = await fixture.open();
    const { rows } = await holder.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    let chunks = 0;
    const ending = async () => {
      if (++chunks === 2) await psqlOn(name(), ['-c', `SELECT pg_terminate_backend(${rows[0]!.pid}, 5000)`]);
    };
    const source = await tableSource(holder, { table: 'wide' }, silentReporter);
    const summary = await exportRows(holder, source, {
      format: writeFormatNamed('csv'),
      text,
      places: streamPlaces(ending),
      jobs: 1,
      reporter: silentReporter,
      signal: new AbortController().signal,
    });
    expect(summary.rows).toBe(50_000);
    expect(chunks).toBeGreaterThan(2);
  });

  test('whoever waits to change the table is not waited behind', async () => {
    const other = await fixture.open();
    let altering: Promise<unknown> | undefined;
    let written = 0;
    const count = csvOf(
      { table: 'wide', columns: ['i'] },
      {
        jobs: 1,
        places: streamPlaces(async () => {
          if (++written === 1) altering = other.query('ALTER TABLE wide ADD COLUMN added int');
          await sleep(20);
        }),
      },
    );
    await count;
    await altering;
    await database.query('ALTER TABLE wide DROP COLUMN added');
    await other.close();
    expect(written).toBeGreaterThan(0);
  });

  test('nothing runs on the server after an interruption', async () => {
    const own = await fixture.open();
    const controller = new AbortController();
    const stuck = csvOf(
      { table: 'wide' },
      {
        places: streamPlaces(async () => {
          controller.abort();
          await sleep(50);
        }),
        signal: controller.signal,
      },
      own,
    );
    await expect(stuck).rejects.toMatchObject({ code: 'interrupted' });
    const running = `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY%' AND state = 'active'`;
    for (let i = 0; i < 50; i++) {
      if ((await psqlOn(name(), ['-Atc', running])).trim() === '0') break;
      await sleep(100);
    }
    expect((await psqlOn(name(), ['-Atc', running])).trim()).toBe('0');
  });

  describe('into several files', () => {
    async function split(directory: string, split: ExportOptions['split'], overwrite = false, jobs = 3) {
      const source = await tableSource(database, { table: 'wide' }, silentReporter);
      return exportRows(database, source, {
        format: writeFormatNamed('csv'),
        text,
        split,
        places: await filePlaces({
          output: 'out/',
          baseName: 'wide',
          ending: '.csv',
          cwd: directory,
          overwrite,
          numbered: true,
        }),
        jobs,
        reporter: silentReporter,
        signal: new AbortController().signal,
      });
    }

    test.each([1, 3])('of so many rows exactly, over %i lanes', async (jobs) => {
      const directory = await temporaryDirectory();
      const { files, rows } = await split(directory, { rows: 7000 }, false, jobs);
      expect(rows).toBe(50_000);
      expect(files.map((file) => file.rows)).toEqual([7000, 7000, 7000, 7000, 7000, 7000, 7000, 1000]);
      expect(files[0]!.path).toBe('out/wide-00001.csv');
      const all = files.flatMap(({ path }) => {
        const [header, ...lines] = readFileSync(join(directory, path), 'utf8').split('\n').slice(0, -1);
        expect(header).toBe('i,t');
        return lines.map((line) => line.slice(0, line.indexOf(',')));
      });
      expect(all).toEqual(numbers(1, 50_000));
    });

    test('a file that is opened after the interruption does not stay', async () => {
      const directory = await temporaryDirectory();
      const places = await filePlaces({
        ...{ output: `${directory}/`, baseName: 'wide', ending: '.csv', cwd: directory },
        ...{ overwrite: false, numbered: true },
      });
      const plan = { columns: [], text, compression: undefined, measured: undefined };
      const files = new FileSet({
        ...{ format: writeFormatNamed('csv'), plan, places, split: { rows: 1000 } },
        ...{ around: (bytes) => bytes, summed: false },
      });
      await files.abandon();
      await expect(files.begin()).rejects.toMatchObject({ code: 'interrupted' });
      expect(readdirSync(directory)).toEqual([]);
    });

    test('as large as may be: what ends a file has room, of 4 GB too', () => {
      expect(roomForParts(2 ** 32, { appendable: true })).toBe(2 ** 32);
      expect(roomForParts(2 ** 32, {})).toBe(2 ** 32 - 2 ** 26);
    });

    test('however small they are to be: a file has a row at the least', async () => {
      const directory = await temporaryDirectory();
      const { files } = await split(directory, { bytes: 500_000 });
      expect(files.length).toBeGreaterThan(190);
      for (const { bytes } of files) expect(bytes).toBeLessThanOrEqual(500_000);
    });

    test('at most so large, and what an earlier export left goes', async () => {
      const directory = await temporaryDirectory();
      const { files } = await split(directory, { bytes: 20_000_000 });
      expect(files.length).toBeGreaterThan(4);
      for (const { bytes } of files) expect(bytes).toBeLessThanOrEqual(20_000_000);
      await expect(split(directory, { rows: 50_000 })).rejects.toMatchObject({ code: 'file-exists' });
      await writeFile(join(directory, 'out', 'wide-99.txt'), 'mine');
      await split(directory, { rows: 30_000 }, true);
      expect(readdirSync(join(directory, 'out')).sort()).toEqual([
        'wide-00001.csv',
        'wide-00002.csv',
        'wide-99.txt',
      ]);
    });
  });
});
