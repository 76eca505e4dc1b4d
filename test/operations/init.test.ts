import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { ensureExtension } from '../../src/operations/extension.ts';
import { checkInit, type InitRequest, init } from '../../src/operations/init/init.ts';
import { planTable, type TableRequest } from '../../src/operations/init/plan.ts';
import { ensureLedger } from '../../src/operations/ledger/ledger.ts';
import { describeTable } from '../../src/operations/tables.ts';
import { silentReporter } from '../../src/progress.ts';
import { afterwards } from '../support/afterwards.ts';
import { eachDatabase, emptyDatabase } from '../support/databases.ts';
import { load } from '../support/load.ts';
import { collectReports } from '../support/reports.ts';
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
    expect(first.created).toEqual([`extension vector ${first.extension.version}`, 'ledger', 'table docs']);
    const second = await init(database, request('docs'), silentReporter);
    expect(second).toEqual({ extension: first.extension, created: [], granted: [] });
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

  describe('--grant', () => {
    const role = `pgv_init_${process.pid}`;
    const asked = { ...request('granted'), grant: role };

    beforeEach(async () => {
      await database.query(
        `DROP TABLE IF EXISTS granted; DROP SCHEMA IF EXISTS pgv CASCADE; CREATE ROLE ${role}`,
      );
    });

    afterEach(async () => {
      await database.query(`RESET ROLE; DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`);
    });

    test('lets the role ingest, in every way but those that take rows away; a second time there is nothing to do', async () => {
      await init(database, request('granted'), silentReporter);
      const lacks = [
        'USAGE, CREATE, SELECT, INSERT, DELETE on the ledger',
        'SELECT, INSERT, UPDATE on table granted',
      ];
      expect(await checkInit(database, asked)).toEqual(lacks.map((what) => `role ${role} lacks ${what}`));
      const reports = collectReports();
      expect(await init(database, asked, reports)).toMatchObject({ created: [], granted: lacks });
      expect(reports.notes).toEqual(lacks.map((what) => `granted ${what} to ${role}`));
      expect(await init(database, asked, silentReporter)).toMatchObject({ created: [], granted: [] });
      expect(await checkInit(database, asked)).toEqual([]);

      await database.query(`SET ROLE ${role}`);
      expect(await ensureLedger(database)).toBe('ready');
      await database.query("INSERT INTO granted (id, embedding) VALUES (1, '[1,1,2]')");
      await database.query(
        'UPDATE granted SET content = NULL; CREATE TABLE pgv.staging_x AS SELECT FROM granted',
      );
      await expect(database.query('TRUNCATE granted')).rejects.toMatchObject({ sqlstate: '42501' });
      await expect(database.query('DELETE FROM granted')).rejects.toMatchObject({ sqlstate: '42501' });
    });

    test('a column that counts by a sequence, a table in a schema of its own, and the ledger alone', async () => {
      await database.query('CREATE SCHEMA "My own"; CREATE TABLE "My own".t (id serial, n int)');
      const grant = { table: '"My own".t', plan: undefined, index: undefined, grant: role };
      expect((await init(database, { ...grant, table: undefined }, silentReporter)).granted).toEqual([
        'USAGE, CREATE, SELECT, INSERT, DELETE on the ledger',
      ]);
      expect((await init(database, grant, silentReporter)).granted).toEqual([
        'USAGE on schema My own',
        'SELECT, INSERT, UPDATE, USAGE on table My own.t',
      ]);
      await database.query(`SET ROLE ${role}; INSERT INTO "My own".t (n) VALUES (1); RESET ROLE`);
      await database.query('DROP SCHEMA "My own" CASCADE');
    });

    test('to a role that is not there, or by one that may not', async () => {
      await expect(init(database, { ...asked, grant: 'nobody here' }, silentReporter)).rejects.toMatchObject({
        code: 'no-role',
        message: 'role nobody here does not exist',
      });
      expect(await describeTable(database, 'granted')).toBeUndefined();
      await init(database, request('granted'), silentReporter);
      await database.query(`CREATE ROLE ${role}_b; GRANT SELECT ON granted TO ${role}_b; SET ROLE ${role}_b`);
      try {
        await expect(init(database, asked, silentReporter)).rejects.toMatchObject({ sqlstate: '42501' });
      } finally {
        await database.query(`RESET ROLE; DROP OWNED BY ${role}_b; DROP ROLE ${role}_b`);
      }
    });

    test('a role that may not make the ledger makes the table all the same', async () => {
      await database.query(`GRANT CREATE ON SCHEMA public TO ${role}; SET ROLE ${role}`);
      const reports = collectReports();
      expect(await init(database, request('granted'), reports)).toMatchObject({ created: ['table granted'] });
      expect(reports.warnings).toEqual([expect.stringContaining('may not create the ledger')]);
      await expect(init(database, asked, silentReporter)).rejects.toMatchObject({
        code: 'permission',
        hint: expect.stringContaining('owner of the database'),
      });
    });
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
        'the ledger (schema pgv) is not created',
        'table docs does not exist',
      ]);
      await expect(
        init(database, { table: 'docs', plan: undefined, index: undefined }, silentReporter),
      ).rejects.toThrow();
      // Nothing ran.
      expect(await checkInit(database, { table: undefined, plan: undefined, index: undefined })).toEqual([
        'extension vector is not created',
        'the ledger (schema pgv) is not created',
      ]);
    },
  );
});

test.skipIf(noServer !== null)(
  '--grant: all that lanes do is allowed, beside the ledger and through staging',
  async () => {
    const fixture = await emptyDatabase('server');
    const owner = await fixture.open();
    const name = new URL(fixture.url).pathname.slice(1);
    await owner.query(`CREATE ROLE "${name}"`);
    afterwards(async () => {
      await owner.query(`DROP OWNED BY "${name}" CASCADE`);
      await psqlOn('postgres', ['-c', `DROP ROLE "${name}"`]);
    });
    await init(owner, { ...request('docs'), grant: name }, silentReporter);
    // Every connection to the database is that role's from now on: the lanes' too.
    await owner.query(`ALTER DATABASE "${name}" SET role TO "${name}"`);
    const text = (ids: number[]) => `id,embedding\n${ids.map((id) => `${id},"[${id},1,2]"\n`).join('')}`;
    const database = await fixture.open();
    const reporter = collectReports();
    const options = { table: 'docs', vacuum: 'never', reporter } as const;
    expect(await load(database, text([1, 2]), options)).toMatchObject({
      inserted: 2,
      loadId: expect.any(String),
    });
    const merged = await load(database, text([2, 3]), { ...options, onConflict: 'update' });
    expect(merged).toMatchObject({ inserted: 1, unchanged: 1, loadId: expect.any(String) });
    expect(await load(database, text([4]), { ...options, atomic: true })).toMatchObject({ inserted: 1 });
    expect(reporter.warnings).toEqual([]);
    await expect(load(database, text([5]), { ...options, truncate: true })).rejects.toMatchObject({
      sqlstate: '42501',
    });
  },
);

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
  expect(summary).toMatchObject({
    extension: { schema: 'My Extensions' },
    created: ['ledger', 'table docs'],
  });
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
