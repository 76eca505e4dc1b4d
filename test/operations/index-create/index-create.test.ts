import { beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../../src/database/database.ts';
import { InterruptedError, UsageError } from '../../../src/errors.ts';
import {
  createVectorIndex,
  type IndexCreateOptions,
  previewIndex,
} from '../../../src/operations/index-create/index-create.ts';
import { silentReporter } from '../../../src/progress.ts';
import { eachDatabase, emptyDatabase } from '../../support/databases.ts';
import { loadPackages } from '../../support/packages.ts';
import { collectReports } from '../../support/reports.ts';
import { noServer } from '../../support/servers.ts';

const table = 'packages';

function failure(database: Database, options: Partial<IndexCreateOptions>): Promise<unknown> {
  return createVectorIndex(database, { type: 'hnsw', table, ...options }, silentReporter).then(
    () => 'no error',
    (error: unknown) => error,
  );
}

interface IndexRow {
  name: string;
  definition: string;
  valid: boolean;
}

async function indexesOf(database: Database, of = table): Promise<IndexRow[]> {
  const { rows } = await database.query<IndexRow>({
    text: `SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS definition, i.indisvalid AS valid
      FROM pg_index i WHERE i.indrelid = $1::text::regclass AND NOT i.indisprimary ORDER BY 1`,
    values: [of],
  });
  return rows;
}

eachDatabase((fixture) => {
  let database: Database;
  beforeAll(async () => {
    database = await fixture.open();
    await loadPackages(database);
  });

  test('makes an index named after what it is, once', async () => {
    const summary = await createVectorIndex(database, { type: 'hnsw', table }, silentReporter);
    expect(summary).toMatchObject({
      table,
      index: 'packages_embedding_hnsw_cosine',
      type: 'hnsw',
      metric: 'cosine',
      created: true,
      database: database.target.description,
    });
    expect(summary.bytes).toBeGreaterThan(100_000);
    expect(summary.seconds).toBeGreaterThan(0);
    const made = await indexesOf(database);
    expect(made).toEqual([
      {
        name: 'packages_embedding_hnsw_cosine',
        definition:
          'CREATE INDEX packages_embedding_hnsw_cosine ON public.packages USING hnsw (embedding vector_cosine_ops)',
        valid: true,
      },
    ]);
    const reports = collectReports();
    const again = await createVectorIndex(database, { type: 'hnsw', table, m: 16 }, reports);
    expect(again).toMatchObject({
      created: false,
      index: 'packages_embedding_hnsw_cosine',
      bytes: summary.bytes,
    });
    expect(reports.notes).toEqual(['index packages_embedding_hnsw_cosine is there already']);
    expect(await failure(database, { m: 8 })).toMatchObject({
      code: 'name-taken',
      message:
        'packages_embedding_hnsw_cosine is there already, but other: hnsw on embedding vector_cosine_ops',
    });
    expect(await failure(database, { metric: 'l2', name: 'packages' })).toMatchObject({
      message: 'packages is there already',
    });
    expect(await indexesOf(database)).toEqual(made);
  });

  test('parameters, metric, name and condition reach the index', async () => {
    const options = {
      type: 'hnsw',
      table,
      metric: 'l2',
      m: 8,
      efConstruction: 32,
      name: 'it"s',
      where: `section = 'games' -- only`,
    } as const;
    await createVectorIndex(database, options, silentReporter);
    const { definition } = (await indexesOf(database)).find(({ name }) => name.includes('s"'))!;
    expect(definition).toContain(`USING hnsw (embedding vector_l2_ops) WITH (m='8', ef_construction='32')`);
    expect(definition).toContain(`WHERE (section = 'games'::text)`);
    expect(await createVectorIndex(database, options, silentReporter)).toMatchObject({ created: false });
    expect(await failure(database, { ...options, where: `section = 'web'` })).toMatchObject({
      code: 'name-taken',
    });
    expect(await failure(database, { where: 'colour = 1' })).toMatchObject({
      message: '--where: column "colour" does not exist',
    });
    await database.query('DROP INDEX "it""s"');
  });

  test('ivfflat takes its lists from the rows', async () => {
    const { index } = await createVectorIndex(database, { type: 'ivfflat', table }, silentReporter);
    expect(index).toBe('packages_embedding_ivfflat_cosine');
    const { definition } = (await indexesOf(database)).find(({ name }) => name === index)!;
    expect(definition).toContain(`WITH (lists='10')`);
    expect(await createVectorIndex(database, { type: 'ivfflat', table }, silentReporter)).toMatchObject({
      created: false,
    });
    expect(await failure(database, { type: 'ivfflat', lists: 20 })).toMatchObject({ code: 'name-taken' });
    await database.query(`DROP INDEX ${index}`);
  });

  test('--sql gives the statements and runs nothing', async () => {
    const before = await indexesOf(database);
    const { statements } = await previewIndex(database, {
      type: 'hnsw',
      table,
      metric: 'ip',
      memory: 2 * 1024 ** 3,
    });
    const concurrently = fixture.kind === 'server' ? 'CONCURRENTLY ' : '';
    expect(statements.map(({ text }) => text)).toEqual([
      `SET maintenance_work_mem = '${fixture.kind === 'server' ? 2097152 : 2097151}kB'`,
      `CREATE INDEX ${concurrently}"packages_embedding_hnsw_ip"\n  ON "public"."packages"\n  USING hnsw ("embedding" "public"."vector_ip_ops")`,
      'RESET maintenance_work_mem',
    ]);
    expect(await indexesOf(database)).toEqual(before);
    for (const statement of statements) await database.query(statement);
    await database.query('DROP INDEX packages_embedding_hnsw_ip');
  });

  test('--memory holds for the build alone, and too little is told', async () => {
    const reports = collectReports();
    const spilled = await createVectorIndex(
      database,
      { type: 'hnsw', table, metric: 'l1', m: 32, memory: 1024 ** 2 },
      reports,
    );
    expect(reports.warnings).toEqual([
      'the build of packages_embedding_hnsw_l1 takes about 3 MB, and what --memory gives it is 1 MB: it gets slow where that ends; give it more with --memory 3MB',
      expect.stringMatching(
        /^the memory for the build of packages_embedding_hnsw_l1 is full after \d+ of about 1,000 rows: .* --memory 3MB/,
      ),
    ]);
    expect(spilled.memoryFullAfter).toBeGreaterThan(600);
    await database.query('DROP INDEX packages_embedding_hnsw_l1');
    const enough = collectReports();
    await createVectorIndex(database, { type: 'hnsw', table, metric: 'l1', memory: 65 * 1024 ** 2 }, enough);
    expect(enough.warnings).toEqual([]);
    const { rows } = await database.query<{ maintenance_work_mem: string }>('SHOW maintenance_work_mem');
    expect(rows[0]!.maintenance_work_mem).toBe('64MB');
    await database.query('DROP INDEX packages_embedding_hnsw_l1');
  });

  test('a partitioned table is indexed with all its parts', async () => {
    await database.query('CREATE TABLE parts (id int, v vector(3)) PARTITION BY RANGE (id)');
    await database.query('CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (100)');
    const { bytes } = await createVectorIndex(database, { type: 'hnsw', table: 'parts' }, silentReporter);
    expect(bytes).toBeGreaterThan(0);
    expect(await indexesOf(database, 'parts_1')).toHaveLength(1);
  });

  test('a long name keeps its end', async () => {
    const long = 'ä'.repeat(31);
    await database.query(`CREATE TABLE "${long}" (v vector(3))`);
    const { index } = await createVectorIndex(database, { type: 'hnsw', table: long }, silentReporter);
    expect(index).toMatch(/^ä+_hnsw_cosine$/);
    expect(Buffer.byteLength(index)).toBeLessThanOrEqual(63);
  });
});

// The same on both, and a server answers faster.
describe.skipIf(noServer)('what pgvector does not index', () => {
  let database: Database;
  beforeAll(async () => {
    database = await (await emptyDatabase('server')).open();
    await database.query('CREATE EXTENSION vector');
    await database.query(`CREATE TABLE wide (big vector(3072), huge halfvec(8000), free vector, few sparsevec(100000),
        bits bit(64), embedding vector(3))`);
    await database.query('CREATE DOMAIN emb AS vector(4); CREATE DOMAIN flags AS bit(4)');
    await database.query('CREATE TABLE typed (e emb, f flags)');
    await database.query('CREATE VIEW glance AS SELECT embedding FROM wide');
  });

  test.each<[string, Partial<IndexCreateOptions>, string, string]>([
    [
      'too many dimensions for vector',
      { vectorColumn: 'big' },
      'column big has 3072 dimensions; hnsw indexes vector up to 2000',
      '--quantize half or --quantize binary',
    ],
    [
      'too many for halfvec',
      { vectorColumn: 'huge' },
      'hnsw indexes halfvec up to 4000',
      '--quantize binary',
    ],
    [
      'too many for halfvec, and a metric that signs do not tell of',
      { vectorColumn: 'huge', metric: 'l1' },
      'hnsw indexes halfvec up to 4000',
      'fewer dimensions',
    ],
    [
      'l1 by signs',
      { vectorColumn: 'big', metric: 'l1', quantize: 'binary' },
      '--quantize binary does not serve l1',
      'cosine, ip, l2',
    ],
    [
      'sparse vectors in half precision',
      { vectorColumn: 'few', quantize: 'half' },
      '--quantize half is not for sparsevec, the type of few',
      'leave --quantize out',
    ],
    [
      'half precision of half precision',
      { vectorColumn: 'huge', quantize: 'half' },
      '--quantize half is not for halfvec',
      '--quantize binary',
    ],
    ['no dimensions', { vectorColumn: 'free' }, 'column free has no dimensions', 'TYPE vector(<dimensions>)'],
    [
      'a domain over vector',
      { table: 'typed', vectorColumn: 'e' },
      'column e is of domain emb, whose dimensions pgvector does not see',
      'use --quantize half or --quantize binary, or give it the type itself: ALTER TABLE typed ALTER COLUMN e TYPE vector(4)',
    ],
    [
      'a domain over bit',
      { table: 'typed', vectorColumn: 'f' },
      'column f is of domain flags',
      'ALTER COLUMN f TYPE bit(4)',
    ],
    [
      'ivfflat on sparsevec',
      { vectorColumn: 'few', type: 'ivfflat' },
      'ivfflat does not index sparsevec',
      'hnsw',
    ],
    ['ivfflat on an empty table', { type: 'ivfflat' }, 'wide has no vectors yet', 'load the rows first'],
    ['l1 with ivfflat', { type: 'ivfflat', metric: 'l1' }, 'ivfflat does not serve l1', 'cosine, l2, ip'],
    [
      'a metric of another type',
      { vectorColumn: 'bits', metric: 'cosine' },
      'cosine is not for bit',
      'hamming',
    ],
    ['lists with hnsw', { lists: 5 }, 'lists is for ivfflat', 'hnsw takes m'],
    ['m with ivfflat', { type: 'ivfflat', m: 5 }, 'are for hnsw', 'ivfflat takes lists'],
    ['ef_construction under 2 m', { m: 48 }, 'ef_construction 64 is less than twice m, 48', '96'],
    ['a view', { table: 'glance' }, 'glance is a view', 'the table below it'],
  ])('%s', async (_, options, message, hint) => {
    const error = await failure(database, { table: 'wide', ...options });
    expect(error).toBeInstanceOf(UsageError);
    expect((error as UsageError).message).toContain(message);
    expect((error as UsageError).hint).toContain(hint);
  });

  test('domains are indexed in half precision and by signs', async () => {
    for (const quantize of ['half', 'binary'] as const) {
      const options = { type: 'hnsw', table: 'typed', vectorColumn: 'e', quantize } as const;
      expect(await createVectorIndex(database, options, silentReporter)).toMatchObject({ status: 'created' });
    }
  });

  test('bit columns take hamming', async () => {
    const options = { type: 'hnsw', table: 'wide', vectorColumn: 'bits' } as const;
    const { metric, index } = await createVectorIndex(database, options, silentReporter);
    expect([metric, index]).toEqual(['hamming', 'wide_bits_hnsw_hamming']);
  });
});

describe.skipIf(noServer)('on a server in use', () => {
  test('an INVALID leftover is replaced, whoever interrupts leaves none', async () => {
    const fixture = await emptyDatabase('server');
    const database = await fixture.open();
    await database.query('CREATE EXTENSION vector');
    await database.query('CREATE TABLE docs (id int, v vector(32))');
    await database.query(`INSERT INTO docs SELECT i, ARRAY(SELECT random() + i * 0 FROM generate_series(1, 32))::vector
      FROM generate_series(1, 20000) i`);
    const reports = collectReports();

    const building = createVectorIndex(database, { type: 'hnsw', table: 'docs' }, reports).catch(
      (error) => error,
    );
    await expect
      .poll(() => reports.progressed.some(({ done }) => (done ?? 0) > 0), { timeout: 20_000 })
      .toBe(true);
    await database.cancel();
    expect(await building).toBeInstanceOf(InterruptedError);
    const after = await fixture.open();
    expect(await indexesOf(after, 'docs')).toEqual([]);

    // What a kill -9 leaves: CREATE INDEX CONCURRENTLY ended by the server, and nobody there to clean up.
    await after.query(`CREATE FUNCTION fail(vector) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS
      'BEGIN RAISE EXCEPTION ''no''; END'`);
    await expect(
      after.query(
        'CREATE INDEX CONCURRENTLY docs_v_hnsw_cosine ON docs USING hnsw (v vector_cosine_ops) WHERE fail(v)',
      ),
    ).rejects.toThrow('no');
    expect(await indexesOf(after, 'docs')).toMatchObject([{ valid: false }]);
    await after.query('DELETE FROM docs WHERE id > 500');
    const replacing = collectReports();
    await createVectorIndex(after, { type: 'hnsw', table: 'docs' }, replacing);
    expect(replacing.notes).toEqual(['index docs_v_hnsw_cosine is what a failed build left: it is replaced']);
    expect(await indexesOf(after, 'docs')).toMatchObject([{ name: 'docs_v_hnsw_cosine', valid: true }]);

    await expect(
      after.query('CREATE INDEX CONCURRENTLY theirs ON docs USING hnsw (v vector_l2_ops) WHERE fail(v)'),
    ).rejects.toThrow('no');
    await createVectorIndex(after, { type: 'hnsw', table: 'docs', metric: 'l2' }, replacing);
    expect(replacing.warnings).toEqual([expect.stringContaining('index theirs of docs is INVALID')]);
  });

  test('a build that fails leaves nothing, and a build elsewhere is left alone', async () => {
    const fixture = await emptyDatabase('server');
    const database = await fixture.open();
    await database.query('CREATE EXTENSION vector');
    await database.query('CREATE TABLE docs (id int, v vector(3))');
    await database.query(`INSERT INTO docs SELECT i, '[1,2,3]' FROM generate_series(1, 10) i`);
    await database.query(`CREATE FUNCTION check_it(int) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS
      'BEGIN IF $1 = 7 THEN RAISE EXCEPTION ''seven''; END IF; RETURN true; END'`);
    const error = await failure(database, { table: 'docs', where: 'check_it(id)' });
    expect(error).toMatchObject({ message: 'seven' });
    expect(await indexesOf(database, 'docs')).toEqual([]);

    // A writer that has not ended holds the other session's build up, in its first phase.
    const writer = await fixture.open();
    const builder = await fixture.open();
    const [hold, release] = gate();
    const [written, tellWritten] = gate();
    const writing = writer.transaction(async (session) => {
      await session.query(`INSERT INTO docs VALUES (11, '[1,2,3]')`);
      tellWritten();
      await hold;
    });
    await written;
    const building = builder.query(
      'CREATE INDEX CONCURRENTLY docs_v_hnsw_cosine ON docs USING hnsw (v vector_cosine_ops)',
    );
    await expect.poll(() => indexesOf(database, 'docs')).toMatchObject([{ valid: false }]);
    // Another role is not told which index it is.
    const role = `owner_${process.pid}_${Date.now()}`;
    await database.query(`CREATE ROLE ${role}`);
    await database.query(`SET ROLE ${role}`);
    const inTheWay = await failure(database, { table: 'docs' });
    await database.query('RESET ROLE');
    await database.query(`DROP ROLE ${role}`);
    expect(inTheWay).toMatchObject({ code: 'index-building' });
    release();
    await Promise.all([writing, building]);
    expect(await indexesOf(database, 'docs')).toMatchObject([{ valid: true }]);
  });

  test('who does not own the table is told so before anything is said of the build', async () => {
    const fixture = await emptyDatabase('server');
    const database = await fixture.open();
    await database.query('CREATE EXTENSION vector');
    await database.query('CREATE TABLE docs (id int, v vector(3))');
    const role = `other_${process.pid}_${Date.now()}`;
    await database.query(`CREATE ROLE ${role}`);
    await database.query(`GRANT SELECT ON docs TO ${role}`);
    await database.query(`SET ROLE ${role}`);
    const error = await failure(database, { table: 'docs' });
    await database.query('RESET ROLE');
    await database.query(`DROP OWNED BY ${role}`);
    await database.query(`DROP ROLE ${role}`);
    expect(error).toMatchObject({
      name: 'DatabaseError',
      sqlstate: '42501',
      message: 'the role may not index docs: its owner alone may',
      hint: expect.stringContaining('--sql'),
    });
  });
});

function gate(): [Promise<void>, () => void] {
  let open = () => {};
  const closed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return [closed, open];
}
