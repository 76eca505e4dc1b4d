import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Database } from '../../../src/database/database.ts';
import { runInMemory } from '../../commands/memory-io.ts';
import { emptyDatabase, type Fixture } from '../../support/databases.ts';
import { noServer } from '../../support/servers.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

interface Namespace {
  namespace?: string;
  data_path: unknown;
  dimensions?: number;
  vector_columns?: string[];
  metric?: string;
}

/** As vector-io writes it, with what it writes of a namespace besides. */
function meta(indexes: Record<string, Namespace[]>, more: Record<string, unknown> = {}): string {
  const whole = Object.entries(indexes).map(([index_name, namespaces]) => [
    index_name,
    namespaces.map((each) => ({
      namespace: '',
      index_name,
      total_vector_count: 3,
      exported_vector_count: 3,
      dimensions: 2,
      model_name: 'NOT_PROVIDED',
      model_map: { vector: { model_name: 'NOT_PROVIDED', dimensions: 2, vector_column: 'vector' } },
      vector_columns: ['vector'],
      metric: 'Cosine',
      index_config: null,
      schema_dict_str: 'id: string\nvector: list<element: double>',
      ...each,
    })),
  ]);
  return JSON.stringify({
    version: '0.1.247',
    file_structure: ['vdf_20240122_135409_c5fa3/docs/1.parquet', 'vdf_20240122_135409_c5fa3/VDF_META.json'],
    author: 'somebody',
    exported_from: 'qdrant',
    indexes: Object.fromEntries(whole),
    exported_at: '2024-01-22T13:54:25.649727+05:30',
    id_column: null,
    ...more,
  });
}

const parquet = (...columnData: ColumnSource[]): Uint8Array =>
  new Uint8Array(parquetWriteBuffer({ columnData }));
const ids = (from: number, name = 'id'): ColumnSource => ({
  name,
  data: [0, 1, 2].map((i) => `doc-${from + i}`),
  type: 'STRING',
});
const vectors: ColumnSource = {
  name: 'vector',
  data: [
    [1, 0.5],
    [0.1, 2],
    [3, 4],
  ],
};

describe.skipIf(noServer)('a dataset of vector-io', () => {
  let fixture: Fixture;
  let database: Database;
  let cwd: string;
  beforeAll(async () => {
    fixture = await emptyDatabase('server');
    database = await fixture.open();
  });
  beforeEach(async () => {
    cwd = await temporaryDirectory();
    await database.query('DROP TABLE IF EXISTS docs');
  });

  async function write(files: Record<string, string | Uint8Array>): Promise<void> {
    for (const [name, content] of Object.entries(files)) {
      const file = path.join(cwd, 'vdf', name);
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, content);
    }
  }
  const ingest = (...argv: string[]) =>
    runInMemory(['ingest', ...argv], { env: { PGV_URL: fixture.url }, cwd });
  const columns = async (table: string) => {
    const { rows } = await database.query<{ column: string }>(
      `SELECT attname || ' ' || format_type(atttypid, atttypmod) AS column FROM pg_attribute
       WHERE attrelid = '"${table}"'::regclass AND attnum > 0 ORDER BY attnum`,
    );
    return rows.map(({ column }) => column);
  };

  test('an index with its namespace: its name the table, its fields those of all files', async () => {
    await write({
      'VDF_META.json': meta({ 'my-docs': [{ data_path: 'docs' }] }),
      'docs/2.parquet': parquet(
        ids(1),
        vectors,
        { name: 'year', data: [2001n, 2002n, 2003n], type: 'INT64' },
        // A key without a value here, which pandas writes as any type.
        { name: 'tag', data: [null, null, null], type: 'INT32' },
      ),
      'docs/more.parquet/10.parquet': parquet(
        ids(4),
        vectors,
        { name: 'year', data: [2004.5, null, 2006], type: 'DOUBLE' },
        { name: 'tag', data: ['a', null, 'b'], type: 'STRING' },
        { name: 'payload', data: [{ a: 1 }, null, [2]], type: 'JSON' },
      ),
    });
    const loaded = await ingest('vdf/');
    expect(loaded).toMatchObject({ code: 0 });
    expect(loaded.err).toContain('`pgv index create -t my-docs --metric cosine`');
    expect(await columns('my-docs')).toEqual([
      'id text',
      'vector vector(2)',
      'year double precision',
      'tag text',
      'payload jsonb',
    ]);
    const { rows } = await database.query(
      "SELECT * FROM \"my-docs\" WHERE id IN ('doc-1', 'doc-4') ORDER BY id",
    );
    expect(rows).toEqual([
      { id: 'doc-1', vector: '[1,0.5]', year: 2001, tag: null, payload: null },
      { id: 'doc-4', vector: '[1,0.5]', year: 2004.5, tag: 'a', payload: { a: 1 } },
    ]);
    const again = await ingest('vdf', '--json');
    expect(JSON.parse(again.out)).toMatchObject({ status: 'already-loaded', rows: 0 });
    expect((await ingest('vdf', '-t', 'objects', '--map', '*=metadata')).code).toBe(0);
    expect(await columns('objects')).toEqual(['id text', 'vector vector(2)', 'metadata jsonb']);
    const options = ['--map', 'vector=embedding', '--type', 'halfvec', '--set', 'source=q'];
    expect((await ingest('vdf', '-t', 'halves', ...options, '--format', 'vdf')).code).toBe(0);
    expect(await columns('halves')).toContain('embedding halfvec(2)');
  });

  test('of several namespaces one is chosen', async () => {
    await write({
      'VDF_META.json': meta({
        docs: [{ data_path: 'docs' }, { namespace: 'old', data_path: './docs_old/1.parquet' }],
        other: [{ data_path: 'other' }],
      }),
      'docs/1.parquet': parquet(ids(1), vectors),
      'docs_old/1.parquet': parquet(ids(7), vectors),
      'other/1.parquet': parquet(ids(9), vectors),
    });
    const asked = await ingest('vdf');
    expect(asked.code).toBe(2);
    expect(asked.err).toContain('vdf/VDF_META.json tells of 3 sets of vectors: docs, docs/old, other');
    expect(await ingest('vdf', '--dataset', 'none')).toMatchObject({ code: 2 });
    for (const chosen of ['docs', 'docs/old'])
      expect((await ingest('vdf', '--dataset', chosen)).code).toBe(0);
    const { rows } = await database.query('SELECT array_agg(id ORDER BY id) AS ids FROM docs');
    expect(rows).toEqual([{ ids: ['doc-1', 'doc-2', 'doc-3', 'doc-7', 'doc-8', 'doc-9'] }]);
  });

  test('the column of ids that it names, and dimensions that no file tells', async () => {
    await write({
      'VDF_META.json': meta({ docs: [{ data_path: 'docs', dimensions: 3 }] }, { id_column: 'key' }),
      'docs/1.parquet': parquet(ids(1, 'key'), { name: 'vector', data: [null, null, [1, 2, 3]] }),
    });
    expect((await ingest('vdf')).code).toBe(0);
    expect(await columns('docs')).toEqual(['id text', 'vector vector(3)']);
  });

  const good = { 'docs/1.parquet': parquet(ids(1), vectors) };
  const bad: [string, number, Record<string, string | Uint8Array>, string][] = [
    ['no JSON', 3, { 'VDF_META.json': '{"indexes": ' }, 'VDF_META.json cannot be read'],
    ['no indexes', 3, { 'VDF_META.json': '{"version": "1"}' }, 'indexes is not an object'],
    ['no index', 3, { 'VDF_META.json': meta({}) }, 'tells of no index'],
    [
      'no data_path',
      3,
      { 'VDF_META.json': meta({ docs: [{ data_path: 7 }] }) },
      'indexes.docs[0].data_path is not a text',
    ],
    [
      'files outside',
      3,
      { 'VDF_META.json': meta({ docs: [{ data_path: 'docs/../../x' }] }) },
      'data_path docs/../../x',
    ],
    ['files elsewhere', 3, { 'VDF_META.json': meta({ docs: [{ data_path: '/etc' }] }) }, 'data_path /etc'],
    [
      'missing files',
      3,
      { 'VDF_META.json': meta({ docs: [{ data_path: 'gone' }] }) },
      'vdf/gone is not there',
    ],
    [
      'no files',
      3,
      { 'VDF_META.json': meta({ docs: [{ data_path: 'docs' }] }), 'docs/readme.txt': '' },
      'docs has no vectors',
    ],
    [
      'no vectors',
      3,
      { 'VDF_META.json': meta({ docs: [{ data_path: 'docs', vector_columns: ['dense'] }] }), ...good },
      'docs is to have vectors in dense, which its files have not',
    ],
    [
      'a file of another kind',
      3,
      { 'VDF_META.json': meta({ docs: [{ data_path: 'docs' }] }), 'docs/1.parquet': 'id,vector\n' },
      'docs/1.parquet',
    ],
    [
      'a file cut short',
      3,
      {
        'VDF_META.json': meta({ docs: [{ data_path: 'docs' }] }),
        'docs/1.parquet': parquet(ids(1), vectors).subarray(0, -9),
      },
      'docs/1.parquet',
    ],
  ];
  test.each(bad)('%s: a clear error, and no table', async (_, code, files, message) => {
    await write(files);
    const outcome = await ingest('vdf');
    expect(outcome).toMatchObject({ code });
    expect(outcome.err).toContain(message);
    const { rows } = await database.query(`SELECT FROM pg_class WHERE relname = 'docs'`);
    expect(rows).toEqual([]);
  });

  test('--format vdf is a folder', async () => {
    await write(good);
    expect(await ingest('vdf/docs/1.parquet', '--format', 'vdf')).toMatchObject({ code: 2 });
  });
});
