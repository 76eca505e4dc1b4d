import { beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../../src/database/database.ts';
import { createVectorIndex, previewIndex } from '../../../src/operations/index-create/index-create.ts';
import { silentReporter } from '../../../src/progress.ts';
import { pgv } from '../../support/cli.ts';
import { emptyDatabase, type Fixture } from '../../support/databases.ts';
import { collectReports } from '../../support/reports.ts';
import { noServer } from '../../support/servers.ts';

describe.skipIf(noServer)('tables in use', () => {
  let fixture: Fixture;
  let database: Database;
  beforeAll(async () => {
    fixture = await emptyDatabase('server');
    database = await fixture.open();
    await database.query('CREATE EXTENSION vector');
    await database.query('CREATE TABLE docs (id int, v vector(24))');
    await database.query(`INSERT INTO docs SELECT i, ARRAY(SELECT sin(i * k) FROM generate_series(1, 24) k)
      FROM generate_series(1, 3000) i`);
  });

  const indexesOf = async (pattern: string) => {
    const { rows } = await database.query<{ name: string; valid: boolean; parent: string | null }>({
      text: `SELECT indexrelid::regclass::text AS name, indisvalid AS valid, inhparent::regclass::text AS parent
        FROM pg_index LEFT JOIN pg_inherits ON inhrelid = indexrelid
        WHERE indrelid::regclass::text LIKE $1 ORDER BY 1`,
      values: [pattern],
    });
    return rows;
  };

  test('of two processes one builds, the other waits and finds it', async () => {
    const run = () => pgv(['index', 'create', '-t', 'docs', '--json'], { env: { PGV_URL: fixture.url } });
    const both = await Promise.all([run(), run()]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    const statuses = both.map(({ stdout }) => JSON.parse(stdout).status).sort();
    expect(statuses).toEqual(['created', 'present']);
    expect(await indexesOf('docs')).toEqual([{ name: 'docs_v_hnsw_cosine', valid: true, parent: null }]);
  });

  test('who waits for another pgv can be interrupted, and sees what it has made', async () => {
    const other = await fixture.open();
    const turn = `pg_advisory_lock(hashtext('pgv'), hashtext('indexes of ' || 'docs'::regclass::oid))`;
    await other.query(`SELECT ${turn}`);
    const interrupted = await pgv(['index', 'create', '-t', 'docs', '--metric', 'l2'], {
      env: { PGV_URL: fixture.url },
      signalAfter: { output: /another pgv is at the indexes of docs/ },
    });
    expect(interrupted.code).toBe(130);
    const reports = collectReports();
    const waiting = createVectorIndex(database, { type: 'hnsw', table: 'docs', metric: 'l2' }, reports);
    await expect.poll(() => reports.notes).toEqual([expect.stringContaining('waiting for it')]);
    await other.query('CREATE INDEX theirs ON docs USING hnsw (v vector_l2_ops)');
    // Without its giving the turn up.
    expect(await waiting).toMatchObject({ status: 'present', index: 'theirs' });
    await other.close();
  });

  test('whoever holds a build up is named, and it goes on without them', async () => {
    const writer = await fixture.open();
    await writer.query("SET application_name = 'an importer'");
    await writer.query('BEGIN; INSERT INTO docs VALUES (0, array_fill(1, ARRAY[24]))');
    const reports = collectReports();
    const building = createVectorIndex(database, { type: 'hnsw', table: 'docs', metric: 'ip' }, reports);
    await expect
      .poll(() => reports.progressed.map(({ phase }) => phase), { timeout: 10_000 })
      .toContainEqual(
        expect.stringMatching(
          /^waiting for session \d+ of \w+ \(an importer\), idle in transaction for \d+ s/,
        ),
      );
    await writer.query('COMMIT');
    expect(await building).toMatchObject({ created: true });
    await writer.close();
  });

  test('whoever interrupts a build that is held up does not wait for what holds it', async () => {
    const builder = await fixture.open();
    const writer = await fixture.open();
    await writer.query('BEGIN; INSERT INTO docs VALUES (0, array_fill(1, ARRAY[24]))');
    const reports = collectReports();
    const building = createVectorIndex(builder, { type: 'hnsw', table: 'docs', name: 'held', m: 8 }, reports);
    const outcome = building.catch((error: unknown) => error);
    await expect
      .poll(() => reports.progressed.map(({ phase }) => phase), { timeout: 10_000 })
      .toContainEqual(expect.stringMatching(/^waiting for session/));
    await builder.cancel();
    expect(await outcome).toMatchObject({
      name: 'InterruptedError',
      hint: 'an INVALID index held may be left: the same command again replaces it',
    });
    await writer.query('ROLLBACK');
    await writer.close();
    const again = await createVectorIndex(
      database,
      { type: 'hnsw', table: 'docs', name: 'held', m: 8 },
      reports,
    );
    expect(again.created).toBe(true);
    expect(reports.notes).toContain('index held is what a failed build left: it is replaced');
  });

  test('--no-concurrently gives up before it keeps everybody out, and names who is in the way', async () => {
    const writer = await fixture.open();
    await writer.query('BEGIN; INSERT INTO docs VALUES (0, array_fill(1, ARRAY[24]))');
    const impatient = new Proxy(database, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key, target);
        if (typeof value !== 'function') return value;
        return (first: { text?: string }, ...rest: unknown[]) => {
          const text = first?.text?.replace("lock_timeout = '5000'", 'lock_timeout = 100');
          return value.call(target, text === undefined ? first : { ...first, text }, ...rest);
        };
      },
    });
    await expect(
      createVectorIndex(
        impatient,
        { type: 'hnsw', table: 'docs', metric: 'l1', concurrently: false },
        silentReporter,
      ),
    ).rejects.toMatchObject({
      code: 'in-use',
      message: 'docs_v_hnsw_l1 was not built: it is in use',
      hint: expect.stringMatching(/^session \d+ of .*idle in transaction/),
    });
    await writer.query('ROLLBACK');
    await writer.close();
  });

  test('--if-rows makes none before there are as many vectors', async () => {
    await database.query(`CREATE TABLE sparse (id int, v vector(3));
      INSERT INTO sparse SELECT i, CASE WHEN i % 2 = 0 THEN '[1,2,3]'::vector END FROM generate_series(1, 20) i`);
    const reports = collectReports();
    const options = { type: 'ivfflat', table: 'sparse', ifRows: 11, lists: 1 } as const;
    expect(await createVectorIndex(database, options, reports)).toMatchObject({
      created: false,
      status: 'too-few-rows',
      index: 'sparse_v_ivfflat_cosine',
    });
    expect(reports.notes).toEqual(['sparse has fewer than 11 vectors: no index yet']);
    expect(await previewIndex(database, options)).toMatchObject({ status: 'too-few-rows', statements: [] });
    expect(await previewIndex(database, { ...options, ifRows: 10, where: 'id > 2' })).toMatchObject({
      status: 'too-few-rows',
    });
    expect(await createVectorIndex(database, { ...options, ifRows: 10 }, reports)).toMatchObject({
      status: 'created',
    });
    const wrong = createVectorIndex(database, { ...options, where: 'nosuch = 1' }, reports);
    await expect(wrong).rejects.toMatchObject({
      name: 'UsageError',
      message: '--where: column "nosuch" does not exist',
    });
  });

  test('partitions of long names each get an index of their own, whatever the whole is called', async () => {
    await database.query(`CREATE TABLE customer_support_documents (id int, embedding vector(3)) PARTITION BY RANGE (id);
      CREATE TABLE customer_support_documents_p0 PARTITION OF customer_support_documents FOR VALUES FROM (0) TO (5);
      CREATE TABLE customer_support_documents_p1 PARTITION OF customer_support_documents FOR VALUES FROM (5) TO (9)`);
    const options = { type: 'hnsw', table: 'customer_support_documents' } as const;
    const named = { ...options, m: 8, name: 'n'.repeat(63) };
    for (const each of [options, named]) {
      expect(await createVectorIndex(database, each, silentReporter)).toMatchObject({ status: 'created' });
    }
    const names = (await indexesOf('customer_support_documents_p%')).map(({ name }) => name);
    expect(names).toHaveLength(4);
    for (const name of names) {
      expect(name).toMatch(/^customer_support_documents_p[01]_embeddi\w*_[0-9a-f]{8}_hnsw_cosine$/);
      expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63);
    }
  });

  test('what is said of indexes off the search path carries their schema, as `index drop` takes it', async () => {
    await database.query(`CREATE SCHEMA a; CREATE TABLE a.docs2 (id int, v vector(3)) PARTITION BY LIST (id);
      CREATE TABLE a.docs2_rest PARTITION OF a.docs2 DEFAULT; CREATE TABLE a.one (v vector(3));
      CREATE INDEX part ON ONLY a.docs2 USING hnsw (v vector_l2_ops)`);
    await database.query(
      `CREATE FUNCTION fail(vector) RETURNS bool IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RAISE ''no''; END'`,
    );
    await database.query(`INSERT INTO a.one VALUES ('[1,2,3]')`);
    const bad = 'CREATE INDEX CONCURRENTLY bad ON a.one USING hnsw (v vector_l2_ops) WHERE fail(v)';
    await expect(database.query(bad)).rejects.toThrow('no');
    const reports = collectReports();
    await createVectorIndex(database, { type: 'hnsw', table: 'a.one' }, reports);
    expect(reports.warnings).toEqual([expect.stringContaining('`pgv index drop a.bad` drops it')]);
    const options = { type: 'hnsw', table: 'a.docs2', metric: 'l2', name: 'part' } as const;
    await expect(createVectorIndex(database, options, silentReporter)).rejects.toMatchObject({
      hint: expect.stringContaining('`pgv index drop a.part`'),
    });
  });

  test('a partitioned table is indexed part by part; an interrupted build goes on where it was', async () => {
    await database.query(`CREATE TABLE parts (id int, v vector(3)) PARTITION BY RANGE (id);
      CREATE TABLE parts_a PARTITION OF parts FOR VALUES FROM (0) TO (100);
      CREATE TABLE parts_b PARTITION OF parts FOR VALUES FROM (100) TO (300) PARTITION BY RANGE (id);
      CREATE TABLE parts_b1 PARTITION OF parts_b FOR VALUES FROM (100) TO (200);
      CREATE TABLE parts_b2 PARTITION OF parts_b FOR VALUES FROM (200) TO (300);
      INSERT INTO parts SELECT i, ARRAY[i, 1, 2] FROM generate_series(0, 299) i;
      UPDATE parts SET v = '[70000,0,0]' WHERE id = 250`);
    const options = { type: 'hnsw', table: 'parts', quantize: 'half' } as const;
    await expect(createVectorIndex(database, options, silentReporter)).rejects.toMatchObject({
      sqlstate: '22003',
      hint: expect.stringContaining('--quantize binary'),
    });
    const whole = (name: string) => ({ name, valid: true, parent: null });
    expect(await indexesOf('parts%')).toEqual([
      whole('parts_a_parts_v_hnsw_cosine_half'),
      whole('parts_b1_parts_v_hnsw_cosine_half'),
    ]);
    await database.query('DELETE FROM parts WHERE id = 250');
    const { statements } = await previewIndex(database, options);
    expect(statements.map(({ text }) => text.split('\n').slice(0, 2).join(''))).toEqual([
      'CREATE INDEX CONCURRENTLY "parts_b2_parts_v_hnsw_cosine_half"  ON "public"."parts_b2"',
      "SET lock_timeout = '5000'",
      'CREATE INDEX "parts_v_hnsw_cosine_half"  ON "public"."parts"',
      'RESET lock_timeout',
    ]);
    const made = await createVectorIndex(database, options, silentReporter);
    expect(made).toMatchObject({ created: true, index: 'parts_v_hnsw_cosine_half' });
    expect(made.bytes).toBeGreaterThan(3 * 8192);
    const part = (name: string, parent: string) => ({ name, valid: true, parent });
    const parent = 'parts_v_hnsw_cosine_half';
    expect(await indexesOf('parts%')).toEqual([
      part('parts_a_parts_v_hnsw_cosine_half', parent),
      part('parts_b1_parts_v_hnsw_cosine_half', expect.stringContaining('parts_b_')),
      part('parts_b2_parts_v_hnsw_cosine_half', expect.stringContaining('parts_b_')),
      part(expect.stringMatching(/^parts_b_/) as unknown as string, parent),
      whole(parent),
    ]);
    expect(await createVectorIndex(database, options, silentReporter)).toMatchObject({ status: 'present' });
    const second = { type: 'ivfflat', table: 'parts', metric: 'l2', lists: 2 } as const;
    expect(await createVectorIndex(database, second, silentReporter)).toMatchObject({ status: 'created' });

    await database.query('CREATE INDEX others ON ONLY parts USING hnsw (v vector_l1_ops)');
    await expect(
      createVectorIndex(
        database,
        { type: 'hnsw', table: 'parts', metric: 'l1', name: 'others' },
        silentReporter,
      ),
    ).rejects.toMatchObject({
      code: 'name-taken',
      message: 'index others is there already, and not on every partition',
    });
  });
});
