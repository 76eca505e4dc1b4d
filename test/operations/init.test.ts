import { beforeAll, describe, expect, test, vi } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { ensureExtension } from '../../src/operations/extension.ts';
import { checkInit, type InitRequest, init } from '../../src/operations/init/init.ts';
import { planTable, type TableRequest } from '../../src/operations/init/plan.ts';
import { describeTable } from '../../src/operations/tables.ts';
import { silentReporter } from '../../src/progress.ts';
import { afterwards } from '../support/afterwards.ts';
import { eachDatabase, emptyDatabase } from '../support/databases.ts';
import { noServer, psqlOn } from '../support/servers.ts';

const embedding = { name: 'embedding', type: 'vector', dimensions: 3 } as const;

function request(name: string, changes: Partial<TableRequest> = {}): InitRequest {
  const table = {
    name,
    vectors: [embedding],
    idType: 'bigint',
    names: {},
    unlogged: false,
    ...changes,
  } as const;
  return { table: name, plan: planTable(table), index: undefined };
}

eachDatabase(({ open }) => {
  let database: Database;

  beforeAll(async () => {
    database = await open();
  });

  test('makes the extension and the table, and the second time nothing', async () => {
    const first = await init(database, request('docs'), silentReporter);
    expect(first.created).toEqual([`extension vector ${first.extension.version}`, 'table docs']);
    const second = await init(database, request('docs'), silentReporter);
    expect(second).toEqual({ extension: first.extension, created: [] });
    expect(await checkInit(database, request('docs'))).toEqual([]);

    const table = await describeTable(database, 'docs');
    expect(table?.columns.map(({ name, declared }) => `${name} ${declared}`)).toEqual([
      'id bigint',
      'content text',
      'metadata jsonb',
      'embedding vector(3)',
      'created_at timestamp with time zone',
    ]);
    expect(table?.primaryKey).toEqual(['id']);
    // Every column but the vector has a value without being given one.
    await database.query("INSERT INTO docs (embedding) VALUES ('[1,2,3]')");
    const { rows } = await database.query(
      "SELECT id, created_at > now() - interval '1 min' AS fresh FROM docs",
    );
    expect(rows).toEqual([{ id: 1, fresh: true }]);
  });

  test('all that can be asked for', async () => {
    const asked = request('all roles', {
      vectors: [
        { name: 'image', type: 'halfvec', dimensions: 512 },
        { name: 'words', type: 'sparsevec', dimensions: 30_000 },
        { name: 'hash', type: 'bit', dimensions: 64 },
      ],
      idType: 'uuid',
      names: { id: 'key', content: 'body "x"', tenant: 'org', document: 'doc', chunk: 'no' },
      unlogged: true,
    });
    await init(database, asked, silentReporter);
    expect(await checkInit(database, asked)).toEqual([]);
    const table = await describeTable(database, 'all roles');
    expect(table?.columns.map(({ name, declared }) => `${name} ${declared}`)).toEqual([
      'key uuid',
      'org text',
      'doc text',
      'no integer',
      'body "x" text',
      'metadata jsonb',
      'image halfvec(512)',
      'words sparsevec(30000)',
      'hash bit(64)',
      'created_at timestamp with time zone',
    ]);
  });

  test('an existing table is not changed: what differs is said', async () => {
    await ensureExtension(database);
    await database.query('CREATE TABLE other (id integer, embedding vector(4), created_at timestamptz)');
    const lines = [
      'column id (bigint) is integer',
      'column content (text) is missing',
      'column metadata (jsonb) is missing',
      'column embedding (vector(3)) is vector(4)',
      'column created_at (timestamptz) may be NULL',
      'the primary key is none, not id',
      'it is logged, not unlogged',
    ];
    const asked = request('other', { unlogged: true });
    expect(await checkInit(database, asked)).toEqual(lines.map((line) => `table other: ${line}`));
    await expect(init(database, asked, silentReporter)).rejects.toMatchObject({
      code: 'table-differs',
      message: `table other exists already and differs: ${lines.join('; ')}`,
    });
    // Asked for nothing in particular, it will do.
    expect(
      await init(database, { table: 'other', plan: undefined, index: undefined }, silentReporter),
    ).toMatchObject({
      created: [],
    });
  });

  test('an index on each vector column, and the second time none', async () => {
    const vectors = [embedding, { name: 'hash', type: 'bit', dimensions: 64 }] as const;
    const asked = (m: number) => ({
      ...request('indexed', { vectors }),
      index: { type: 'hnsw', m } as const,
    });
    const names = ['indexed_embedding_hnsw_cosine', 'indexed_hash_hnsw_hamming'];
    const first = await init(database, asked(8), silentReporter);
    expect(first.created).toEqual(
      expect.arrayContaining(['table indexed', ...names.map((name) => `index ${name}`)]),
    );
    expect((await init(database, asked(8), silentReporter)).created).toEqual([]);
    expect(await checkInit(database, asked(8))).toEqual([]);
    expect(await checkInit(database, asked(9))).toEqual([
      'table indexed: column embedding has no such hnsw index for cosine',
      'table indexed: column hash has no such hnsw index for hamming',
    ]);
    await database.query(`DROP INDEX ${names[0]}`);
    expect((await init(database, asked(8), silentReporter)).created).toEqual([`index ${names[0]}`]);
  });

  test('ivfflat needs rows', async () => {
    const asked = { ...request('lists'), index: { type: 'ivfflat', lists: 1 } as const };
    await expect(init(database, asked, silentReporter)).rejects.toMatchObject({ code: 'empty-table' });
    expect(await describeTable(database, 'lists')).toBeUndefined();
    await init(database, request('lists'), silentReporter);
    await database.query("INSERT INTO lists (embedding) VALUES ('[1,2,3]')");
    expect((await init(database, asked, silentReporter)).created).toEqual([
      'index lists_embedding_ivfflat_cosine',
    ]);
  });

  test('the index of a new table is built at once, as nobody can be using it', async () => {
    const query = vi.spyOn(database, 'query');
    await init(database, { ...request('unused'), index: { type: 'hnsw' } }, silentReporter);
    const statements = JSON.stringify(query.mock.calls);
    query.mockRestore();
    expect(statements).toContain('CREATE INDEX');
    expect(statements).not.toContain('CONCURRENTLY');
  });

  test('more dimensions than an index takes are refused before anything runs', async () => {
    const vectors = [{ ...embedding, dimensions: 2001 }];
    const asked = { ...request('long', { vectors }), index: { type: 'hnsw' } as const };
    await expect(init(database, asked, silentReporter)).rejects.toMatchObject({
      code: 'too-many-dimensions',
      hint: expect.stringContaining('--type halfvec'),
    });
    expect(await describeTable(database, 'long')).toBeUndefined();
  });

  test('a view is no table', async () => {
    await ensureExtension(database);
    await database.query('CREATE VIEW seen AS SELECT 1::bigint AS id');
    expect(await checkInit(database, request('seen'))).toContain('table seen: it is a view');
  });

  test('a new table needs dimensions', async () => {
    for (const asked of [
      { table: 'none', plan: undefined, index: undefined },
      request('none', { vectors: [] }),
    ]) {
      await expect(init(database, asked, silentReporter)).rejects.toMatchObject({ code: 'no-dimensions' });
    }
    expect(await checkInit(database, request('none'))).toContain('table none does not exist');
  });
});

describe.each(['server', 'embedded'] as const)('%s', (kind) => {
  test.skipIf(kind === 'server' && noServer !== null)(
    'an empty database falls short of everything',
    async () => {
      const database = await (await emptyDatabase(kind)).open();
      expect(await checkInit(database, request('docs'))).toEqual([
        'extension vector is not created',
        'table docs does not exist',
      ]);
      await expect(
        init(database, { table: 'docs', plan: undefined, index: undefined }, silentReporter),
      ).rejects.toThrow();
      // Nothing ran.
      expect(await checkInit(database, { table: undefined, plan: undefined, index: undefined })).toEqual([
        'extension vector is not created',
      ]);
    },
  );
});

test.skipIf(noServer !== null)('two at once make one', async () => {
  const fixture = await emptyDatabase('server');
  const databases = await Promise.all([fixture.open(), fixture.open(), fixture.open(), fixture.open()]);
  const summaries = await Promise.all(
    databases.map((database) => init(database, request('docs'), silentReporter)),
  );
  const made = summaries.flatMap(({ created }) => created);
  expect(made.filter((what) => what === 'table docs')).toHaveLength(1);
});

test.skipIf(noServer !== null)('pgvector in a schema that the search path lacks', async () => {
  const database = await (await emptyDatabase('server')).open();
  await database.query('CREATE SCHEMA "My Extensions"');
  await database.query('CREATE EXTENSION vector SCHEMA "My Extensions"');
  const summary = await init(database, request('docs'), silentReporter);
  expect(summary).toMatchObject({ extension: { schema: 'My Extensions' }, created: ['table docs'] });
  expect(await checkInit(database, request('docs'))).toEqual([]);
});

test.skipIf(noServer !== null)('a role that may not create the extension is told who may', async () => {
  const fixture = await emptyDatabase('server');
  const database = await fixture.open();
  const name = new URL(fixture.url).pathname.slice(1);
  await database.query(`CREATE ROLE "${name}" NOSUPERUSER`);
  afterwards(() => psqlOn('postgres', ['-c', `DROP ROLE "${name}"`]).then(() => {}));
  await database.query(`SET ROLE "${name}"`);
  await expect(init(database, request('docs'), silentReporter)).rejects.toMatchObject({
    code: 'extension-not-allowed',
    sqlstate: '42501',
    message: `role ${name} may not create the extension vector in ${name}`,
    hint: expect.stringMatching(/^let .*a superuser run `CREATE EXTENSION vector`/),
  });
});

test('dimensions beyond the type are refused', () => {
  for (const [type, limit] of [
    ['vector', 16_000],
    ['halfvec', 16_000],
    ['sparsevec', 1e9],
  ] as const) {
    const vectors = (dimensions: number) => ({ vectors: [{ name: 'e', type, dimensions }] });
    expect(() => request('docs', vectors(limit))).not.toThrow();
    expect(() => request('docs', vectors(limit + 1))).toThrow(`${type} has at most`);
  }
});

test('a name that is there twice is refused', () => {
  expect(() => request('docs', { names: { content: 'embedding' } })).toThrow('asked for twice');
});
