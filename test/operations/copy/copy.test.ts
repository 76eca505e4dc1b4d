import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../../src/database/database.ts';
import { InterruptedError } from '../../../src/errors.ts';
import { type CopySummary, copyTable } from '../../../src/operations/copy/copy.ts';
import type { CopyOptions } from '../../../src/operations/copy/options.ts';
import { ensureExtension } from '../../../src/operations/extension.ts';
import { type Reporter, silentReporter } from '../../../src/progress.ts';
import { type DatabaseKind, emptyDatabase, type Fixture } from '../../support/databases.ts';
import { noServer } from '../../support/servers.ts';

interface Pair {
  from: Database;
  to: Database;
  copy: (options?: Partial<CopyOptions>, reporter?: Reporter, signal?: AbortSignal) => Promise<CopySummary>;
}

async function pair(kinds: readonly [DatabaseKind, DatabaseKind]): Promise<Pair & { fixtures: Fixture[] }> {
  const fixtures = [await emptyDatabase(kinds[0]), await emptyDatabase(kinds[1])];
  const [from, to] = await Promise.all(fixtures.map((fixture) => fixture.open()));
  await ensureExtension(from!);
  return {
    fixtures,
    from: from!,
    to: to!,
    copy: (options, reporter = silentReporter, signal = new AbortController().signal) =>
      copyTable(from!, to!, { table: 'docs', ...options }, reporter, signal),
  };
}

/** What a reporter was told. */
function listener(): Reporter & { lines: string[] } {
  const lines: string[] = [];
  return { ...silentReporter, lines, note: (line) => lines.push(line), warn: (line) => lines.push(line) };
}

const rowsOf = async (database: Database, table: string, columns = '*', order = 'id') =>
  (
    await database.query<{ row: string }>(
      `SELECT t::text AS row FROM (SELECT ${columns} FROM ${table}) t ORDER BY ${order}`,
    )
  ).rows.map(({ row }) => row);

const one = async <T>(database: Database, sql: string): Promise<T> =>
  Object.values((await database.query(sql)).rows[0]!)[0] as T;

const indexesOf = async (database: Database, table: string) =>
  (
    await database.query<{ definition: string }>(
      `SELECT regexp_replace(indexdef, '^.* USING ', '') AS definition FROM pg_indexes WHERE tablename = '${table}' ORDER BY indexname`,
    )
  ).rows.map(({ definition }) => definition);

const types = `CREATE TYPE mood AS ENUM ('sad', 'it''s "ok"'); CREATE DOMAIN short AS varchar(5) CHECK (VALUE <> 'no');
  CREATE DOMAIN meaning AS vector(3)`;
const docs = `CREATE TABLE docs (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title text NOT NULL DEFAULT 'none', feeling mood, brief short, body jsonb,
  at timestamptz, day date, span interval, during tstzrange, address inet, exact numeric, approximate double precision,
  yes boolean, tags text[], grid int[][], raw bytea, key uuid UNIQUE, doubled text GENERATED ALWAYS AS (title || title) STORED,
  dense vector(3), half halfvec(3), sparse sparsevec(5), bits bit(9), "any ""length""" vector, sense meaning,
  CHECK (title <> 'forbidden'))`;
const docsRows = `INSERT INTO docs (title, feeling, brief, body, at, day, span, during, address, exact, approximate, yes, tags, grid, raw, key,
    dense, half, sparse, bits, "any ""length""", sense) VALUES
  ('plain', 'sad', 'yes', '{"a": [1, "x,y"], "b": null}', '2024-02-29 12:34:56.789+02', '0044-03-15 BC', '1 year 2 days 03:04:05',
   '[2024-01-01,2024-02-01)', '10.0.0.0/8', 12345678901234567890.123456789, 0.1, true, '{a,"b,c","d\\"e",NULL,"NULL",""}', '{{1,2},{3,4}}',
   '\\x00ff0a22', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '[1,2,-3.5]', '[1,65504,-0.5]', '{1:1.5,5:-2}/5', B'101100011', '[1,2]', '[0,0,1]'),
  (E'tab\\t, "quote", \\\\.\\nline\\r\\nfeed', 'it''s "ok"', '', '"\\u00e9 \\ud83d\\ude00"', 'infinity', '5874897-12-31', '-00:00:00.000001',
   'empty', '::1', 'NaN', 'Infinity', false, '{}', NULL, '', NULL, '[1e-38,3.4028235e38,-0]', '[0,0,0]', '{}/5', B'000000000', '[1,2,3,4,5]', NULL),
  ('日本語 ünïcödé 😀', NULL, NULL, 'null', '-infinity', '-infinity', '0', NULL, NULL, -0.0, '-0', NULL, '{"\\n"}', '{}', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  ('', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 5e-324, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)`;
const docsIndexes = `CREATE INDEX docs_dense ON docs USING hnsw (dense vector_cosine_ops) WITH (m = 8);
  CREATE INDEX docs_title ON docs (lower(title)) WHERE yes; CREATE INDEX docs_lists ON docs USING ivfflat (dense) WITH (lists = 2)`;

const directions: readonly (readonly [DatabaseKind, DatabaseKind])[] = [
  ['server', 'server'],
  ['server', 'embedded'],
  ['embedded', 'server'],
  ['embedded', 'embedded'],
];

for (const kinds of directions) {
  describe.skipIf(kinds.includes('server') && noServer !== null)(kinds.join(' to '), () => {
    let both: Pair;

    beforeAll(async () => {
      both = await pair(kinds);
      const { from } = both;
      await from.query(types);
      await from.query(docs);
      await from.query(docsRows);
      await from.query(docsIndexes);
      await both.to.query(types.replace(/CREATE DOMAIN meaning.*/, ''));
      await ensureExtension(both.to);
      await both.to.query('CREATE DOMAIN meaning AS vector(3)');
    });

    test('every row and value, the keys, the indexes, the next number', async () => {
      const { from, to, copy } = both;
      const summary = await copy();
      expect(summary).toMatchObject({
        rows: 4,
        inserted: 4,
        fromTable: 'public.docs',
        table: 'docs',
        from: from.target.description,
        to: to.target.description,
        indexes: ['docs_dense', 'docs_lists', 'docs_title'],
      });
      expect(summary.snapshot === null).toBe(kinds[0] === 'embedded');
      expect(await rowsOf(to, 'docs')).toEqual(await rowsOf(from, 'docs'));
      expect(await indexesOf(to, 'docs')).toEqual(await indexesOf(from, 'docs'));
      await expect(to.query("INSERT INTO docs (title) VALUES ('forbidden')")).rejects.toThrow(/check/);
      await to.query("INSERT INTO docs (title) VALUES ('next')");
      expect(await one(to, "SELECT id > 4 FROM docs WHERE title = 'next'")).toBe(true);
    });

    test('types that only their own database can read go by their text', async () => {
      const { from, to, copy } = both;
      const made = `CREATE TYPE pair AS (a int, b text)`;
      await from.query(made);
      await to.query(made);
      await from.query(
        `CREATE TABLE strange (id int, p pair, ps pair[], moods mood[], vectors vector[], class regclass, v vector(2), t text);
         INSERT INTO strange VALUES (1, '(1,"x, y")', '{"(2,)"}', '{sad,NULL}', '{"[1,2]","[-0,3e38]"}', 'pg_class', '[0.1,-0]', E'\\\\N\\t\\n\\\\'),
           (2, NULL, '{}', NULL, NULL, NULL, NULL, NULL)`,
      );
      expect(await copy({ table: 'strange' })).toMatchObject({ rows: 2 });
      expect(await rowsOf(to, 'strange')).toEqual(await rowsOf(from, 'strange'));
    });

    test('vectors of another type, cut and brought to length 1; indexes of that type', async () => {
      const { from, to, copy } = both;
      const options = { toTable: 'halves', columns: ['id', 'dense'], vectorColumn: 'dense' };
      await copy({ ...options, type: 'halfvec', dimensions: 2 });
      expect(await rowsOf(to, 'halves')).toEqual(
        await rowsOf(from, 'docs', 'id, l2_normalize(subvector(dense, 1, 2))::halfvec(2) AS dense'),
      );
      expect(await indexesOf(to, 'halves')).toEqual([
        "hnsw (dense halfvec_cosine_ops) WITH (m='8')",
        "ivfflat (dense halfvec_l2_ops) WITH (lists='2')",
        'btree (id)',
      ]);
      await copy({ ...options, toTable: 'units', where: 'id = 1', normalize: true });
      expect(await rowsOf(to, 'units')).toEqual(['(1,"[0.24077171,0.48154342,-0.84270096]")']);
      const told = listener();
      await copy({ ...options, toTable: 'sparse', where: 'id < 3', type: 'sparsevec' }, told);
      expect(await rowsOf(to, 'sparse')).toEqual([
        '(1,"{1:1,2:2,3:-3.5}/3")',
        '(2,"{1:1e-38,2:3.4028235e+38}/3")',
      ]);
      expect(await indexesOf(to, 'sparse')).toEqual([
        "hnsw (dense sparsevec_cosine_ops) WITH (m='8')",
        'btree (id)',
      ]);
      expect(told.lines).toContainEqual(expect.stringContaining('index docs_lists is not made'));
      await copy({ ...options, toTable: 'bits', where: 'id = 1', type: 'bit' });
      expect(await rowsOf(to, 'bits')).toEqual(['(1,110)']);
    });

    test('into a table that is there, whose columns have other types', async () => {
      const { from, to, copy } = both;
      await to.query(
        `CREATE TABLE other (extra text DEFAULT 'x', title varchar(40), dense halfvec(3), exact text, id int PRIMARY KEY)`,
      );
      const columns = ['id', 'title', 'dense', 'exact'];
      await copy({ toTable: 'other', columns, where: 'id <> 2' });
      expect(await rowsOf(to, 'other', 'id, title, dense, exact, extra')).toEqual(
        await rowsOf(from, 'docs WHERE id <> 2', "id, title, dense::halfvec(3), exact, 'x'"),
      );
    });
  });
}

describe.skipIf(noServer !== null)('on a server', () => {
  let both: Awaited<ReturnType<typeof pair>>;

  beforeAll(async () => {
    both = await pair(['server', 'server']);
    // About 45 MB: some pieces and ranges.
    await both.from.query(
      `CREATE TABLE wide (i int PRIMARY KEY, balance int, t text); ALTER TABLE wide ALTER t SET STORAGE plain;
       INSERT INTO wide SELECT i, 100, repeat(md5(i::text), 60) FROM generate_series(1, 22000) i`,
    );
    await both.from.query(
      "CREATE TABLE small (id int PRIMARY KEY, v vector(2)); INSERT INTO small VALUES (1, '[1,2]'), (2, '[3,4]')",
    );
  });

  test('one moment, while others write', async () => {
    const { to, copy, fixtures } = both;
    const other = await fixtures[0]!.open();
    let ended = false;
    const writing = (async () => {
      let transfers = 0;
      for (; !ended; transfers++) {
        const [a, b] = [1 + ((transfers * 7919) % 22_000), 1 + ((transfers * 104_729) % 22_000)];
        await other.query(
          `BEGIN; UPDATE wide SET balance = balance - 7 WHERE i = ${a}; UPDATE wide SET balance = balance + 7 WHERE i = ${b};
           DELETE FROM wide WHERE i = 22001; INSERT INTO wide VALUES (22001, 0, 'new'); COMMIT`,
        );
      }
      return transfers;
    })();
    await copy({ table: 'wide', toTable: 'moment', jobs: 2 });
    ended = true;
    expect(await writing).toBeGreaterThan(10);
    await other.query('DELETE FROM wide WHERE i = 22001; UPDATE wide SET balance = 100');
    expect(await one(to, 'SELECT sum(balance)::int FROM moment')).toBe(2_200_000);
    expect(await one(to, 'SELECT count(*) >= 22000 AND count(*) = count(DISTINCT i) FROM moment')).toBe(true);
  });

  test.each([
    ['read', undefined, 0, 'COPY (%'],
    ['read', 'random() < 2', 0, 'COPY (%'],
    ['write', undefined, 1, 'COPY "%'],
  ])('lanes that %s (where: %s) are ended on the server, and go on', async (_, where, side, query) => {
    const { from, to, copy, fixtures } = both;
    const killer = await fixtures[side]!.open();
    const told = listener();
    let done = false;
    await to.query('DROP TABLE IF EXISTS after');
    const copying = copy({ table: 'wide', toTable: 'after', where, jobs: 2 }, told).finally(() => {
      done = true;
    });
    let killed = 0;
    while (!done && killed < 3) {
      const { rowCount } = await killer.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
         AND query LIKE '${query}' AND state = 'active'`,
      );
      killed += rowCount;
      await sleep(20);
    }
    await copying;
    expect(killed).toBeGreaterThan(0);
    expect(told.lines.filter((line) => line.includes('trying again'))).not.toEqual([]);
    const sum = "SELECT count(*) || ' ' || md5(string_agg(i || t, ',' ORDER BY i)) FROM";
    expect(await one(to, `${sum} after`)).toBe(await one(from, `${sum} wide`));
  });

  test('ranges that hold none of the rows, and the bytes of those that do', async () => {
    const { from, to, copy } = both;
    const few = { table: 'wide', where: 'i % 7000 = 1', jobs: 3 };
    const { bytes } = await copy({ ...few, toTable: 'few' });
    expect(await rowsOf(to, 'few', '*', 'i')).toEqual(
      await rowsOf(from, 'wide WHERE i % 7000 = 1', '*', 'i'),
    );
    expect(await copy({ ...few, toTable: 'gathered', atomic: true })).toMatchObject({ rows: 4, bytes });
    expect(await copy({ ...few, where: 'false', toTable: 'nothing' })).toMatchObject({ rows: 0, bytes: 0 });
  });

  test('a row that the table does not take ends the copy, and what reads for it', async () => {
    const { to, copy, fixtures } = both;
    await to.query('CREATE TABLE narrow (i int CHECK (i <> 15000), balance int, t text)');
    await expect(copy({ table: 'wide', toTable: 'narrow', jobs: 2 })).rejects.toMatchObject({
      sqlstate: '23514',
      file: expect.stringMatching(/wide of /),
      hint: expect.stringMatching(/rows are stored in narrow already/),
    });
    const other = await fixtures[0]!.open();
    const reading = `SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY (%' AND state = 'active'`;
    await expect.poll(() => one(other, reading)).toBe(0);
  });

  test('where the session that holds the moment is ended, too, it ends', async () => {
    const { to, copy, fixtures } = both;
    const killer = await fixtures[0]!.open();
    const where = 'i < 13000 OR i % 4 > 0 OR pg_sleep(0.001) IS NOT NULL';
    const own = await fixtures[0]!.open();
    const copying = copyTable(
      own,
      to,
      { table: 'wide', toTable: 'over', jobs: 1, where },
      silentReporter,
      new AbortController().signal,
    ).catch((error) => error);
    const kill = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()
      AND pid <> pg_backend_pid() AND backend_xmin IS NOT NULL AND EXISTS (
        SELECT FROM pg_stat_activity WHERE query LIKE 'COPY (%13000%' AND state = 'active' AND datname = current_database())`;
    while ((await killer.query(kill)).rowCount === 0) await sleep(10);
    // With a condition rows are not had again; without one, no lane could see the moment again.
    expect(await copying).toMatchObject({
      name: 'DatabaseError',
      code: expect.stringMatching(/^(connection-lost|moment-over)$/),
    });
    await expect(copy({ table: 'wide', toTable: 'over' })).resolves.toMatchObject({ rows: 22_000 });
  });

  test('all partitions into one table, and what a view shows', async () => {
    const { from, to, copy } = both;
    await from.query(
      `CREATE TABLE parted (id int, v vector(2), PRIMARY KEY (id)) PARTITION BY RANGE (id);
       CREATE TABLE parted_a PARTITION OF parted FOR VALUES FROM (0) TO (10); CREATE TABLE parted_b PARTITION OF parted DEFAULT;
       INSERT INTO parted SELECT i, ARRAY[i, 1]::vector FROM generate_series(1, 20) i; CREATE INDEX ON parted USING hnsw (v vector_l2_ops);
       CREATE VIEW seen AS SELECT id, v, id * 2 AS twice FROM parted WHERE id < 4`,
    );
    const told = listener();
    await copy({ table: 'parted' }, told);
    expect(await rowsOf(to, 'parted')).toEqual(await rowsOf(from, 'parted'));
    expect(await indexesOf(to, 'parted')).toEqual(['btree (id)', 'hnsw (v vector_l2_ops)']);
    expect(told.lines).toContainEqual('parted was cut by RANGE (id), and is made as one table');
    await copy({ table: 'seen' });
    expect(await rowsOf(to, 'seen')).toEqual(await rowsOf(from, 'seen'));
  });

  test('vectors of any length are cut where they are longer, and refused where they are shorter', async () => {
    const { from, to, copy } = both;
    await from.query(
      `CREATE TABLE ragged (id int, v vector); INSERT INTO ragged VALUES (1, '[3,4,5]'), (2, '[7,1]'), (3, NULL)`,
    );
    await copy({ table: 'ragged', dimensions: 2 });
    expect(await rowsOf(to, 'ragged')).toEqual(['(1,"[0.6,0.8]")', '(2,"[7,1]")', '(3,)']);
    await from.query("INSERT INTO ragged VALUES (4, '[1]')");
    await expect(copy({ table: 'ragged', toTable: 'none', dimensions: 2 })).rejects.toThrow(
      'expected 2 dimensions, not 1',
    );
    expect(await one(to, "SELECT to_regclass('none') IS NULL")).toBe(true);
  });

  test('an empty table, in a schema of its own', async () => {
    const { from, to, copy } = both;
    await from.query(
      'CREATE SCHEMA apart; CREATE TABLE apart.empty (id serial PRIMARY KEY, v vector(3)); CREATE INDEX e ON apart.empty USING hnsw (v vector_l2_ops)',
    );
    await expect(copy({ table: 'apart.empty' })).rejects.toMatchObject({
      hint: expect.stringContaining('schema'),
    });
    await to.query('CREATE SCHEMA apart');
    expect(await copy({ table: 'apart.empty' })).toMatchObject({ rows: 0, indexes: ['e'] });
    await to.query("INSERT INTO apart.empty (v) VALUES ('[1,2,3]')");
  });

  test('a filled table: refused, emptied, added to, or by its key', async () => {
    const { from, to, copy } = both;
    await to.query(
      "CREATE TABLE filled (id int PRIMARY KEY, v vector(2)); INSERT INTO filled VALUES (2, '[0,0]'), (9, '[9,9]')",
    );
    const into = (options: Partial<CopyOptions>) => copy({ table: 'small', toTable: 'filled', ...options });
    await expect(into({})).rejects.toMatchObject({ code: 'filled-table' });
    await expect(into({ onConflict: 'error' })).rejects.toMatchObject({ sqlstate: '23505' });
    expect(await into({ onConflict: 'skip' })).toMatchObject({ inserted: 1, skipped: 1 });
    expect(await rowsOf(to, 'filled')).toEqual(['(1,"[1,2]")', '(2,"[0,0]")', '(9,"[9,9]")']);
    expect(await into({ onConflict: 'update' })).toMatchObject({ updated: 1, unchanged: 1 });
    expect(await into({ onConflict: 'error', where: 'false' })).toMatchObject({ rows: 0 });
    await into({ truncate: true });
    expect(await rowsOf(to, 'filled')).toEqual(await rowsOf(from, 'small'));
    await expect(into({ truncate: true, where: 'false' })).rejects.toMatchObject({ code: 'no-rows' });
    await into({ truncate: true, atomic: true, where: 'id = 1' });
    expect(await rowsOf(to, 'filled')).toEqual(['(1,"[1,2]")']);
  });

  test('numbers go on behind those that were copied into a table that was there', async () => {
    const { to, copy } = both;
    await to.query(
      'CREATE TABLE numbered (id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, v vector(2))',
    );
    await copy({ table: 'small', toTable: 'numbered' });
    await to.query("INSERT INTO numbered (v) VALUES ('[5,6]')");
    expect(await rowsOf(to, 'numbered', 'id')).toEqual(['(1)', '(2)', '(3)']);
  });

  test('what cannot be is refused before a row is stored', async () => {
    const { from, to, copy } = both;
    await to.query(
      `CREATE TABLE lacking (id int); CREATE TABLE needing (id int, v vector(2), who text NOT NULL);
       CREATE TABLE making (id int, v vector(2) GENERATED ALWAYS AS ('[1,1]') STORED); CREATE TABLE bitten (id int, v bit(2))`,
    );
    const into = (toTable: string, options: Partial<CopyOptions> = {}) =>
      copy({ table: 'small', toTable, ...options });
    await expect(into('lacking')).rejects.toMatchObject({ code: 'no-column', column: 'v' });
    await expect(into('needing')).rejects.toMatchObject({ code: 'missing-column', column: 'who' });
    await expect(into('making')).rejects.toMatchObject({ code: 'generated-column', column: 'v' });
    await expect(into('bitten')).rejects.toMatchObject({
      code: 'bad-type',
      hint: expect.stringContaining('--type bit'),
    });
    await expect(into('bitten', { type: 'halfvec' })).rejects.toMatchObject({ code: 'bad-type' });
    await expect(into('new', { dimensions: 3 })).rejects.toMatchObject({ code: 'bad-dimensions' });
    await expect(into('new', { where: 'nonsense > 1' })).rejects.toMatchObject({
      name: 'UsageError',
      sqlstate: '42703',
    });
    await expect(into('new', { columns: ['id'], type: 'bit' })).rejects.toMatchObject({
      code: 'no-vector-column',
    });
    await expect(copy({ table: 'gone' })).rejects.toMatchObject({ code: 'no-table' });
    await expect(
      copyTable(from, from, { table: 'small' }, silentReporter, new AbortController().signal),
    ).rejects.toMatchObject({ code: 'same-table' });
    expect(await one(to, "SELECT to_regclass('new') IS NULL")).toBe(true);
    expect(await one(to, 'SELECT count(*) FROM lacking')).toBe(0);
  });

  test('into another table of the same database, and not into a part of the table', async () => {
    const { from, fixtures } = both;
    const again = await fixtures[0]!.open();
    const within = (options: CopyOptions) =>
      copyTable(from, again, options, silentReporter, new AbortController().signal);
    expect(await within({ table: 'small', toTable: 'beside' })).toMatchObject({ rows: 2 });
    await from.query(
      'CREATE TABLE above (id int) PARTITION BY LIST (id); CREATE TABLE below PARTITION OF above DEFAULT; INSERT INTO above VALUES (1)',
    );
    await expect(within({ table: 'above', toTable: 'below', truncate: true })).rejects.toMatchObject({
      code: 'same-table',
    });
    await expect(within({ table: 'below', toTable: 'above', truncate: true })).rejects.toMatchObject({
      code: 'same-table',
    });
  });

  test('stopped: what is stored is said, nothing goes on, and it begins again', async () => {
    const { copy, fixtures } = both;
    const controller = new AbortController();
    const options = { table: 'wide', toTable: 'stopped', jobs: 1 };
    const stopAt = {
      ...silentReporter,
      progress: ({ rows = 0 }) => rows > 12_000 && controller.abort(new InterruptedError()),
    };
    const failure: { hint: string } = await copy(
      options,
      stopAt as unknown as Reporter,
      controller.signal,
    ).catch((error) => error);
    expect(failure.hint).toMatch(/rows are stored in stopped already; the same command begins again/);
    const [source, target] = await Promise.all(fixtures.map((fixture) => fixture.open()));
    for (const database of [source!, target!]) {
      const others = `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%COPY%' AND state = 'active' AND pid <> pg_backend_pid()`;
      expect(await one(database, others)).toBe(0);
    }
    await copyTable(source!, target!, options, silentReporter, new AbortController().signal);
    expect(await one(target!, 'SELECT count(*) FROM stopped')).toBe(22_000);
  });
});
