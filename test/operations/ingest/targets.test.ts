import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { Database } from '../../../src/database/database.ts';
import { InterruptedError } from '../../../src/errors.ts';
import { describeTable } from '../../../src/operations/tables.ts';
import { eachDatabase, emptyDatabase } from '../../support/databases.ts';
import { type Load, load } from '../../support/load.ts';
import { collectReports } from '../../support/reports.ts';
import { noServer, psqlOn } from '../../support/servers.ts';

const header = 'id,t,v\n';
const row = (id: number | string, t: string | number = id) => `${id},${t},"[1,${id}]"\n`;
const many = (n: number) => header + Array.from({ length: n }, (_, i) => row(i)).join('');
/** A dozen rows a piece: several lanes, several transactions. */
const pieceLength = 200;

eachDatabase((fixture) => {
  let database: Database;

  beforeAll(async () => {
    database = await fixture.open();
    await database.query('CREATE EXTENSION vector');
  });

  beforeEach(async () => {
    await database.query('DROP TABLE IF EXISTS docs');
    await database.query('CREATE TABLE docs (id bigint PRIMARY KEY, t text UNIQUE, v vector(2))');
    await database.query("INSERT INTO docs VALUES (1, 'old 1', '[0,0]'), (2, 'old 2', '[0,0]')");
  });

  const ingest = (file: string, options: Partial<Load> = {}) =>
    load(database, file, { table: 'docs', ...options });

  async function contents(columns = 'id, t', table = 'docs'): Promise<string[]> {
    const { rows } = await database.query<{ row: string }>(
      `SELECT concat_ws(' ', ${columns}) AS row FROM ${table} ORDER BY ${columns.split(',')[0]}`,
    );
    return rows.map((found) => found.row);
  }

  /** Tables that loads have left behind. */
  async function leftovers(): Promise<unknown[]> {
    const { rows } = await database.query(
      "SELECT relname FROM pg_class WHERE relname LIKE '%staging_%' AND relkind = 'r'",
    );
    return rows;
  }

  test('many pieces, all of their rows', async () => {
    await database.query('TRUNCATE docs');
    const summary = await ingest(many(500), { pieceLength });
    expect(summary).toMatchObject({ rows: 500, inserted: 500, bytes: many(500).length });
    expect(summary.lanes).toBe(fixture.kind === 'server' ? 2 : 1);
    const { rows } = await database.query(
      'SELECT count(*) AS n, min(id) AS first, max(id) AS last, bool_and(v = ARRAY[1, id]::float8[]::vector) AS same FROM docs',
    );
    expect(rows).toEqual([{ n: 500, first: 0, last: 499, same: true }]);
  });

  test('a key that is there already is an error with its row; rows before stay, and are counted', async () => {
    const file = header + row(10) + row(11) + row(2) + row(12);
    await expect(ingest(file)).rejects.toMatchObject({ sqlstate: '23505', file: 'test.csv', row: 3 });
    expect(await contents()).toEqual(['1 old 1', '2 old 2']);

    const error = await ingest(
      header + Array.from({ length: 300 }, (_, i) => row(i + 100)).join('') + row(2),
      {
        pieceLength,
      },
    ).catch((thrown) => thrown);
    expect(error).toMatchObject({ sqlstate: '23505', row: 301 });
    const stored = (await contents()).length - 2;
    expect(stored).toBeGreaterThan(200);
    expect(error.hint).toContain(`${stored} rows are stored in docs already (--atomic`);
  });

  test('--atomic: all rows or none, and no staging table', async () => {
    const file = many(300).replace(header, `${header}7000,x,"[1,2]"\n`);
    const bad = `${file}2,again,"[1,2]"\n`;
    await database.query('DELETE FROM docs WHERE id = 1');
    await expect(ingest(bad, { atomic: true, pieceLength })).rejects.toMatchObject({ sqlstate: '23505' });
    const late = `${file}8000,x,"[1]"\n`;
    await expect(ingest(late, { atomic: true, pieceLength })).rejects.toMatchObject({
      row: 302,
      column: 'v',
    });
    expect(await contents()).toEqual(['2 old 2']);
    expect(await leftovers()).toEqual([]);
    await database.query('TRUNCATE docs');
    expect(await ingest(file, { atomic: true, pieceLength })).toMatchObject({ rows: 301, inserted: 301 });
    expect(await contents()).toHaveLength(301);
    expect(await leftovers()).toEqual([]);
  });

  test('--on-conflict skip: what is there stays, the first of several comes in', async () => {
    const file = header + row(2, 'new 2') + row(3, 'first') + row(3, 'second') + row(4, 'old 1') + row(5);
    expect(await ingest(file, { onConflict: 'skip' })).toMatchObject({
      rows: 2,
      inserted: 2,
      updated: 0,
      skipped: 3,
    });
    expect(await contents()).toEqual(['1 old 1', '2 old 2', '3 first', '5 5']);
    await expect(ingest(file, { onConflict: 'skip', key: ['id'] })).rejects.toMatchObject({
      sqlstate: '23505',
    });
  });

  test('--on-conflict update: the last of several wins, in whichever piece', async () => {
    const between = Array.from({ length: 100 }, (_, i) => row(i + 1000)).join('');
    const file = header + row(2, 'new 2') + row(3, 'first') + between + row(3, 'last') + row(4);
    const summary = await ingest(file, { onConflict: 'update', pieceLength });
    expect(summary).toMatchObject({ rows: 103, inserted: 102, updated: 1, skipped: 1 });
    expect((await contents()).slice(0, 4)).toEqual(['1 old 1', '2 new 2', '3 last', '4 4']);
    expect(await leftovers()).toEqual([]);
  });

  test('--key: another unique column says which row is meant; columns not loaded stay', async () => {
    const file = 't,v\nold 1,"[7,7]"\nnew,"[8,8]"\n';
    await database.query('CREATE SEQUENCE IF NOT EXISTS ids START 50');
    await database.query("ALTER TABLE docs ALTER id SET DEFAULT nextval('ids')");
    expect(await ingest(file, { onConflict: 'update', key: ['t'] })).toMatchObject({
      inserted: 1,
      updated: 1,
    });
    expect(await contents('id, t, v')).toEqual([
      '1 old 1 [7,7]',
      '2 old 2 [0,0]',
      expect.stringMatching(/^5\d new/),
    ]);
  });

  test.each<[Partial<Load>, object]>([
    [{ key: ['id'] }, { name: 'UsageError' }],
    [
      { onConflict: 'update', key: ['none'] },
      { name: 'UsageError', code: 'no-key' },
    ],
    [
      { onConflict: 'update', key: ['v'] },
      { sqlstate: '42P10', code: 'no-unique-key' },
    ],
  ])('%j makes no sense', async (options, details) => {
    await expect(ingest(many(1), options)).rejects.toMatchObject(details);
    expect(await contents()).toEqual(['1 old 1', '2 old 2']);
    expect(await leftovers()).toEqual([]);
  });

  test('--on-conflict update keeps every row whose key holds a NULL: none of them is another one', async () => {
    const file = `${header}3,,"[1,3]"\n4,,"[1,4]"\n5,x,"[1,5]"\n6,x,"[1,6]"\n`;
    const summary = await ingest(file, { onConflict: 'update', key: ['t'] });
    expect(summary).toMatchObject({ inserted: 3, updated: 0, skipped: 1 });
    expect(await contents()).toEqual(['1 old 1', '2 old 2', '3', '4', '6 x']);
  });

  test('--on-conflict update without a primary key says --key', async () => {
    await database.query('ALTER TABLE docs DROP CONSTRAINT docs_pkey');
    await expect(ingest(many(1), { onConflict: 'update' })).rejects.toMatchObject({
      code: 'no-key',
      hint: expect.stringContaining('--key'),
    });
  });

  test.each(['error', 'skip', 'update'] as const)(
    'defaults, generated columns, identity columns of both kinds (%s)',
    async (onConflict) => {
      await database.query('DROP TABLE docs');
      await database.query(`CREATE TABLE docs (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, t text, n int DEFAULT 5,
  twice bigint GENERATED ALWAYS AS (id * 2) STORED, other bigint GENERATED BY DEFAULT AS IDENTITY)`);
      await ingest('id,t\n70,x\n', { onConflict });
      expect(await contents('id, t, n, twice, other')).toEqual(['70 x 5 140 1']);
      const rest = { onConflict: onConflict === 'update' ? 'error' : onConflict } as const;
      await ingest('t,other\ny,9\n', rest);
      expect(await contents('id, t, n, twice, other')).toEqual(['1 y 5 2 9', '70 x 5 140 1']);
      await expect(ingest('id,twice\n1,2\n')).rejects.toMatchObject({
        code: 'generated-column',
        column: 'twice',
      });
    },
  );

  test('a table in partitions, each way', async () => {
    await database.query('DROP TABLE docs');
    await database.query(
      'CREATE TABLE docs (id bigint PRIMARY KEY, t text, v vector(2)) PARTITION BY RANGE (id)',
    );
    await database.query('CREATE TABLE docs_low PARTITION OF docs FOR VALUES FROM (0) TO (100)');
    await database.query('CREATE TABLE docs_high PARTITION OF docs FOR VALUES FROM (100) TO (1000)');
    await ingest(many(200), { pieceLength });
    const file = header + row(5, 'new') + row(150, 'new') + row(300, 'new');
    expect(await ingest(file, { onConflict: 'update' })).toMatchObject({ inserted: 1, updated: 2 });
    expect(await ingest(file, { onConflict: 'skip' })).toMatchObject({ inserted: 0, skipped: 3 });
    await ingest(header + row(301), { atomic: true });
    expect(await contents('id, t', 'docs_high')).toHaveLength(102);
    await expect(ingest(header + row(2000))).rejects.toMatchObject({ sqlstate: '23514' });
    expect(await leftovers()).toEqual([]);
  });

  test('a load that fails leaves no table of its own; one that stored rows leaves them, and says so', async () => {
    const bad = `${many(300)}300,300\n`;
    const first = await load(database, bad, { table: 'fresh' }).catch((error) => error);
    expect(first).toMatchObject({ code: 'missing-field', row: 301 });
    expect(first.hint).not.toContain('stored');
    expect(await describeTable(database, 'fresh')).toBeUndefined();
    const atomic = load(database, bad, { table: 'fresh', pieceLength, atomic: true });
    await expect(atomic).rejects.toMatchObject({ code: 'missing-field', row: 301 });
    expect(await describeTable(database, 'fresh')).toBeUndefined();

    const second = await load(database, bad, { table: 'fresh', pieceLength }).catch((error) => error);
    expect(second).toMatchObject({ code: 'missing-field', row: 301 });
    const stored = (await contents('id', 'fresh')).length;
    expect(stored).toBeGreaterThan(200);
    expect(second.hint).toContain(`${stored} rows are stored in fresh already`);
    expect(await leftovers()).toEqual([]);
    await database.query('DROP TABLE fresh');
  });

  test('a value that only the server can judge is named with its row, in whichever piece', async () => {
    await database.query('ALTER TABLE docs ADD u uuid');
    const good = Array.from(
      { length: 40 },
      (_, i) => `${i + 10},a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11\n`,
    ).join('');
    const file = `id,u\n${good}\n60,{none}\n`;
    const bad = ingest(file, { pieceLength });
    // A blank line counts as what it is.
    await expect(bad).rejects.toMatchObject({ sqlstate: '22P02', file: 'test.csv', row: 42, column: 'u' });
  });

  test.each<Partial<Load>>([{}, { atomic: true }, { onConflict: 'update' }])(
    'what only the server reads comes the same way: %j',
    async (options) => {
      await database.query('ALTER TABLE docs ADD span interval');
      const file = (id: string) => `id,t,span\n${id},"tab\t, \\N and\nline",1 day\n`;
      await ingest(file('5'), options);
      expect(await contents('id, span, t')).toContain('5 1 day tab\t, \\N and\nline');
      // A single value among those that we read.
      await database.query('ALTER TABLE docs DROP span');
      await ingest(`${header + row(6)}7,x,"[0x10,1]"\n${row(8)}`, { ...options, pieceLength });
      expect(await contents('id, v')).toEqual(expect.arrayContaining(['6 [1,6]', '7 [16,1]', '8 [1,8]']));
    },
  );

  test('two lanes: the error is that of the first bad row', async () => {
    const rows = Array.from({ length: 400 }, (_, i) => (i < 99 ? row(i + 10) : `${i + 10},x,"[1]"\n`));
    await expect(ingest(header + rows.join(''), { pieceLength })).rejects.toMatchObject({
      row: 100,
      column: 'v',
    });
  });
});

test.skipIf(noServer !== null)(
  'rows that are merged stay, though their staging table cannot be dropped',
  async () => {
    const { open, url } = await emptyDatabase('server');
    const holder = await open();
    await holder.query(`CREATE TABLE docs (id bigint PRIMARY KEY, t text);
    CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.1); RETURN NEW; END $$;
    CREATE TRIGGER slow BEFORE INSERT ON docs FOR EACH ROW EXECUTE FUNCTION wait();
    ALTER DATABASE ${new URL(url).pathname.slice(1)} SET lock_timeout = '200ms'`);
    const reporter = collectReports();
    const file = `id,t\n${Array.from({ length: 10 }, (_, id) => `${id},x\n`).join('')}`;
    const loading = load(await open(), file, { table: 'docs', atomic: true, reporter });
    const staging = "SELECT relname AS name FROM pg_class WHERE relname LIKE 'staging_%'";
    await expect.poll(async () => (await holder.query(staging)).rowCount).toBe(1);
    const { name } = (await holder.query<{ name: string }>(staging)).rows[0]!;
    await holder.query(`BEGIN; LOCK TABLE pgv."${name}" IN ACCESS SHARE MODE`);
    expect(await loading).toMatchObject({ rows: 10, inserted: 10 });
    expect(reporter.warnings.join()).toContain('the staging table is left behind: ');
    await holder.query('ROLLBACK');
  },
);

test.skipIf(noServer !== null)(
  'a load that is stopped while its lanes wait for a lock leaves nobody waiting',
  async () => {
    const fixture = await emptyDatabase('server');
    const [database, holder, watcher] = [await fixture.open(), await fixture.open(), await fixture.open()];
    await database.query('CREATE EXTENSION vector; CREATE TABLE docs (id bigint, t text, v vector(2))');
    const waiting = async () => {
      const { rows } = await watcher.query<{ pid: number }>(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
      );
      return rows.map(({ pid }) => pid);
    };
    const stopping = new AbortController();
    await holder.query('BEGIN; LOCK TABLE docs IN SHARE MODE');
    const loading = load(database, many(500), { table: 'docs', pieceLength, signal: stopping.signal });
    const ended = expect(loading).rejects.toBeInstanceOf(InterruptedError);
    await expect.poll(waiting).toHaveLength(2);
    stopping.abort(new InterruptedError());
    await ended;
    await expect.poll(waiting).toEqual([]);
    await holder.query('ROLLBACK');
    expect((await holder.query('SELECT count(*) AS n FROM docs')).rows).toEqual([{ n: 0 }]);
  },
);

describe.skipIf(noServer !== null)('row security', () => {
  const mayAll = "CREATE POLICY mine ON docs USING (tenant = 'a') WITH CHECK (tenant = 'a')";
  const mayInsert = "CREATE POLICY mine ON docs FOR INSERT WITH CHECK (tenant = 'a')";
  const role = `tenant_${randomBytes(6).toString('hex')}`;

  /** A table with a policy, opened by its owner and by a role that the policy is for. */
  async function tenants(policy: string): Promise<{ owner: Database; tenant: Database }> {
    const { open, url } = await emptyDatabase('server');
    const name = new URL(url).pathname.slice(1);
    const owner = await open();
    for (const statement of [
      'CREATE EXTENSION vector',
      'CREATE TABLE docs (id bigint PRIMARY KEY, tenant text, v vector(2))',
      "INSERT INTO docs VALUES (1, 'b', '[0,0]')",
      'ALTER TABLE docs ENABLE ROW LEVEL SECURITY',
      policy,
      `GRANT CREATE ON SCHEMA public TO ${role}`,
      `GRANT SELECT, INSERT, UPDATE ON docs TO ${role}`,
      `ALTER DATABASE ${name} SET role TO ${role}`,
    ]) {
      await owner.query(statement);
    }
    onTestFinished(async () => void (await owner.query(`DROP OWNED BY ${role}`)));
    return { owner, tenant: await open() };
  }

  beforeAll(() => psqlOn('postgres', ['-c', `CREATE ROLE ${role}`]));
  afterAll(() => psqlOn('postgres', ['-c', `DROP ROLE ${role}`]));

  test.each<[string, string, Partial<Load>]>([
    ['straight', mayAll, {}],
    ['skip', mayAll, { onConflict: 'skip' }],
    ['update', mayAll, { onConflict: 'update' }],
    ['atomic', mayAll, { atomic: true }],
    ['by a role that sees no row', mayInsert, {}],
  ])('applies to rows that are loaded: %s', async (_, policy, options) => {
    const { owner, tenant } = await tenants(policy);
    const reporter = collectReports();
    await load(tenant, 'id,tenant,v\n10,a,"[1,2]"\n11,a,"[3,4]"\n', { table: 'docs', reporter, ...options });
    expect(reporter.notes.join()).toContain('row security applies to docs');
    const foreign = load(tenant, 'id,tenant,v\n12,a,"[1,2]"\n13,b,"[3,4]"\n', { table: 'docs', ...options });
    await expect(foreign).rejects.toMatchObject({ sqlstate: '42501' });
    const { rows } = await owner.query<{ row: string }>(
      "SELECT concat_ws(' ', id, tenant) AS row FROM docs ORDER BY id",
    );
    expect(rows.map(({ row }) => row)).toEqual(['1 b', '10 a', '11 a']);
  });

  test('a role that may make no table is told what it lacks', async () => {
    const { owner, tenant } = await tenants(mayAll);
    await owner.query(`REVOKE CREATE ON SCHEMA public FROM ${role}`);
    const refused = load(tenant, 'id,tenant,v\n10,a,"[1,2]"\n', { table: 'docs' });
    await expect(refused).rejects.toMatchObject({
      sqlstate: '42501',
      hint: expect.stringContaining('GRANT CREATE'),
    });
  });
});
